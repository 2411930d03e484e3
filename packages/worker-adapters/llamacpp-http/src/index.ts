/** Public surface of the llama.cpp adapter. */
export { createLlamaCppAdapter } from './adapter.ts';
