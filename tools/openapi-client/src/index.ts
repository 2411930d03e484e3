/** The typed client of OrchQueue v1, and that of an agent. */
export { type AgentClient, createAgentClient } from './agent-client.ts';
export { OrchApiError, StreamDigestMismatch, StreamLost, StreamProtocolError } from './api-error.ts';
export type { Backoff } from './backoff.ts';
export type { CallOptions, WaitOptions } from './call.ts';
export { type AdmitOptions, type ClientOptions, createClient, type OrchClient } from './client.ts';
export type { CanarySettings, ControlCalls, OperationWaitOptions } from './control-calls.ts';
export type { HttpOptions } from './http.ts';
export { createSseParser, type SseFrame, SseLineTooLong, type SseParser } from './sse-parser.ts';
export type { StreamOptions, TaskEvent } from './stream-task.ts';
