/**
 * The native HTTP API of llama.cpp over the scripted engine, as recorded from `llama-server` b10587. It owns paths, keys and
 * what the server says of itself; generation and pooling have files of their own.
 */
import type { ScriptedEngine } from './engine.ts';
import { complete, completeOpenAi } from './llamacpp-completion.ts';
import { embedNative, embedOpenAi, rerank } from './llamacpp-pooling.ts';
import { bodyOf, type Json, refuse, replyError } from './llamacpp-refusals.ts';
import type { EngineScript } from './script.ts';
import { bosToken, detokenize, pieceOf, tokenize } from './text.ts';
import { type Exchange, type HandleExchange, replyErrorPage, replyJson, replyText, type Wire, type WireContext } from './wire.ts';

type Route = (context: WireContext, exchange: Exchange) => void;
type Work = (context: WireContext, exchange: Exchange, body: Json) => void;

const serve =
  (context: WireContext): HandleExchange =>
  (exchange) => {
    const { request, script } = exchange;
    const route = routes[`${request.method} ${request.path}`];
    // 1. Loading comes before the key. 2. Health needs none. 3. An unknown path does not either.
    if (script.health === 'loading') refuse(exchange, context.limits, 'loading');
    else if (route === undefined) replyError(exchange, 404, 'not_found_error', 'File Not Found');
    else if (!request.path.endsWith('/health') && !hasKey(context, exchange)) refuse(exchange, context.limits, 'unauthorized');
    else route(context, exchange);
  };

/** `serves`: `all` (default, as no real server does), `generation`, `embedding` or `rerank`. */
export const llamacppWire: Wire = { whileLoading: 'answers', serve, options: ['serves'] };

const health: Route = (_context, { response, script }) => {
  if (script.health === 'error-page') replyErrorPage(response);
  else replyJson(response, 200, script.health === 'lies' ? { message: 'welcome to nginx' } : { status: 'ok' });
};

const props: Route = (context, { response, script }) => replyJson(response, 200, propsOf(context, script));

const slots: Route = (context, exchange) => {
  const shown = slotsOf(context, exchange.script);
  const isFull = shown.every((slot) => slot['is_processing'] === true);
  if (isFull && new URLSearchParams(exchange.request.query).has('fail_on_no_slot')) refuse(exchange, context.limits, 'queue-full');
  else replyJson(exchange.response, 200, shown);
};

const metrics: Route = ({ engine }, { response }) => replyText(response, 200, 'text/plain; version=0.0.4', metricsOf(engine));

const models: Route = ({ limits }, { response }) => {
  const data = [{ id: limits.modelName, object: 'model', owned_by: 'llamacpp', meta: { n_ctx: limits.ctxTokens } }];
  replyJson(response, 200, { object: 'list', data });
};

const tokens: Route = (_context, exchange) => {
  const body = bodyOf(exchange);
  if (body === null) return;
  const ids = typeof body['content'] === 'string' ? tokenize(body['content']) : [];
  const all = body['add_special'] === true ? [bosToken, ...ids] : ids;
  replyJson(exchange.response, 200, { tokens: body['with_pieces'] === true ? all.map((id) => ({ id, piece: pieceOf(id) })) : all });
};

const text: Route = (_context, exchange) => {
  const body = bodyOf(exchange);
  if (body === null) return;
  const { tokens: ids } = body;
  replyJson(exchange.response, 200, { content: Array.isArray(ids) ? detokenize(ids.filter((id) => typeof id === 'number')) : '' });
};

