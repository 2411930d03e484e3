/**
 * From a parsed request to its events: checks the length, waits for a slot, runs in the batcher, counts. Knows no HTTP;
 * the route gives callbacks and a signal that aborts when the client has gone.
 */
import { randomInt } from 'node:crypto';
import type { Batcher } from './batcher.ts';
import { commonPrefixLength } from './batcher.ts';
import { Completion, type TokenEvent } from './completion.ts';
import { type CompletionRequest, randomSeed, type SamplingParams } from './completion-request.ts';
import type { SamplerConfig } from './decoder.ts';
import { WireError } from './errors.ts';
import type { Metrics } from './metrics.ts';
import type { SlotPool, SlotTask } from './slots.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A request as `/slots` shows it; embeddings and ranks have no completion. */
export type WorkerTask = SlotTask & { readonly completion: Completion | undefined };

export type GenerationDeps = {
  readonly pool: SlotPool<WorkerTask>;
  readonly batcher: Batcher;
  readonly metrics: Metrics;
  readonly vocabulary: Vocabulary;
  /** Tokens that one slot holds. */
  readonly slotCtxTokens: number;
  readonly nextTaskId: () => number;
  /** Milliseconds, any origin. */
  readonly nowMs: () => number;
};

export type GenerationEvents = {
  /** The request has its slot and its prompt begins. */
  readonly onStart: () => void;
  readonly onToken: (event: TokenEvent) => void;
};

export type Generated = { readonly completion: Completion; readonly slot: number };

/**
 * Resolves when the slot is free again; `undefined` if `signal` aborted before the answer was complete.
 * @errors `exceed_context_size_error` at once; `server_error` when llama.cpp fails or the answer ends inside a character
 */
export async function generate(
  deps: GenerationDeps,
  request: CompletionRequest,
  promptTokens: readonly number[],
  events: GenerationEvents,
  signal: AbortSignal,
): Promise<Generated | undefined> {
  const { pool, batcher, metrics, vocabulary, slotCtxTokens, nowMs } = deps;
  checkLength(promptTokens, slotCtxTokens);
  const completion = new Completion({ request, promptTokens, vocabulary, ctxTokens: slotCtxTokens });
  const sampler = toSamplerConfig(request.sampling, promptTokens, vocabulary);
  const slot = await pool.claim(
    {
      idSlot: request.idSlot,
      promptTokens: promptTokens.length,
      cachedTokens: (candidate) => commonPrefixLength(batcher.kvTokens(candidate), promptTokens),
    },
    signal,
  );
  if (slot === undefined) return undefined;
  pool.describe(slot, { id: deps.nextTaskId(), completion });
  try {
    await batcher.run(
      {
        slot,
        prompt: promptTokens,
        cachePrompt: request.cachePrompt,
        sampler,
        onStart: (cachedTokens) => {
          completion.start(cachedTokens, nowMs());
          events.onStart();
        },
        onPrompt: (count) => completion.addPromptTokens(count),
        onToken: (token, kvTokens) => {
          const event = completion.addToken(token, kvTokens, nowMs());
          if (event !== undefined) events.onToken(event);
          return !completion.isDone;
        },
      },
      signal,
    );
  } finally {
    metrics.onEnd(completion.timings);
    pool.release(slot);
  }
  if (!completion.isDone) return undefined;
  if (completion.isCut) {
    throw new WireError('server_error', 'The model produced output that does not match the expected Content-only format');
  }
  return { completion, slot };
}

function checkLength(promptTokens: readonly number[], slotCtxTokens: number): void {
  if (promptTokens.length === 0) throw new WireError('invalid_request_error', 'the prompt has no tokens and the model adds none');
  if (promptTokens.length < slotCtxTokens) return;
  throw new WireError(
    'exceed_context_size_error',
    `request (${promptTokens.length} tokens) exceeds the available context size (${slotCtxTokens} tokens), try increasing it`,
    { n_prompt_tokens: promptTokens.length, n_ctx: slotCtxTokens },
  );
}

function toSamplerConfig(sampling: SamplingParams, promptTokens: readonly number[], vocabulary: Vocabulary): SamplerConfig {
  const logitBias = new Map<number, number>();
  for (const { token, bias } of sampling.logitBias) {
    const tokens = typeof token === 'string' ? vocabulary.tokenize(token, false, false) : [token];
    for (const one of tokens) if (vocabulary.has(one)) logitBias.set(one, bias);
  }
  if (sampling.ignoreEos) for (const token of vocabulary.endOfGenerationTokens()) logitBias.set(token, Number.NEGATIVE_INFINITY);
  return {
    // Never `randomSeed` itself: llama.cpp would draw again.
    seed: sampling.seed === randomSeed ? randomInt(randomSeed) : sampling.seed,
    temperature: sampling.temperature,
    topK: sampling.topK,
    topP: sampling.topP,
    minP: sampling.minP,
    repeatPenalty: sampling.repeatPenalty,
    presencePenalty: sampling.presencePenalty,
    frequencyPenalty: sampling.frequencyPenalty,
    penaltyHistory: sampling.repeatLastN === 0 ? [] : promptTokens.slice(-sampling.repeatLastN),
    penaltyTokens: sampling.repeatLastN,
    logitBias,
  };
}
