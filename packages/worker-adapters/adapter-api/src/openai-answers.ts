/**
 * Answers of the OpenAI form of embeddings, and of the rerank form that goes with it, which several engines share. It owns their
 * shape; paths and requests are the adapters'.
 */
import { EngineJson } from './engine-json.ts';

/**
 * One vector per input, in the inputs' order: the answer's `index` counts, not its place.
 *
 * @param body - Of `POST /v1/embeddings`.
 */
export const toOpenAiEmbeddings = (
  body: unknown,
  inputs: number,
): { readonly embeddings: readonly (readonly number[])[]; readonly tokensIn: number } => {
  const answer = new EngineJson(body, 'POST /v1/embeddings');
  const embeddings = byIndex(answer.get('data').array(), inputs, (entry) => entry.get('embedding').numbers());
  return { embeddings, tokensIn: answer.get('usage').get('prompt_tokens').integer() };
};

/**
 * One score per document in the documents' order; engines answer in the order of the scores.
 *
 * @param body - Of `POST /v1/rerank`.
 */
export const toOpenAiScores = (body: unknown, documents: number): { readonly scores: readonly number[]; readonly tokensIn: number } => {
  const answer = new EngineJson(body, 'POST /v1/rerank');
  const scores = byIndex(answer.get('results').array(), documents, (entry) => entry.get('relevance_score').number());
  return { scores, tokensIn: answer.get('usage').get('prompt_tokens').integer() };
};

const byIndex = <T>(entries: readonly EngineJson[], count: number, read: (entry: EngineJson) => T): readonly T[] => {
  const found = new Map(entries.map((entry) => [entry.get('index').integer(), entry]));
  return Array.from({ length: count }, (_, index) => read(found.get(index) ?? new EngineJson(undefined, `result ${index} of ${count}`)));
};
