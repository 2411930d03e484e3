/** Public surface of the worker contract. */
export { type CallOptions, EngineHttp, type EngineHttpOptions, type EngineRequest } from './engine-http.ts';
export { EngineJson, isJsonObject, type JsonObject, parseJson } from './engine-json.ts';
export type { StreamDecoder } from './event-stream.ts';
export { toOpenAiEmbeddings, toOpenAiScores } from './openai-answers.ts';
export { parsePrometheus, prometheusMean, prometheusSamples } from './prometheus.ts';
export * from './sampler-profiles.gen.ts';
export { maxSeed, samplingFields } from './sampling.ts';
export { busySlots, SlotPoller, type SlotPollerOptions } from './slot-poller.ts';
export { defaultMaxEventBytes, type SseListener, SseReader } from './sse.ts';
export type { HttpAnswer } from './http-call.ts';
export { StopMatcher } from './stop-matcher.ts';
export { abortedError, isReset, timeoutError, transportError } from './transport-error.ts';
export { wholeAnswer } from './whole-answer.ts';
export type * from './worker-adapter.ts';
export * from './worker-error.ts';
