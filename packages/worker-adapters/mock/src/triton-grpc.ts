/**
 * Triton's gRPC port over the scripted engine: HTTP/2 and gRPC's framing by hand, so that every fault of a script can be
 * put on the wire. It owns calls and connections; messages are `triton-messages.ts`.
 */
import { createServer, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Answer } from './engine.ts';
import type { EngineScript } from './script.ts';
import { GrpcAnswer } from './triton-grpc-answer.ts';
import { type InferMessage, readInfer, writeModelConfig, writeModelMetadata, writeReady, writeServerMetadata } from './triton-messages.ts';
import { tooLong, toTritonAsked, type TritonModel } from './triton-models.ts';
import type { OpenPort, OpenWirePort, WireContext } from './wire.ts';

/** gRPC's codes. */
const cancelled = 1;
const invalidArgument = 3;
const unimplemented = 12;
const unavailable = 14;
const service = '/inference.GRPCInferenceService/';

export const openTritonGrpc =
  (modelOf: (context: WireContext) => TritonModel): OpenWirePort =>
  (context, address) =>
    new TritonGrpc(context, modelOf(context)).listen(address);

class TritonGrpc {
  readonly #context: WireContext;
  readonly #model: TritonModel;
  readonly #server = createServer();
  /** By their remote port: a session does not give its socket out of its hands. */
  readonly #sockets = new Map<number | undefined, Socket>();
  readonly #sessions = new Set<Http2Session>();
  /** Answers under way by the id of their request, for stop requests. */
  readonly #running = new Map<string, Answer>();
  #isLoaded = true;

