/**
 * Triton over gRPC: which call serves what. It owns the calls and the streams that are open; what a model is and how an
 * answer runs is not its concern.
 */
import { status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { type AdapterOptions, abortedError, WorkerError, type WorkerEvent, type WorkerHealth } from '@llama-orch/adapter-api';
import { toGrpcError, toGrpcHealth, toMessageError } from './errors.ts';
import { GrpcChannel, type MethodName } from './grpc-channel.ts';
import { GrpcStream } from './grpc-stream.ts';
import {
  type ModelConfigResponse,
  type ModelMetadataResponse,
  type ModelStreamInferResponse,
  toModelDescription,
  toModelInferRequest,
  toStreamedResponse,
} from './grpc-wire.ts';
import type { InferOptions, InferRequest, KserveFront, ServerDescription } from './kserve-front.ts';
import type { ModelDescription } from './model-kind.ts';

export class GrpcFront implements KserveFront {
  readonly #channel: GrpcChannel;
  readonly #callTimeoutMs: number;
  readonly #streams = new Set<GrpcStream>();
  #wasAnswered = false;
  #closed = false;

  constructor(url: URL, options: AdapterOptions) {
    this.#channel = new GrpcChannel(url, options);
    this.#callTimeoutMs = options.callTimeoutMs;
  }

  async health(model: string, signal: AbortSignal): Promise<WorkerHealth> {
    try {
      const { ready } = await this.#channel.unary<{ ready: boolean }>(
        'ModelReady',
        { name: model },
        { signal, timeoutMs: this.#callTimeoutMs },
      );
      return ready ? { kind: 'ready' } : { kind: 'loading', message: 'The model is not ready.' };
    } catch (thrown) {
      if (isServiceError(thrown)) return toGrpcHealth(thrown.code, thrown.details);
      return { kind: 'unreachable', message: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  }

  server(signal: AbortSignal): Promise<ServerDescription> {
    return this.#call<ServerDescription>('ServerMetadata', {}, signal);
  }

  async describe(model: string, signal: AbortSignal): Promise<ModelDescription> {
    const metadata = await this.#call<ModelMetadataResponse>('ModelMetadata', { name: model }, signal);
    return toModelDescription(metadata, await this.#call<ModelConfigResponse>('ModelConfig', { name: model }, signal));
  }

  infer(toRequest: () => InferRequest, { answer, signal }: InferOptions): AsyncIterable<readonly WorkerEvent[]> {
    let id = '';
    let hasStarted = false;
    return this.#stream(
      () => {
        const request = toRequest();
        ({ id } = request);
        return request;
      },
      (message, out) => {
        const said = toStreamedResponse(message, id);
        if (said.kind === 'fault') throw toMessageError(said.message);
        if (said.kind === 'garbage') throw new WorkerError('worker-reset', `The engine sent ${said.why}.`, { mayRunAgain: true });
        if (!hasStarted) out.push({ kind: 'started' });
        hasStarted = true;
        answer.push(said.response, out);
        if (said.isFinal) answer.finish(out);
        return said.isFinal;
      },
      signal,
    );
  }

  /** A stop request is answered with an error that says that its request was canceled. */
  async stop(request: InferRequest, signal: AbortSignal): Promise<void> {
    const stream = this.#stream(
      () => request,
      () => true,
      signal,
    );
    try {
      await stream.next();
    } catch (thrown) {
      if (!(thrown instanceof WorkerError) || thrown.kind === 'aborted' || !/cancell?ed/i.test(thrown.message)) throw thrown;
    }
  }

  async load(model: string, signal: AbortSignal): Promise<void> {
    await this.#call('RepositoryModelLoad', { model_name: model }, signal, null);
  }

  async unload(model: string, signal: AbortSignal): Promise<void> {
    await this.#call('RepositoryModelUnload', { model_name: model }, signal, null);
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const stream of this.#streams) stream.abort(closedError());
    this.#channel.close();
    return Promise.resolve();
  }

  #stream(
    toRequest: () => InferRequest,
    onMessage: (message: ModelStreamInferResponse, out: WorkerEvent[]) => boolean,
    signal: AbortSignal,
  ): GrpcStream {
    return new GrpcStream({
      open: () => {
        if (this.#closed) throw closedError();
        const request = toRequest();
        return this.#channel.infer(toModelInferRequest(request), request.traceparent);
      },
      onMessage,
      signal,
      isReused: () => this.#wasAnswered,
      onOpen: (stream) => this.#streams.add(stream),
      onAnswered: () => {
        this.#wasAnswered = true;
      },
      onOver: (stream) => this.#streams.delete(stream),
    });
  }

  /** Calls are repeated once where the connection was closed under them: they change nothing the second time. */
  async #call<Response>(
    method: MethodName,
    request: object,
    signal: AbortSignal,
    timeoutMs: number | null = this.#callTimeoutMs,
  ): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#closed) throw closedError();
      try {
        const response = await this.#channel.unary<Response>(method, request, { signal, timeoutMs });
        this.#wasAnswered = true;
        return response;
      } catch (thrown) {
        if (!isServiceError(thrown)) throw thrown;
        if (this.#closed) throw closedError();
        const error = toGrpcError(thrown.code, thrown.details);
        const wasDropped = thrown.code === grpcStatus.UNAVAILABLE && error.kind === 'worker-reset';
        if (attempt > 1 || !this.#wasAnswered || !wasDropped) throw error;
      }
    }
  }
}

const isServiceError = (thrown: unknown): thrown is ServiceError =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'number' && 'details' in thrown;

const closedError = (): WorkerError => abortedError(new Error('The adapter was closed.'));
