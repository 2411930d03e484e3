/**
 * NVIDIA Triton over the scripted engine: KServe v2 over HTTP on the main port; gRPC and metrics have ports of their own. It
 * owns the HTTP paths; what a model of some kind says is `triton-models.ts`.
 *
 * `kind` (wire option): `ensemble` (default), `bls`, `llmapi`, `vllm` or `tensorrt_llm`, the core that takes token ids.
 */
import type { Answer } from './engine.ts';
import { httpPort } from './http-front.ts';
import type { ScriptedRefusal } from './script.ts';
import { streamAnswer, type StreamDialect } from './streamed-answer.ts';
import { openTritonGrpc } from './triton-grpc.ts';
import { serveTritonMetrics } from './triton-metrics.ts';
import { tooLong, toTritonAsked, type TritonAsked, type TritonModel, tritonModel, TritonSpeech } from './triton-models.ts';
import { type Exchange, type HandleExchange, replyErrorPage, replyJson, replyText, type Wire, type WireContext } from './wire.ts';

const modelOf = ({ limits }: WireContext): TritonModel => tritonModel(limits.options['kind']);

const serve = (context: WireContext): HandleExchange => {
  const model = modelOf(context);
  const path = `/v2/models/${context.limits.modelName}`;
  const running = new Map<string, Answer>();
  let isLoaded = true;
  return (exchange) => {
    const { request, response, script } = exchange;
    const withModel = (reply: () => void): void => {
      if (isLoaded) reply();
      else refuse(context, exchange, 'loading');
    };
    switch (`${request.method} ${request.path}`) {
      case 'GET /v2/health/live':
        replyText(response, 200, 'text/plain', '');
        return;
      case 'GET /v2/health/ready':
      case `GET ${path}/ready`:
        if (script.health === 'error-page') replyErrorPage(response);
        else if (script.health === 'lies') replyText(response, 200, 'text/html', 'welcome to nginx');
        // 400, not 503.
        else if (isLoaded) replyText(response, 200, 'text/plain', '');
        else replyJson(response, 400, { error: 'Model version not ready' });
        return;
      case 'GET /v2':
        replyJson(response, 200, { name: 'triton', version: script.engineVersion, extensions: ['generate', 'model_repository'] });
        return;
      case `GET ${path}`:
        withModel(() => {
          const { inputs, outputs, platform } = model;
          replyJson(response, 200, { name: context.limits.modelName, versions: ['1'], platform, inputs, outputs });
        });
        return;
      case `GET ${path}/config`:
        withModel(() => replyJson(response, 200, configOf(context, model)));
        return;
      case 'POST /v2/repository/index':
        replyJson(response, 200, [{ name: context.limits.modelName, version: '1', state: isLoaded ? 'READY' : 'UNAVAILABLE', reason: '' }]);
        return;
      case `POST /v2/repository/models/${context.limits.modelName}/load`:
      case `POST /v2/repository/models/${context.limits.modelName}/unload`:
        isLoaded = request.path.endsWith('/load');
        replyText(response, 200, 'application/json', '');
        return;
      case `POST ${path}/generate`:
        withModel(() => stop(exchange, running));
        return;
      case `POST ${path}/generate_stream`:
        context.countTask();
        withModel(() => generate(context, exchange, model, running));
        return;
      default:
        replyJson(response, 404, { error: 'Not Found' });
    }
  };
};

export const tritonWire: Wire = {
  whileLoading: 'refuses',
  serve,
  ports: { grpc: openTritonGrpc(modelOf), metrics: httpPort(serveTritonMetrics(modelOf)) },
  options: ['kind'],
};

const configOf = ({ limits }: WireContext, model: TritonModel) => ({
  name: limits.modelName,
  platform: model.platform,
  backend: model.backend,
  max_batch_size: model.maxBatchSize,
  model_transaction_policy: { decoupled: true },
  parameters: Object.fromEntries(Object.entries(model.parameters).map(([name, value]) => [name, { string_value: value }])),
});

