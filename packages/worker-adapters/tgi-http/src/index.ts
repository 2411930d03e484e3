/** Public surface of the TGI adapter. */
export { createTgiAdapter } from './adapter.ts';
