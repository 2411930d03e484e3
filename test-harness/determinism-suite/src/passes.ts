/**
 * The passes over all prompts: which replica is asked, in which order, and after what. The first is the reference that all
 * others are compared with. It compares nothing.
 */
import type { TaskRequest } from '@llama-orch/api-types';
import { eventually, type Stack } from '@llama-orch/e2e-haiku';
import type { SuitePrompt } from './prompts.ts';
import { type RecordedStream, recordStream } from './recorded-stream.ts';
import type { Pair, Target } from './target.ts';

export type PassInput = {
  readonly stack: Stack;
  readonly target: Target;
  readonly pair: Pair;
  readonly prompts: readonly SuitePrompt[];
  readonly signal: AbortSignal;
};

export const passNames = ['other-replica', 'other-order', 'crowd', 'after-reuse', 'after-restart'] as const;
export type PassName = (typeof passNames)[number];

type Pass<Name = PassName> = {
  readonly name: Name;
  /** What it shows, for the README and for who reads a difference. */
  readonly shows: string;
  run(input: PassInput): Promise<Streams>;
};

/** By prompt id. */
export type Streams = ReadonlyMap<string, RecordedStream>;

export const reference: Pass<'alone'> = {
  name: 'alone',
  shows: 'the first replica, one task at a time',
  run: (input) => oneByOne(input, input.prompts, input.pair.first),
};

/** @req ORCH-3050 */
export const passes: readonly Pass[] = [
  {
    name: 'other-replica',
    shows: 'the second replica, the other way round, one task at a time',
    run: (input) => oneByOne(input, input.prompts.toReversed(), input.pair.second),
  },
  {
    name: 'other-order',
    shows: 'the second replica, in the order of the reference',
    run: (input) => oneByOne(input, input.prompts, input.pair.second),
  },
  {
    name: 'crowd',
    shows: 'all at once; whichever replica is free takes the next',
    run: (input) => atOnce(input, (nth) => (input.target.isOurs ? undefined : nth % 2 === 0 ? input.pair.second : input.pair.first)),
  },
  {
    name: 'after-reuse',
    shows: 'the second replica, each prompt right after a task that may reuse KV left it in the cache',
    run: afterReuse,
  },
  {
    name: 'after-restart',
    shows: 'the second replica in a new process, after a kill -9',
    async run(input) {
      if (input.target.isOurs) await restart(input.stack, input.pair.second);
      return oneByOne(input, input.prompts, input.pair.second);
    },
  },
];

async function oneByOne(input: PassInput, prompts: readonly SuitePrompt[], poolId: string): Promise<Streams> {
  const streams = new Map<string, RecordedStream>();
  for (const prompt of prompts)
    streams.set(prompt.id, await recordStream(input.stack.client, toRequest(input, prompt, poolId), input.signal));
  return streams;
}

async function atOnce(input: PassInput, poolOf: (nth: number) => string | undefined): Promise<Streams> {
  const all = input.prompts.map(
    async (prompt, nth) =>
      [prompt.id, await recordStream(input.stack.client, toRequest(input, prompt, poolOf(nth)), input.signal)] as const,
  );
  return new Map(await Promise.all(all));
}

/** Each prompt once with reuse, so that the cache holds just what the strict task then must not take from it. */
async function afterReuse(input: PassInput): Promise<Streams> {
  const streams = new Map<string, RecordedStream>();
  for (const prompt of input.prompts) {
    const request = toRequest(input, prompt, input.pair.second);
    await recordStream(input.stack.client, { ...request, max_tokens: 1, determinism: 'best_effort', kv_hint: 'reuse' }, input.signal);
    streams.set(prompt.id, await recordStream(input.stack.client, request, input.signal));
  }
  return streams;
}

async function restart(stack: Stack, poolId: string): Promise<void> {
  const { start_count: before } = await stack.client.poolHealth(poolId);
  stack.signalWorker(poolId, 'SIGKILL');
  const isBack = async (): Promise<boolean> => {
    const { ready, start_count: now } = await stack.client.poolHealth(poolId);
    return ready && now > before;
  };
  await eventually(`pool ${poolId} to be Ready again`, isBack, { withinMs: 60_000, describe: () => stack.describe() });
}

function toRequest({ target, pair }: PassInput, { text, seed, maxTokens }: SuitePrompt, poolId: string | undefined): TaskRequest {
  return {
    model_ref: target.modelRef,
    prompt: text,
    max_tokens: maxTokens,
    seed,
    sampler_profile_version: pair.profile,
    determinism: 'strict',
    ...(poolId !== undefined && { pin_pool_id: poolId }),
  };
}
