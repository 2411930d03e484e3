/**
 * One gRPC connection to a Triton server, and the calls over it. It owns the channel's options, time limits and the typed
 * end of each call; what a message means is not its concern.
 */
import { fileURLToPath } from 'node:url';
import { Client, type ClientDuplexStream, connectivityState, type MethodDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { type AdapterOptions, abortedError } from '@llama-orch/adapter-api';
import { GrpcSockets } from './grpc-sockets.ts';
import type { ModelInferRequest, ModelStreamInferResponse } from './grpc-wire.ts';

/** Above the library's 4 MiB, because outputs beside the text can be large; as much as an answer over HTTP may have. */
const maxMessageBytes = 16 * 1024 * 1024;

const service = 'inference.GRPCInferenceService';
const proto = fileURLToPath(new URL('../proto/kserve.proto', import.meta.url));

export type MethodName =
  | 'ServerMetadata'
  | 'ModelReady'
  | 'ModelMetadata'
  | 'ModelConfig'
  | 'RepositoryModelLoad'
  | 'RepositoryModelUnload'
  | 'ModelStreamInfer';

export type InferCall = ClientDuplexStream<ModelInferRequest, ModelStreamInferResponse>;

export type UnaryOptions = {
  readonly signal: AbortSignal;
  /** ms; `null` = as long as the caller waits. */
  readonly timeoutMs: number | null;
};

type Connection = { readonly client: Client; readonly sockets: GrpcSockets };

export class GrpcChannel {
  readonly #url: URL;
  readonly #methods: Readonly<Record<string, MethodDefinition<object, object>>>;
  readonly #apiKey: string | undefined;
  #connection: Connection | null = null;
  #closed = false;

  /** @param url - Of the gRPC port; `https:` means TLS with the system's roots. */
  constructor(url: URL, { apiKey }: Pick<AdapterOptions, 'apiKey'>) {
    const loaded = loadSync(proto, { keepCase: true, longs: Number, defaults: true });
    this.#methods = loaded[service] as Readonly<Record<string, MethodDefinition<object, object>>>;
    this.#apiKey = apiKey;
    this.#url = url;
  }

  /** @throws ServiceError; WorkerError `aborted` for the caller's own abort. */
  unary<Response>(name: MethodName, request: object, { signal, timeoutMs }: UnaryOptions): Promise<Response> {
    if (signal.aborted) return Promise.reject(abortedError(signal.reason));
    if (this.#closed) return Promise.reject(abortedError(new Error('The channel was closed.')));
    const method = this.#method(name);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => call.cancel();
      const onEnd = (error: ServiceError | null, response?: object): void => {
        signal.removeEventListener('abort', onAbort);
        if (error === null) resolve(response as Response);
        else reject(signal.aborted ? abortedError(signal.reason) : error);
      };
      const deadline = timeoutMs === null ? {} : { deadline: Date.now() + timeoutMs };
      const call = this.#client().makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        this.#metadata(),
        deadline,
        onEnd,
      );
      signal.addEventListener('abort', onAbort);
    });
  }

  /** One stream for one request: a cancel ends all requests of a stream. */
  infer(request: ModelInferRequest, traceparent: string | undefined): InferCall {
    const method = this.#method('ModelStreamInfer');
    const metadata = this.#metadata();
    // Else an error is a text inside a stream that is OK, and whose fault it was cannot be told.
    metadata.set('triton_grpc_error', 'true');
    if (traceparent !== undefined) metadata.set('traceparent', traceparent);
    const call = this.#client().makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      metadata,
    ) as InferCall;
    call.write(request);
    call.end();
    return call;
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /** A client that could not connect waits longer and longer before it tries again; a new one tries at once. */
  #client(): Client {
    if (this.#connection?.client.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE) this.#drop();
    this.#connection ??= connect(this.#url);
    return this.#connection.client;
  }

  #drop(): void {
    this.#connection?.client.close();
    this.#connection?.sockets.close();
    this.#connection = null;
  }

  #method(name: MethodName): MethodDefinition<object, object> {
    const method = this.#methods[name];
    if (method === undefined) throw new TypeError(`kserve.proto has no ${name}`);
    return method;
  }

  /** Triton compares a restricted protocol's key with metadata under this prefix, proxies look at the plain header. */
  #metadata(): Metadata {
    const metadata = new Metadata();
    if (this.#apiKey !== undefined) {
      metadata.set('authorization', `Bearer ${this.#apiKey}`);
      metadata.set('triton-grpc-protocol-authorization', `Bearer ${this.#apiKey}`);
    }
    return metadata;
  }
}

const connect = (url: URL): Connection => {
  const isSecure = url.protocol === 'https:';
  // A URL drops its scheme's default port, and gRPC's own default is another one.
  const port = url.port === '' ? (isSecure ? 443 : 80) : url.port;
  const sockets = new GrpcSockets(isSecure);
  const client = new Client(`${url.hostname}:${port}`, sockets.credentials, {
    'grpc.max_receive_message_length': maxMessageBytes,
    // Clients that shared a connection would also share its end.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    // Workers are spoken to directly, whatever proxy the environment names.
    'grpc.enable_http_proxy': 0,
  });
  return { client, sockets };
};