const refuse = (context: WireContext, exchange: Exchange, refusal: ScriptedRefusal): void => {
  const { response } = exchange;
  const { modelName, ctxTokens } = context.limits;
  switch (refusal) {
    case 'prompt-too-long':
      replyFirstError(exchange, tooLong(modelOf(context), ctxTokens + 1, ctxTokens));
      return;
    case 'invalid-request':
      replyJson(response, 400, { error: `[request id: <id_unknown>] unexpected inference input 'max_tokenz' for model '${modelName}'` });
      return;
    case 'unauthorized':
      replyJson(response, 403, { error: "This API is restricted, expecting header 'authorization'" });
      return;
    case 'loading':
      replyJson(response, 503, { error: `Request for unknown model: '${modelName}' has no available versions` });
      return;
    case 'queue-full':
      replyJson(response, 503, { error: 'Exceeds maximum queue size' });
      return;
    case 'server-error':
      replyFirstError(exchange, 'Executor failed process requestId 1 due to the following error: CUDA error');
      return;
    case 'error-page':
      replyErrorPage(response);
  }
};

/** The first response is an error: the status says so, and the body is framed as an event all the same. */
const replyFirstError = ({ response }: Exchange, error: string): void => {
  replyText(response, 500, 'text/event-stream; charset=utf-8', event({ error }));
};

const stop = (exchange: Exchange, running: ReadonlyMap<string, Answer>): void => {
  const body = bodyOf(exchange);
  if (body?.['stop'] !== true) {
    replyJson(exchange.response, 400, { error: 'generate expects model to produce exactly 1 response, use generate stream' });
    return;
  }
  running.get(String(body['id']))?.abandon();
  replyJson(exchange.response, 400, { error: 'Request cancelled by client' });
};

const generate = (context: WireContext, exchange: Exchange, model: TritonModel, running: Map<string, Answer>): void => {
  const { fault } = exchange.script;
  const { apiKey, ctxTokens, modelName } = context.limits;
  if (apiKey !== null && exchange.request.headers['authorization'] !== `Bearer ${apiKey}`) {
    refuse(context, exchange, 'unauthorized');
    return;
  }
  const refusal = fault?.kind === 'refuse' ? fault.refusal : context.engine.isFull ? 'queue-full' : null;
  if (refusal !== null) {
    refuse(context, exchange, refusal);
    return;
  }
  const body = bodyOf(exchange);
  const asked = body === null ? 'failed to parse the request JSON buffer' : toTritonAsked(model, body, ctxTokens);
  if (typeof asked === 'string') {
    replyJson(exchange.response, 400, { error: asked });
    return;
  }
  const id = typeof body?.['id'] === 'string' ? body['id'] : '';
  const dialect = events(model, asked, { model_name: modelName, model_version: '1', ...(id === '' ? {} : { id }) });
  const options = { context, exchange, request: asked.request, dialect, stop: asked.stop, stopText: model.stopText } as const;
  const answer = streamAnswer({ ...options, leaveIsSeen: 'while-streaming' });
  running.set(id, answer);
  exchange.response.once('close', () => {
    if (answer.isOver) running.delete(id);
  });
};

const bodyOf = ({ request }: Exchange): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(request.body);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
};

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

/** No terminator, no keep-alive: the end of the body is the end. An empty final response shows nowhere in HTTP. */
const events = (model: TritonModel, asked: TritonAsked, base: Readonly<Record<string, string>>): StreamDialect => {
  const speech = new TritonSpeech(model, asked);
  let tokens = 0;
  const write = (outputs: Readonly<Record<string, string | number>> | null): string =>
    outputs === null ? '' : event({ ...base, ...outputs });
  return {
    framing: 'sse',
    contentType: 'text/event-stream; charset=utf-8',
    headAt: 'first-event',
    begin: () => '',
    step: ({ text, tokensOut }) => {
      const said = write(speech.step(text, tokensOut - tokens));
      tokens = tokensOut;
      return said;
    },
    end: ({ how, held, tokensOut }) =>
      speech
        .end(how, how === 'word' ? '' : held, tokensOut - tokens)
        .map(write)
        .join(''),
    error: (message) => event({ error: message }),
    aborted: () => speech.aborted().map(write).join(''),
    unfinished: () => '',
    garbage: 'data: {"text_output":"\n\n',
    endless: 'data: {"text_output":"',
  };
};
