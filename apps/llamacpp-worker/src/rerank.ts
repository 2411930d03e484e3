/** POST /v1/rerank and its other names: documents sorted by relevance to a query, one after the other, each in a slot. */
import { tooLong } from './embedding.ts';
import type { Engine } from './engine.ts';
import { WireError } from './errors.ts';
import { isObject, type JsonObject } from './json.ts';
import type { SlotWork } from './slot-work.ts';

export type RerankDeps = { readonly engine: Engine; readonly work: SlotWork };

/**
 * Jina's form with `documents`, TEI's with `texts`. `undefined` when `signal` aborted.
 * @errors 501 without `--rerank`, 400 for bad input, 500 for a document that is too long
 */
export async function rerank(deps: RerankDeps, readBody: () => Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  const { engine, work } = deps;
  const { ranker, info } = engine;
  if (ranker === undefined) {
    throw new WireError('not_supported_error', 'This server does not support reranking. Start it with `--reranking`');
  }
  const body = await readBody();
  const fields: JsonObject = isObject(body) ? body : {};
  const { query, documents, topN, isTei } = parseRerankRequest(fields);
  const scored: { readonly index: number; readonly score: number }[] = [];
  let tokens = 0;
  for (const [index, document] of documents.entries()) {
    const length = ranker.countTokens(query, document);
    if (length > ranker.maxTokens) throw tooLong(length, ranker.maxTokens);
    const score = await work(length, signal, () => ranker.score(query, document));
    if (score === undefined) return undefined;
    scored.push({ index, score });
    tokens += length;
  }
  const best = scored.toSorted((a, b) => b.score - a.score).slice(0, topN);
  if (isTei) {
    const withText = fields['return_text'] === true;
    return best.map(({ index, score }) => ({ index, score, ...(withText && { text: documents[index] }) }));
  }
  return {
    model: fields['model'] ?? info.alias,
    object: 'list',
    usage: { prompt_tokens: tokens, total_tokens: tokens },
    results: best.map(({ index, score }) => ({ index, relevance_score: score })),
  };
}

function parseRerankRequest(fields: JsonObject): { query: string; documents: readonly string[]; topN: number; isTei: boolean } {
  const query = fields['query'];
  if (query === undefined) throw new WireError('invalid_request_error', '"query" must be provided');
  if (typeof query !== 'string') throw new WireError('invalid_request_error', '"query" must be a string');
  const documents = fields['documents'] ?? fields['texts'];
  if (!Array.isArray(documents) || documents.length === 0 || !documents.every((document) => typeof document === 'string')) {
    throw new WireError('invalid_request_error', '"documents" must be a non-empty string array');
  }
  const topN = fields['top_n'];
  return { query, documents, topN: typeof topN === 'number' ? topN : documents.length, isTei: 'texts' in fields };
}
