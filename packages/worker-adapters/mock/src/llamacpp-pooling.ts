/** Embeddings and rerank of llama.cpp's server, in its native, its OpenAI and its TEI form. It owns their bodies. */
import { type Json, replyError } from './llamacpp-refusals.ts';
import { promptTokens, scoreOf, textsOf, vectorOf } from './text.ts';
import { answerWhole } from './whole-answer.ts';
import { type Exchange, replyJson, type WireContext } from './wire.ts';

export const embedOpenAi = (context: WireContext, exchange: Exchange, body: Json): void => {
  const inputs = inputsOf(body['input'] ?? body['content']);
  if (inputs === null) {
    replyError(exchange, 500, 'server_error', '"prompt" must not be empty');
    return;
  }
  const tokens = sumTokens(inputs);
  const isBase64 = body['encoding_format'] === 'base64';
  // Out of order on purpose: the index is what counts.
  const data = inputs
    .map((input, index) => ({
      embedding: isBase64 ? base64Of(vectorOf(input)) : vectorOf(input),
      index,
      object: 'embedding',
      ...(isBase64 ? { encoding_format: 'base64' } : {}),
    }))
    .toReversed();
  const model = typeof body['model'] === 'string' ? body['model'] : context.limits.modelName;
  read(context, exchange, inputs, { model, object: 'list', usage: { prompt_tokens: tokens, total_tokens: tokens }, data });
};

/** One array of vectors for each input, and no usage. */
export const embedNative = (context: WireContext, exchange: Exchange, body: Json): void => {
  const inputs = inputsOf(body['content'] ?? body['input']);
  if (inputs === null) {
    replyError(exchange, 500, 'server_error', '"prompt" must not be empty');
    return;
  }
  read(
    context,
    exchange,
    inputs,
    inputs.map((input, index) => ({ index, embedding: [vectorOf(input)] })),
  );
};

export const rerank = (context: WireContext, exchange: Exchange, body: Json): void => {
  const { query, top_n: topN } = body;
  const isTei = body['documents'] === undefined && Array.isArray(body['texts']);
  const documents = textsOf(isTei ? body['texts'] : body['documents']);
  if (typeof query !== 'string') {
    replyError(exchange, 400, 'invalid_request_error', '"query" must be provided');
    return;
  }
  if (documents.length === 0) {
    replyError(exchange, 400, 'invalid_request_error', '"documents" must be a non-empty string array');
    return;
  }
  const ranked = documents
    .map((document, index) => ({ index, document, score: scoreOf(query, document) }))
    .toSorted((a, b) => b.score - a.score)
    .slice(0, typeof topN === 'number' ? topN : documents.length);
  const tokens = sumTokens(documents) + promptTokens(query) * documents.length;
  const answer = isTei
    ? ranked.map(({ index, score, document }) => ({ index, score, ...(body['return_text'] === true ? { text: document } : {}) }))
    : {
        model: context.limits.modelName,
        object: 'list',
        usage: { prompt_tokens: tokens, total_tokens: tokens },
        results: ranked.map(({ index, score }) => ({ index, relevance_score: score })),
      };
  read(context, exchange, [query, ...documents], answer);
};

const read = (context: WireContext, exchange: Exchange, inputs: readonly string[], answer: unknown): void => {
  answerWhole({
    context,
    exchange,
    request: { prompt: inputs.join('\n'), tokensIn: sumTokens(inputs), maxTokens: 0, seed: null },
    reply: () => replyJson(exchange.response, 200, answer),
    replyFailure: (message) => replyError(exchange, 500, 'server_error', message),
  });
};

const inputsOf = (value: unknown): readonly string[] | null => {
  const inputs = typeof value === 'string' ? [value] : textsOf(value);
  return inputs.length === 0 ? null : inputs;
};

const sumTokens = (inputs: readonly string[]): number => inputs.reduce((sum, input) => sum + promptTokens(input), 0);

const base64Of = (vector: readonly number[]): string => Buffer.from(Float32Array.from(vector).buffer).toString('base64');
