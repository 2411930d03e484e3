/** Every endpoint of the worker: reads the request, asks the parts, writes the answer. Holds no state of its own. */
import type { Batcher } from './batcher.ts';
import { type CompletionRequest, parseCompletionRequest } from './completion-request.ts';
import { embed, type EmbeddingForm } from './embedding.ts';
import type { Engine } from './engine.ts';
import { WireError } from './errors.ts';
import { EventStream } from './event-stream.ts';
import type { Settings } from './flags.ts';
import { generate, type GenerationDeps, type WorkerTask } from './generation.ts';
import { type Exchange, type Route, type Routes, sendJson } from './http.ts';
import { isObject, type JsonObject } from './json.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { rerank } from './rerank.ts';
import { createSlotWork } from './slot-work.ts';
import type { SlotPool } from './slots.ts';
import { toFinal, toModels, toProps, toSlot, toTokenEvent } from './wire.ts';

export type RouteDeps = {
  readonly settings: Settings;
  readonly engine: Engine;
  readonly pool: SlotPool<WorkerTask>;
  /** `undefined` in rerank mode. */
  readonly batcher: Batcher | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Milliseconds, any origin. */
  readonly nowMs: () => number;
  readonly nowUnixS: () => number;
};

export function createRoutes(deps: RouteDeps): Routes {
  const { settings, engine, pool, batcher, metrics, nowMs } = deps;
  let lastTaskId = -1;
  const nextTaskId = (): number => ++lastTaskId;
  const work = createSlotWork({ pool, metrics, nextTaskId, nowMs });
  const { vocabulary, slotCtxTokens } = engine;
  const generation = batcher && { pool, batcher, metrics, vocabulary, slotCtxTokens, nextTaskId, nowMs };

  const completion: Route = (exchange) => complete(deps, generation, exchange);
  const embedding =
    (form: EmbeddingForm): Route =>
    async ({ readBody, signal, response }) =>
      sendUnlessGone(response, await embed({ engine, work }, form, readBody, signal));
  const ranking: Route = async ({ readBody, signal, response }) =>
    sendUnlessGone(response, await rerank({ engine, work }, readBody, signal));
  const health = json(() => ({ status: 'ok' }));
  const models = json(() => toModels(engine, deps.nowUnixS()));

  return new Map<string, Route>([
    ['GET /health', health],
    ['GET /v1/health', health],
    ['GET /props', json(() => toProps(engine, settings))],
    ['GET /slots', json(({ query }) => listSlots(deps, query))],
    ['GET /metrics', (exchange) => scrape(deps, exchange)],
    ['GET /models', models],
    ['GET /v1/models', models],
    ['POST /completion', completion],
    ['POST /completions', completion],
    ['POST /tokenize', json(async ({ readBody }) => tokenize(engine, await readBody()))],
    ['POST /detokenize', json(async ({ readBody }) => detokenize(engine, await readBody()))],
    ['POST /embedding', embedding('native')],
    ['POST /embeddings', embedding('native')],
    ['POST /v1/embeddings', embedding('openai')],
    ['POST /rerank', ranking],
    ['POST /reranking', ranking],
    ['POST /v1/rerank', ranking],
    ['POST /v1/reranking', ranking],
  ]);
}

async function complete(deps: RouteDeps, generation: GenerationDeps | undefined, exchange: Exchange): Promise<void> {
  if (generation === undefined) {
    throw new WireError('not_supported_error', 'This server does not support completions. Start it without `--reranking`');
  }
  const request = parseCompletionRequest(await exchange.readBody());
  const prompts = deps.engine.vocabulary.tokenizePrompts(request.prompt);
  const [promptTokens] = prompts;
  if (promptTokens === undefined || prompts.length > 1) {
    throw new WireError(
      'not_supported_error',
      'The embedded engine takes one prompt per request; send several requests or run llama-server',
    );
  }
  if (request.stream) await streamCompletion(deps, generation, request, promptTokens, exchange);
  else {
    const silent = { onStart: () => {}, onToken: () => {} };
    const generated = await generate(generation, request, promptTokens, silent, exchange.signal);
    sendUnlessGone(exchange.response, generated && toFinal(generated, deps.engine.info));
  }
}