  constructor(context: WireContext, model: TritonModel) {
    this.#context = context;
    this.#model = model;
    this.#server.on('connection', (socket: Socket) => {
      if (this.#context.script().health === 'loading') {
        socket.resetAndDestroy();
        return;
      }
      const { remotePort } = socket;
      this.#sockets.set(remotePort, socket);
      socket.once('close', () => this.#sockets.delete(remotePort));
      socket.on('error', () => {});
    });
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      session.on('error', () => {});
    });
    this.#server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => this.#onStream(stream, headers));
  }

  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<OpenPort> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    const drain = (): Promise<void> =>
      new Promise((resolve) => {
        this.#server.close(() => resolve());
      });
    return {
      port: (this.#server.address() as AddressInfo).port,
      openSockets: () => this.#sockets.size,
      closeIdleConnections: () => {
        for (const session of this.#sessions) session.close();
      },
      drain,
      close: async () => {
        const closed = drain();
        for (const socket of this.#sockets.values()) socket.destroy();
        await closed;
      },
    };
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const script = this.#context.script();
    // The port opens once the models are loaded.
    if (script.health === 'loading') {
      stream.session?.destroy();
      return;
    }
    const path = String(headers[':path']);
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => {
      const message = Buffer.concat(chunks).subarray(5);
      this.#context.record({ method: 'POST', path, headers: plain(headers), body: message.toString('base64') });
      if (script.fault?.kind === 'half-open') return;
      if (script.closeAfterAnswer) stream.once('close', () => stream.session?.close());
      this.#call(stream, { method: path.replace(service, ''), message, headers, script });
    });
  }

  #call(stream: ServerHttp2Stream, call: Call): void {
    const { modelName } = this.#context.limits;
    const { script, method } = call;
    const isReady = this.#isLoaded;
    switch (method) {
      case 'ServerReady':
      case 'ModelReady':
        if (script.health === 'error-page') page(stream, 502);
        else if (script.health === 'lies') page(stream, 200);
        else reply(stream, writeReady(isReady));
        return;
      case 'ServerMetadata':
        reply(stream, writeServerMetadata(script.engineVersion));
        return;
      case 'RepositoryModelLoad':
      case 'RepositoryModelUnload':
        this.#isLoaded = method === 'RepositoryModelLoad';
        reply(stream, Buffer.alloc(0));
        return;
      case 'ModelMetadata':
      case 'ModelConfig':
        if (!isReady) end(stream, unavailable, notReady(modelName));
        else
          reply(stream, method === 'ModelConfig' ? writeModelConfig(modelName, this.#model) : writeModelMetadata(modelName, this.#model));
        return;
      case 'ModelStreamInfer':
        this.#infer(stream, call, isReady);
        return;
      default:
        end(stream, unimplemented, `unknown method ${method}`);
    }
  }

  #infer(stream: ServerHttp2Stream, { message, headers, script }: Call, isReady: boolean): void {
    const { limits, engine } = this.#context;
    const request = readInfer(message);
    const socket = this.#sockets.get(stream.session?.socket.remotePort);
    if (socket === undefined) return;
    const answer = new GrpcAnswer({
      context: this.#context,
      stream,
      socket,
      script,
      model: this.#model,
      request,
      errorsAreStatuses: headers['triton_grpc_error'] === 'true',
    });
    if (request.values['stop'] === true) {
      this.#running.get(request.id)?.abandon();
      answer.refuse('Request cancelled by client', cancelled);
      return;
    }
    this.#context.countTask();
    const { fault } = script;
    const isAllowed = limits.apiKey === null || headers['triton-grpc-protocol-authorization'] === `Bearer ${limits.apiKey}`;
    const refusal = !isAllowed
      ? 'unauthorized'
      : fault?.kind === 'refuse'
        ? fault.refusal
        : !isReady
          ? 'loading'
          : engine.isFull
            ? 'queue-full'
            : null;
    switch (refusal) {
      case null:
        this.#run(stream, answer, request);
        return;
      case 'error-page':
        page(stream, 502);
        return;
      case 'unauthorized':
        end(stream, unavailable, "This protocol is restricted, expecting header 'triton-grpc-protocol-authorization'");
        return;
      case 'prompt-too-long':
        answer.refuse(tooLong(this.#model, limits.ctxTokens + 1, limits.ctxTokens));
        return;
      case 'invalid-request':
        answer.refuse(
          `[request id: ${request.id}] unexpected inference input 'max_tokenz' for model '${limits.modelName}'`,
          invalidArgument,
        );
        return;
      case 'loading':
        answer.refuse(notReady(limits.modelName), unavailable);
        return;
      case 'queue-full':
        answer.refuse('Exceeds maximum queue size', unavailable);
        return;
      case 'server-error':
        answer.refuse('Executor failed process requestId 1 due to the following error: CUDA error');
    }
  }

  #run(stream: ServerHttp2Stream, answer: GrpcAnswer, request: InferMessage): void {
    const asked = toTritonAsked(this.#model, request.values, this.#context.limits.ctxTokens);
    if (typeof asked === 'string') {
      answer.refuse(asked, invalidArgument);
      return;
    }
    const running = answer.run(asked);
    this.#running.set(request.id, running);
    // A canceled RPC ends all its requests, wherever they are.
    stream.once('close', () => {
      this.#running.delete(request.id);
      running.abandon();
    });
  }
}

type Call = {
  readonly method: string;
  readonly message: Buffer;
  readonly headers: IncomingHttpHeaders;
  readonly script: EngineScript;
};

const notReady = (modelName: string): string => `Request for unknown model: '${modelName}' has no available versions`;

const plain = (headers: IncomingHttpHeaders): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

/** One answer and OK. */
const reply = (stream: ServerHttp2Stream, message: Buffer): void => {
  if (stream.destroyed) return;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat([head, message]));
};

/** A status and nothing else. */
const end = (stream: ServerHttp2Stream, code: number, message: string): void => {
  if (stream.destroyed) return;
  const headers = {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': String(code),
    'grpc-message': encodeURIComponent(message),
  };
  stream.respond(headers, { endStream: true });
};

/** What something that is no gRPC server says. */
const page = (stream: ServerHttp2Stream, status: number): void => {
  if (stream.destroyed) return;
  stream.respond({ ':status': status, 'content-type': 'text/html' });
  stream.end(status === 200 ? 'welcome to nginx' : '<html><body><h1>502 Bad Gateway</h1></body></html>');
};
