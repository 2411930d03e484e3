/** Embeddings and rerank of vLLM's server. It owns their bodies. */
import { scoreOf, textsOf, vectorOf } from './text.ts';
import { sumTokens } from './vllm-completion.ts';
import { type Json, replyError } from './vllm-refusals.ts';
import type { VllmStats } from './vllm-stats.ts';
import { answerWhole } from './whole-answer.ts';
import { type Exchange, replyJson, type WireContext } from './wire.ts';

export const embed = (context: WireContext, stats: VllmStats, exchange: Exchange, body: Json): void => {
  const { input } = body;
  const inputs = typeof input === 'string' ? [input] : textsOf(input);
  if (inputs.length === 0) {
    replyError(exchange, 400, 'BadRequestError', 'Please provide at least one input.');
    return;
  }
  if (body['normalize'] !== undefined) {
    replyError(exchange, 400, 'BadRequestError', '`normalize` was removed; use `use_activation`.', 'normalize');
    return;
  }
  const tokens = sumTokens(inputs);
  // Out of order on purpose: the index is what counts.
  const data = inputs.map((text, index) => ({ index, object: 'embedding', embedding: vectorOf(text) })).toReversed();
  read(context, stats, exchange, inputs, {
    id: 'embd-1',
    object: 'list',
    created: 1,
    model: context.limits.modelName,
    data,
    usage: { prompt_tokens: tokens, total_tokens: tokens, completion_tokens: 0, prompt_tokens_details: null },
  });
};

export const rerank = (context: WireContext, stats: VllmStats, exchange: Exchange, body: Json): void => {
  const { query, top_n: topN } = body;
  const documents = textsOf(body['documents']);
  if (typeof query !== 'string' || documents.length === 0) {
    replyError(exchange, 400, 'BadRequestError', 'query and documents must be given.');
    return;
  }
  const tokens = sumTokens(documents) + sumTokens([query]) * documents.length;
  const results = documents
    .map((text, index) => ({ index, document: { text, multi_modal: null }, relevance_score: scoreOf(query, text) }))
    .toSorted((a, b) => b.relevance_score - a.relevance_score)
    .slice(0, typeof topN === 'number' && topN > 0 ? topN : documents.length);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  read(context, stats, exchange, [query, ...documents], { id: 'score-1', model: context.limits.modelName, usage, results });
};

const read = (context: WireContext, stats: VllmStats, exchange: Exchange, inputs: readonly string[], answer: Json): void => {
  answerWhole({
    context,
    exchange,
    request: { prompt: inputs.join('\n'), tokensIn: sumTokens(inputs), maxTokens: 0, seed: null },
    reply: () => {
      stats.onStep();
      replyJson(exchange.response, 200, answer);
    },
    replyFailure: (message) => replyError(exchange, 500, 'InternalServerError', message),
  });
};
