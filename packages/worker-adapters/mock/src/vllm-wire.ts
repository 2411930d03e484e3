/**
 * vLLM's OpenAI-compatible server over the scripted engine, as its source has it (0.29). It owns paths, keys and what the server says of
 * itself; generation and pooling have files of their own.
 */
import type { ScriptedEngine } from './engine.ts';
import { detokenize } from './text.ts';
import { complete, tokenIdsFor } from './vllm-completion.ts';
import { embed, rerank } from './vllm-pooling.ts';
import { bodyOf, type Json, refuse, replyError } from './vllm-refusals.ts';
import { VllmStats } from './vllm-stats.ts';
import { type Exchange, type HandleExchange, replyErrorPage, replyJson, replyText, type Wire, type WireContext } from './wire.ts';

type Route = (context: WireContext, stats: VllmStats, exchange: Exchange) => void;
type Work = (context: WireContext, stats: VllmStats, exchange: Exchange, body: Json) => void;

const serve = (context: WireContext): HandleExchange => {
  const stats = new VllmStats(context.engine, context.limits.options['stats'] === 'stand-still');
  return (exchange) => {
    const { request } = exchange;
    const route = routes[`${request.method} ${request.path}`];
    if (isGuarded(request.path) && !hasKey(context, exchange)) refuse(exchange, context.limits, 'unauthorized');
    else if (route === undefined) replyJson(exchange.response, 404, { detail: 'Not Found' });
    else route(context, stats, exchange);
  };
};

/**
 * `serves`: `all` (default, as no real server does), `generation` or `pooling`. `stats`: `live` (default), `stand-still` as in many
 * releases after an abort, or `off` (`--disable-log-stats`). `prompt-tokens-details`: `on` as the flag of that name.
 */
export const vllmWire: Wire = { whileLoading: 'refuses', serve, options: ['serves', 'stats', 'prompt-tokens-details'] };

const isGuarded = (path: string): boolean => path.startsWith('/v1') || path.startsWith('/v2');

const hasKey = ({ limits }: WireContext, { request }: Exchange): boolean =>
  limits.apiKey === null || request.headers['authorization'] === `Bearer ${limits.apiKey}`;

/** It says nothing of load. */
const health: Route = (_context, _stats, { response, script }) => {
  if (script.health === 'error-page') replyErrorPage(response);
  else replyText(response, 200, 'text/plain', script.health === 'lies' ? 'welcome to nginx' : '');
};

const version: Route = (_context, _stats, { response, script }) => replyJson(response, 200, { version: script.engineVersion });

const models: Route = ({ limits: { modelName, ctxTokens } }, _stats, { response }) => {
  const card = { object: 'model', created: 1, owned_by: 'vllm', permission: [] };
  const data = [
    { ...card, id: modelName, root: modelName, parent: null, max_model_len: ctxTokens },
    { ...card, id: `${modelName}-lora`, root: 'lora', parent: modelName, max_model_len: null },
  ];
  replyJson(response, 200, { object: 'list', data });
};

const metrics: Route = (context, stats, { response, script }) => {
  const isOff = context.limits.options['stats'] === 'off';
  const lie = script.slotsLie;
  const running = lie === null ? stats.running : lie === 'all-busy' ? context.engine.slots.length : 0;
  const text = isOff ? processMetrics : processMetrics + engineMetrics(context, running, lie === null ? stats.waiting : 0);
  replyText(response, 200, 'text/plain; version=0.0.4; charset=utf-8', text);
};

const tokenizeRoute: Route = ({ limits }, _stats, exchange) => {
  const body = bodyOf(exchange);
  if (body === null) return;
  const ids = tokenIdsFor(typeof body['prompt'] === 'string' ? body['prompt'] : '', body['add_special_tokens'] !== false);
  replyJson(exchange.response, 200, { count: ids.length, max_model_len: limits.ctxTokens, tokens: ids, token_strs: null });
};

const detokenizeRoute: Route = (_context, _stats, exchange) => {
  const body = bodyOf(exchange);
  if (body === null) return;
  const ids = Array.isArray(body['tokens']) ? body['tokens'].filter((id) => typeof id === 'number') : [];
  replyJson(exchange.response, 200, { prompt: detokenize(ids) });
};

/** What stands before every kind of work: the script's refusal, the use that the server was started for, the queue's limit, the body. */
const work =
  (use: 'generation' | 'pooling', run: Work): Route =>
  (context, stats, exchange) => {
    context.countTask();
    const { fault } = exchange.script;
    const { serves = 'all' } = context.limits.options;
    if (fault?.kind === 'refuse') refuse(exchange, context.limits, fault.refusal);
    else if (serves !== 'all' && serves !== use) replyJson(exchange.response, 404, { detail: 'Not Found' });
    else if (context.engine.isFull) refuse(exchange, context.limits, 'queue-full');
    else {
      const body = bodyOf(exchange);
      if (body !== null) run(context, stats, exchange, body);
    }
  };

const routes: Readonly<Record<string, Route>> = {
  'GET /health': health,
  'GET /ping': health,
  'POST /ping': health,
  'GET /version': version,
  'GET /v1/models': models,
  'GET /metrics': metrics,
  'POST /tokenize': tokenizeRoute,
  'POST /detokenize': detokenizeRoute,
  'POST /v1/completions': work('generation', complete),
  'POST /v1/chat/completions': (_context, _stats, exchange) =>
    replyError(exchange, 501, 'NotImplementedError', 'The simulator has no chat.'),
  'POST /v1/embeddings': work('pooling', embed),
  'POST /rerank': work('pooling', rerank),
  'POST /v1/rerank': work('pooling', rerank),
  'POST /v2/rerank': work('pooling', rerank),
};

const processMetrics = '# TYPE process_open_fds gauge\nprocess_open_fds 42.0\n';

/** Counters move at every step, not at the end of a request. */
const engineMetrics = ({ engine, limits }: WireContext, running: number, waiting: number): string => {
  const labels = `{engine="0",model_name="${limits.modelName}"}`;
  return (
    [
      ['num_requests_running', 'gauge', running],
      ['num_requests_waiting', 'gauge', waiting],
      ['kv_cache_usage_perc', 'gauge', engine.kvTokensUsed / engine.kv.tokens],
      ['prompt_tokens_total', 'counter', engine.promptTokensTotal + engine.cachedTokensTotal],
      ['prompt_tokens_cached_total', 'counter', engine.cachedTokensTotal],
      ['generation_tokens_total', 'counter', generatedTokens(engine)],
      ['num_preemptions_total', 'counter', engine.preemptionsTotal],
    ] as const
  )
    .map(([name, type, value]) => `# TYPE vllm:${name} ${type}\nvllm:${name}${labels} ${value.toFixed(6)}\n`)
    .join('');
};

const generatedTokens = (engine: ScriptedEngine): number =>
  engine.tokensPredictedTotal + engine.slots.reduce((sum, { answer }) => sum + (answer?.isOver === false ? answer.tokensOut : 0), 0);
