/**
 * TGI's own HTTP API over the scripted engine, as its source has it (3.3). It owns paths, keys and what the server says of itself;
 * generation has a file of its own.
 */
import { bosToken, pieceOf, tokenize } from './text.ts';
import { generate, maxConcurrentRequests } from './tgi-generate.ts';
import { bodyOf, refuse } from './tgi-refusals.ts';
import { TgiStats } from './tgi-stats.ts';
import { type Exchange, type HandleExchange, replyErrorPage, replyJson, replyText, type Wire, type WireContext } from './wire.ts';

type Route = (context: WireContext, stats: TgiStats, exchange: Exchange) => void;

const serve = (context: WireContext): HandleExchange => {
  const stats = new TgiStats();
  return (exchange) => {
    const { request } = exchange;
    const name = `${request.method} ${request.path}`;
    const route = routes[name];
    if (route === undefined) replyText(exchange.response, 404, 'text/plain', '');
    else if (guarded.has(name) && !hasKey(context, exchange)) refuse(exchange, context.limits, 'unauthorized', 'whole');
    else route(context, stats, exchange);
  };
};

/** `max-concurrent-requests` as the flag of that name, default 128. */
export const tgiWire: Wire = { whileLoading: 'refuses', serve, options: ['max-concurrent-requests'] };

/** The key is compared without regard to case. */
const hasKey = ({ limits }: WireContext, { request }: Exchange): boolean =>
  limits.apiKey === null || request.headers['authorization']?.toLowerCase() === `bearer ${limits.apiKey}`.toLowerCase();

const health: Route = (_context, _stats, { response, script }) => {
  if (script.health === 'error-page') replyErrorPage(response);
  else replyText(response, 200, 'text/plain', script.health === 'lies' ? 'welcome to nginx' : '');
};

const info: Route = ({ limits }, _stats, { response, script }) =>
  replyJson(response, 200, {
    model_id: limits.modelName,
    model_sha: null,
    model_pipeline_tag: 'text-generation',
    max_concurrent_requests: maxConcurrentRequests(limits),
    max_best_of: 2,
    max_stop_sequences: 4,
    max_input_tokens: limits.ctxTokens - 1,
    max_total_tokens: limits.ctxTokens,
    validation_workers: 2,
    max_client_batch_size: 4,
    router: 'text-generation-router',
    version: script.engineVersion,
    sha: null,
    docker_label: null,
  });

const models: Route = ({ limits }, _stats, { response }) =>
  replyJson(response, 200, { object: 'list', data: [{ id: limits.modelName, object: 'model', created: 0, owned_by: limits.modelName }] });

/** Requests of the batch have read their prompt; those that read it show nowhere. */
const metrics: Route = ({ engine }, stats, { response, script }) => {
  const inBatch = engine.slots.filter(({ answer }) => answer?.hasBegun === true).length;
  const batch = script.slotsLie === null ? inBatch : script.slotsLie === 'all-busy' ? engine.slots.length : 0;
  const series = [
    ['tgi_batch_current_size', 'gauge', batch],
    ['tgi_queue_size', 'gauge', engine.queued],
    ['tgi_batch_current_max_tokens', 'gauge', engine.kvTokensUsed],
    ['tgi_batch_max_total_tokens', 'gauge', engine.kv.tokens],
    ['tgi_request_input_length_sum', 'histogram', stats.promptTokens],
    ['tgi_request_generated_tokens_sum', 'histogram', stats.generatedTokens],
  ] as const;
  const used = series.filter(([, , value]) => value > 0).map(([name, type, value]) => `# TYPE ${name} ${type}\n${name} ${value}\n`);
  replyText(response, 200, 'text/plain; charset=utf-8', used.join(''));
};

/** With the special tokens that a prompt gets. */
const tokens: Route = (_context, _stats, exchange) => {
  const body = bodyOf(exchange);
  if (body === null) return;
  const ids = [bosToken, ...tokenize(typeof body['inputs'] === 'string' ? body['inputs'] : '')];
  replyJson(
    exchange.response,
    200,
    ids.map((id) => ({ id, text: pieceOf(id), start: 0, stop: 0 })),
  );
};

const work =
  (form: 'stream' | 'whole'): Route =>
  (context, stats, exchange) => {
    context.countTask();
    const { fault } = exchange.script;
    if (fault?.kind === 'refuse') {
      refuse(exchange, context.limits, fault.refusal, form);
      return;
    }
    const body = bodyOf(exchange);
    if (body !== null) generate(context, stats, exchange, body, form);
  };

const routes: Readonly<Record<string, Route>> = {
  'GET /': health,
  'GET /health': health,
  'GET /ping': health,
  'GET /info': info,
  'GET /metrics': metrics,
  'GET /v1/models': models,
  'POST /tokenize': tokens,
  'POST /generate': work('whole'),
  'POST /generate_stream': work('stream'),
};

const guarded = new Set(['POST /tokenize', 'POST /generate', 'POST /generate_stream']);
