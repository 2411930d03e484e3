/**
 * Triton over HTTP: which path serves which call. It owns the requests; what a model is and how an answer runs is not its
 * concern.
 */
import {
  type AdapterOptions,
  EngineHttp,
  type EngineRequest,
  type HttpAnswer,
  transportError,
  WorkerError,
  type WorkerEvent,
  type WorkerHealth,
} from '@llama-orch/adapter-api';
import { toRefusalError } from './errors.ts';
import { GenerateStream } from './generate-stream.ts';
import type { InferOptions, InferRequest, KserveFront, ServerDescription } from './kserve-front.ts';
import type { ModelDescription } from './model-kind.ts';
import { modelPath, toGenerateBody, toHealth, toModelDescription, toServer } from './wire.ts';

export class HttpFront implements KserveFront {
  readonly #http: EngineHttp;

  constructor(options: AdapterOptions) {
    this.#http = new EngineHttp({ ...options, toError: toRefusalError });
  }

  async health(model: string, signal: AbortSignal): Promise<WorkerHealth> {
    let answer: HttpAnswer;
    try {
      answer = await this.#http.request({ method: 'GET', path: `${modelPath(model)}/ready` }, { signal });
    } catch (thrown) {
      return { kind: 'unreachable', message: transportError(thrown).message };
    }
    return toHealth(answer);
  }

  async server(signal: AbortSignal): Promise<ServerDescription> {
    return toServer(await this.#http.requestJson({ method: 'GET', path: '/v2' }, { signal }));
  }

  async describe(model: string, signal: AbortSignal): Promise<ModelDescription> {
    const path = modelPath(model);
    const metadata = await this.#http.requestJson({ method: 'GET', path }, { signal });
    return toModelDescription(metadata, await this.#http.requestJson({ method: 'GET', path: `${path}/config` }, { signal }));
  }

  infer(toRequest: () => InferRequest, { answer, hasFinishReason, signal }: InferOptions): AsyncIterable<readonly WorkerEvent[]> {
    const toStream = (): EngineRequest => {
      const request = toRequest();
      if (!hasFinishReason) throw unsafeModel(request.model);
      return toGenerate(request);
    };
    return this.#http.openEventStream(toStream, new GenerateStream(answer), signal);
  }

  /** A stop request is answered with 400, and a text that says that its request was canceled. */
  async stop(request: InferRequest, signal: AbortSignal): Promise<void> {
    const path = `${modelPath(request.model)}/generate`;
    const answer = await this.#http.request({ method: 'POST', path, body: toGenerateBody(request) }, { signal, idempotent: true });
    if (answer.status !== 400 && answer.status !== 200) throw toRefusalError(answer);
  }

  async load(model: string, signal: AbortSignal): Promise<void> {
    await this.#repository(model, 'load', signal);
  }

  async unload(model: string, signal: AbortSignal): Promise<void> {
    await this.#repository(model, 'unload', signal);
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  /** A load takes as long as the model does. */
  async #repository(model: string, action: 'load' | 'unload', signal: AbortSignal): Promise<void> {
    const path = `/v2/repository/models/${encodeURIComponent(model)}/${action}`;
    await this.#http.requestText({ method: 'POST', path, body: {} }, { signal, timeoutMs: null });
  }
}

const toGenerate = (request: InferRequest): EngineRequest => ({
  method: 'POST',
  path: `${modelPath(request.model)}/generate_stream`,
  body: toGenerateBody(request),
  ...(request.traceparent === undefined ? {} : { headers: { traceparent: request.traceparent } }),
});

/** The end of a body is all that HTTP has, and a server that closes early looks the same. */
const unsafeModel = (model: string): WorkerError =>
  new WorkerError(
    'engine-rejected',
    `Triton’s model ${JSON.stringify(model)} does not say why an answer ends, so over HTTP a cut answer looks whole; set the pool’s \`triton.protocol: grpc\`.`,
    { mayRunAgain: false },
  );
