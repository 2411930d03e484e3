/** Public surface of the vLLM adapter. */
export { createVllmAdapter } from './adapter.ts';