/** What stands before every kind of work: the script's refusal, the use that the server was started for, the body. */
const work =
  (use: 'generation' | 'embedding' | 'rerank', run: Work): Route =>
  (context, exchange) => {
    context.countTask();
    const { fault } = exchange.script;
    if (fault?.kind === 'refuse') {
      refuse(exchange, context.limits, fault.refusal);
      return;
    }
    const { serves = 'all' } = context.limits.options;
    // A causal model generates on an embedding server too.
    if (use !== 'generation' && serves !== 'all' && serves !== use) {
      const flag = use === 'embedding' ? 'embeddings. Start it with `--embeddings`' : 'reranking. Start it with `--reranking`';
      replyError(exchange, 501, 'not_supported_error', `This server does not support ${flag}`);
      return;
    }
    if (context.engine.isFull) {
      refuse(exchange, context.limits, 'queue-full');
      return;
    }
    const body = bodyOf(exchange);
    if (body !== null) run(context, exchange, body);
  };

const routes: Readonly<Record<string, Route>> = {
  'GET /health': health,
  'GET /v1/health': health,
  'GET /props': props,
  'GET /slots': slots,
  'GET /metrics': metrics,
  'GET /v1/models': models,
  'GET /models': models,
  'POST /tokenize': tokens,
  'POST /detokenize': text,
  'POST /completion': work('generation', complete),
  'POST /completions': work('generation', complete),
  'POST /v1/completions': work('generation', completeOpenAi),
  'POST /v1/embeddings': work('embedding', embedOpenAi),
  'POST /embedding': work('embedding', embedNative),
  'POST /embeddings': work('embedding', embedNative),
  'POST /v1/rerank': work('rerank', rerank),
  'POST /rerank': work('rerank', rerank),
  'POST /v1/reranking': work('rerank', rerank),
  'POST /reranking': work('rerank', rerank),
};

const hasKey = ({ limits }: WireContext, { request }: Exchange): boolean => {
  if (limits.apiKey === null) return true;
  const { authorization = '', 'x-api-key': own } = request.headers;
  return own === limits.apiKey || authorization.replace(/^Bearer /, '') === limits.apiKey;
};

const propsOf = ({ engine, limits }: WireContext, script: EngineScript): Json => ({
  default_generation_settings: { params: {}, n_ctx: limits.ctxTokens },
  total_slots: engine.slots.length,
  model_alias: limits.modelName,
  model_path: `${limits.modelName}.gguf`,
  modalities: { vision: false, audio: false },
  bos_token: '<s>',
  eos_token: '</s>',
  build_info: script.engineVersion,
  is_sleeping: false,
  endpoint_slots: true,
  endpoint_props: false,
  endpoint_metrics: true,
});

const slotsOf = ({ engine, limits }: WireContext, script: EngineScript): readonly Json[] =>
  engine.slots.map(({ id, answer, lastTask }) => ({
    id,
    n_ctx: limits.ctxTokens,
    speculative: false,
    is_processing: script.slotsLie === null ? answer !== null : script.slotsLie === 'all-busy',
    ...(lastTask === null
      ? {}
      : {
          id_task: lastTask,
          n_prompt_tokens: answer?.tokensIn ?? 0,
          next_token: [{ has_next_token: answer !== null, has_new_line: false, n_decoded: answer?.tokensOut ?? 0 }],
        }),
  }));

const metricsOf = (engine: ScriptedEngine): string =>
  (
    [
      ['prompt_tokens_total', 'counter', 'Number of prompt tokens processed, excluding cached tokens', engine.promptTokensTotal],
      ['prompt_tokens_cached_total', 'counter', 'Number of prompt tokens reused from the cache', engine.cachedTokensTotal],
      ['tokens_predicted_total', 'counter', 'Number of generation tokens processed', engine.tokensPredictedTotal],
      ['n_decode_total', 'counter', 'Total number of llama_decode() calls', engine.batch?.passes ?? engine.stepsSent],
      ['requests_processing', 'gauge', 'Number of requests processing', engine.busy],
      ['requests_deferred', 'gauge', 'Number of requests deferred', engine.queued],
    ] as const
  )
    .map(([name, type, help, value]) => `# HELP llamacpp:${name} ${help}\n# TYPE llamacpp:${name} ${type}\nllamacpp:${name} ${value}\n`)
    .join('');
