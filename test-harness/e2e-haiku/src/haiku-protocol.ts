/**
 * The haiku protocol: one challenge through OrchQueue v1, the engine's own counters read before and after, and the judgement.
 * It asks the engine itself for counters and evidence only; the answer comes through the public API.
 */
import type { StreamEnd, StreamStarted } from '@llama-orch/api-types';
import type { OrchClient } from '@llama-orch/openapi-client';
import { evidenceAgainst, generatedTokens } from './engine-evidence.ts';
import type { HaikuChallenge } from './haiku-challenge.ts';
import type { WorkerHandle } from './worker-record.ts';

/** From the task's submission to its last token (ORCH-3059). */
const answerWithinMs = 30_000;

export type HaikuRun = {
  readonly text: string;
  readonly started: StreamStarted;
  readonly end: StreamEnd;
  readonly tookMs: number;
  /** Rise of the engine's own counter of generated tokens while the task ran. */
  readonly counterRise: number;
  /** What was expected of the answer and of the engine, and not found; empty when all is well. */
  readonly faults: readonly string[];
};

export type HaikuOptions = {
  readonly client: OrchClient;
  /** The worker of each pool that may take the task, by pool id. */
  readonly workers: ReadonlyMap<string, WorkerHandle>;
  readonly challenge: HaikuChallenge;
  readonly modelRef: string;
  readonly samplerProfileVersion: string;
};

/**
 * Run one challenge.
 *
 * @throws Error where the task is refused, or fails before there is anything to judge.
 * @req ORCH-3059
 */
export async function runHaiku({ client, workers, challenge, modelRef, samplerProfileVersion }: HaikuOptions): Promise<HaikuRun> {
  const countersBefore = await readCounters(workers);
  const startedAtMs = performance.now();
  const signal = AbortSignal.timeout(answerWithinMs);
  const { task_id: taskId } = await client.submit(
    { model_ref: modelRef, prompt: challenge.prompt, max_tokens: 96, sampler_profile_version: samplerProfileVersion },
    { signal },
  );
  let text = '';
  let started: StreamStarted | undefined;
  let end: StreamEnd | undefined;
  for await (const event of client.streamTask(taskId, { signal })) {
    if (event.event === 'started') started = event.data;
    if (event.event === 'token') text += event.data.t;
    if (event.event === 'end') end = event.data;
    if (event.event === 'error') throw new Error(`the haiku task failed: ${event.data.code}: ${event.data.message}`);
  }
  const tookMs = performance.now() - startedAtMs;
  if (started === undefined || end === undefined) throw new Error('expected `started` and `end` in the stream of the haiku task');
  const worker = workers.get(started.pool_id);
  if (worker === undefined) throw new Error(`expected a pool of ${[...workers.keys()].join(', ')}, the task ran on ${started.pool_id}`);
  const counterRise = (await generatedTokens(worker.url)) - (countersBefore.get(started.pool_id) ?? Number.NaN);
  const faults = [
    ...faultsOfAnswer(text, challenge),
    ...(tookMs <= answerWithinMs ? [] : [`an answer within ${answerWithinMs} ms, it took ${Math.round(tookMs)}`]),
    ...(end.finish_reason === 'stop' ? [] : [`an answer that ends by itself, got ${end.finish_reason}`]),
    ...(counterRise > 0 && counterRise === end.tokens_out
      ? []
      : [`the engine's token counter to rise by the ${end.tokens_out} tokens of the answer, it rose by ${counterRise}`]),
    ...(await evidenceAgainst(worker, challenge.prompt)),
  ];
  return { text, started, end, tookMs, counterRise, faults };
}

/** What an answer lacks: three lines with something in them, the minute's words and the nonce as they were asked for. */
export function faultsOfAnswer(text: string, { minute, nonce }: Pick<HaikuChallenge, 'minute' | 'nonce'>): readonly string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return [
    ...(lines.length >= 3 ? [] : [`at least 3 non-empty lines, got ${lines.length}`]),
    ...(hasWord(text, minute) ? [] : [`the minute "${minute}"`]),
    ...(text.includes(nonce) ? [] : [`the nonce "${nonce}" verbatim`]),
  ];
}

/** `six` is not in `sixteen`, nor `forty` in `forty-two`. */
function hasWord(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(text);
}

async function readCounters(workers: ReadonlyMap<string, WorkerHandle>): Promise<ReadonlyMap<string, number>> {
  return new Map(await Promise.all([...workers].map(async ([id, { url }]) => [id, await generatedTokens(url)] as const)));
}
