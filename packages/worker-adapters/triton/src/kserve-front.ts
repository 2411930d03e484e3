/** What the adapter needs of a Triton server, whichever transport brings it. It owns no behaviour. */
import type { WorkerEvent, WorkerHealth } from '@llama-orch/adapter-api';
import type { Answer } from './answer.ts';
import type { ModelDescription } from './model-kind.ts';
import type { InputTensor } from './request-tensors.ts';

export type ServerDescription = { readonly name: string; readonly version: string };

export type InferRequest = {
  readonly model: string;
  /** Given back with each response, and named by a stop request. */
  readonly id: string;
  readonly tensors: readonly InputTensor[];
  readonly traceparent?: string;
};

export type InferOptions = {
  readonly answer: Answer;
  /** Whether the model says why an answer ends. */
  readonly hasFinishReason: boolean;
  readonly signal: AbortSignal;
};

export interface KserveFront {
  /** Whether the model can serve; liveness of the server says nothing of it. */
  health(model: string, signal: AbortSignal): Promise<WorkerHealth>;
  server(signal: AbortSignal): Promise<ServerDescription>;
  describe(model: string, signal: AbortSignal): Promise<ModelDescription>;
  /** Nothing is sent, nor `toRequest` called, before the first `next()`. */
  infer(toRequest: () => InferRequest, options: InferOptions): AsyncIterable<readonly WorkerEvent[]>;
  /** Send a stop request. Resolves once it was answered. */
  stop(request: InferRequest, signal: AbortSignal): Promise<void>;
  load(model: string, signal: AbortSignal): Promise<void>;
  unload(model: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
