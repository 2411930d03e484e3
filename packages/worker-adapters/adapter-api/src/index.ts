/** Public surface of the worker contract. */
export { type CallOptions, EngineHttp, type EngineHttpOptions, type EngineRefusal, type EngineRequest } from './engine-http.ts';
export type { StreamDecoder } from './event-stream.ts';
export { parsePrometheus } from './prometheus.ts';
export { SlotPoller, type SlotPollerOptions } from './slot-poller.ts';
export { defaultMaxEventBytes, type SseListener, SseReader } from './sse.ts';
export { abortedError, isReset, timeoutError, transportError } from './transport-error.ts';
export type * from './worker-adapter.ts';
export * from './worker-error.ts';
