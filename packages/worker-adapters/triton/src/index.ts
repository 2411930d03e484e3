/** Public surface of the Triton adapter. */
export { createTritonAdapter } from './adapter.ts';
