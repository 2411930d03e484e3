/**
 * The suite on one target: a stack of real processes, every pass for both profiles, and what of it was not equal. It writes
 * nothing.
 */
import { type Stack, type StackOptions, startStack } from '@llama-orch/e2e-haiku';
import { type Difference, firstDifference } from './difference.ts';
import { type PassInput, type PassName, passes, reference } from './passes.ts';
import type { SuitePrompt } from './prompts.ts';
import type { RecordedStream } from './recorded-stream.ts';
import type { Pair, Profile, Target } from './target.ts';

/** One stream that is not what it should be. */
export type Finding = {
  readonly prompt: SuitePrompt;
  readonly profile: Profile;
  readonly pass: PassName;
  readonly difference: Difference;
  readonly expected: RecordedStream;
  readonly got: RecordedStream;
};

export type Outcome = {
  readonly target: Target;
  readonly engineVersion: string;
  readonly prompts: number;
  /** Prompts all of whose streams were equal. */
  readonly equal: number;
  /** Streams compared with their reference. */
  readonly compared: number;
  /** Streams that ran on a replica whose cache was in use; for `strict` tasks none. */
  readonly warm: number;
  readonly tokens: number;
  readonly findings: readonly Finding[];
};

export type RunOptions = {
  /** Passes to run besides the reference; default all. */
  readonly only?: readonly PassName[];
  readonly signal?: AbortSignal;
  readonly tell?: (line: string) => void;
};

/**
 * @throws Error where the two replicas are not of one set, or a task fails.
 * @req ORCH-3045, ORCH-3050
 */
export async function runSuite(target: Target, prompts: readonly SuitePrompt[], options: RunOptions = {}): Promise<Outcome> {
  const streams: RecordedStream[] = [];
  const findings: Finding[] = [];
  let compared = 0;
  for (const pairs of target.isOurs ? [target.pairs] : target.pairs.map((pair) => [pair])) {
    const stack = await startStack(stackOf(target, pairs));
    try {
      for (const pair of pairs) {
        const result = await comparePair({ stack, target, pair, prompts, signal: options.signal ?? new AbortController().signal }, options);
        streams.push(...result.streams);
        findings.push(...result.findings);
        compared += result.compared;
      }
    } finally {
      await stack.stop();
    }
  }
  return {
    target,
    engineVersion: streams[0]?.engineVersion ?? 'unknown',
    prompts: prompts.length,
    equal: prompts.length - new Set(findings.map(({ prompt }) => prompt.id)).size,
    compared,
    warm: streams.filter((stream) => stream.warm).length,
    tokens: streams.reduce((sum, { tokens }) => sum + tokens.length, 0),
    findings,
  };
}

function stackOf({ stack }: Target, pairs: readonly Pair[]): StackOptions {
  const ids = new Set(pairs.flatMap(({ first, second }) => [first, second]));
  return { ...stack, pools: (stack.pools ?? []).filter(({ id }) => ids.has(id)) };
}

type PairResult = { readonly streams: readonly RecordedStream[]; readonly findings: readonly Finding[]; readonly compared: number };

async function comparePair(input: PassInput, { only, tell = () => {} }: RunOptions): Promise<PairResult> {
  const { stack, target, pair, prompts } = input;
  if (target.isOurs) await requireOneSet(stack, pair);
  const expected = await reference.run(input);
  const all = [...expected.values()];
  const findings: Finding[] = [];
  let compared = 0;
  for (const pass of passes.filter(({ name }) => only?.includes(name) ?? true)) {
    const streams = await pass.run(input);
    all.push(...streams.values());
    const unlike = prompts.flatMap((prompt) => {
      const [wanted, got] = [expected.get(prompt.id), streams.get(prompt.id)];
      if (wanted === undefined || got === undefined) throw new Error(`expected a stream of ${prompt.id} in ${pass.name}`);
      compared += 1;
      const difference = firstDifference(wanted, got);
      return difference === null ? [] : [{ prompt, profile: pair.profile, pass: pass.name, difference, expected: wanted, got }];
    });
    tell(`${target.name} ${pair.profile} ${pass.name}: ${prompts.length - unlike.length} of ${prompts.length} equal`);
    findings.push(...unlike);
  }
  return { streams: all, findings, compared };
}

/** A comparison of replicas that the controller would never mix says nothing. */
async function requireOneSet({ client }: Stack, { first, second }: Pair): Promise<void> {
  const { replica_sets: sets } = await client.replicaSets();
  const setOf = (poolId: string): string | undefined => sets.find(({ replicas }) => replicas.some((each) => each.pool_id === poolId))?.id;
  if (setOf(first) === undefined || setOf(first) !== setOf(second))
    throw new Error(`expected ${first} and ${second} in one replica set, got ${setOf(first) ?? 'none'} and ${setOf(second) ?? 'none'}`);
}