/** Errors before the first byte become an ordinary answer, later ones an event. */
async function streamCompletion(
  deps: RouteDeps,
  generation: GenerationDeps,
  request: CompletionRequest,
  promptTokens: readonly number[],
  exchange: Exchange,
): Promise<void> {
  const stream = new EventStream(exchange.response, request.ssePingIntervalS * 1000);
  const events = {
    onStart: () => stream.open(),
    onToken: (event: Parameters<typeof toTokenEvent>[0]) => stream.send(toTokenEvent(event, promptTokens.length)),
  };
  try {
    const generated = await generate(generation, request, promptTokens, events, exchange.signal);
    if (generated === undefined) return;
    stream.send(toFinal(generated, deps.engine.info));
    stream.end();
  } catch (error) {
    if (!stream.isOpen) throw error;
    if (!(error instanceof WireError)) deps.log(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    stream.fail(error);
  }
}

function listSlots({ settings, engine, pool, batcher }: RouteDeps, query: URLSearchParams): readonly JsonObject[] {
  if (!settings.slotsEndpoint) {
    throw new WireError('not_supported_error', 'This server does not support slots endpoint. Start it with `--slots`');
  }
  const hasIdle = pool.slots.some((slot) => !slot.isBusy);
  if (query.get('fail_on_no_slot') && !hasIdle) throw new WireError('unavailable_error', 'no slot available');
  return pool.slots.map((slot) => toSlot(slot, batcher?.kvTokens(slot.id).length ?? 0, engine.slotCtxTokens));
}

async function scrape({ settings, metrics, pool }: RouteDeps, { response }: Exchange): Promise<void> {
  if (!settings.metrics) {
    throw new WireError('not_supported_error', 'This server does not support metrics endpoint. Start it with `--metrics`');
  }
  const text = metrics.scrape({ busySlots: pool.busyCount, waiting: pool.waitingCount });
  response.writeHead(200, {
    'Content-Type': 'text/plain; version=0.0.4',
    'Content-Length': Buffer.byteLength(text),
    'Process-Start-Time-Unix': String(metrics.startTimeUnixUs),
  });
  response.end(text);
}

function tokenize({ vocabulary }: Engine, body: unknown): JsonObject {
  const fields = isObject(body) ? body : {};
  if (!('content' in fields)) return { tokens: [] };
  const tokens = vocabulary.tokenizeMixed(fields['content'], fields['add_special'] === true, fields['parse_special'] !== false);
  if (fields['with_pieces'] !== true) return { tokens };
  return { tokens: tokens.map((token) => ({ id: token, piece: toPiece(vocabulary.bytes(token)) })) };
}

/** Text, or the byte values where the token is not UTF-8 by itself. */
function toPiece(bytes: Uint8Array): string | number[] {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return [...bytes];
  }
}

function detokenize({ vocabulary }: Engine, body: unknown): JsonObject {
  const tokens: unknown = isObject(body) ? (body['tokens'] ?? []) : [];
  if (!Array.isArray(tokens) || !tokens.every((token): token is number => vocabulary.has(token))) {
    throw new WireError('invalid_request_error', 'Prompt contains invalid tokens');
  }
  return { content: vocabulary.detokenize(tokens) };
}

function json(answer: (exchange: Exchange) => unknown): Route {
  return async (exchange) => sendJson(exchange.response, await answer(exchange));
}

/** `undefined`: the client has left, nobody reads an answer. */
function sendUnlessGone(response: Exchange['response'], body: unknown): void {
  if (body !== undefined) sendJson(response, body);
}
