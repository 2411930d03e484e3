/**
 * How equal llama.cpp is with more than one slot: the same prompts at 1, 2 and 4 slots, alone and beside others, with and
 * without reuse of the prompt cache. It speaks to the engine directly, through its adapter: what is measured is the engine.
 */
import { availableParallelism, cpus } from 'node:os';
import type { WorkerAdapter } from '@llama-orch/adapter-api';
import { firstDifference } from '../difference.ts';
import type { LiveEngine } from '../live-engines.ts';
import type { SuitePrompt } from '../prompts.ts';
import { type Profile, profiles } from '../target.ts';
import { embeddedProgram, type EngineProgram, llamaServerProgram, startEngine } from './engine-program.ts';

export type MeasuredRow = {
  readonly engine: string;
  readonly engineVersion: string;
  readonly slots: number;
  /** Requests in flight at a time: 1, or as many as there are slots. */
  readonly neighbours: boolean;
  readonly reuse: boolean;
  /** Streams that are those of one slot, alone, without reuse. */
  readonly equal: number;
  readonly streams: number;
  /** Prompt tokens that came out of the cache. */
  readonly cachedTokens: number;
};

export type Measured = { readonly cpu: string; readonly cores: number; readonly prompts: number; readonly rows: readonly MeasuredRow[] };

export type MeasureOptions = { readonly signal: AbortSignal; readonly tell: (line: string) => void };

export const measuredSlots = [1, 2, 4] as const;

type Answer = {
  readonly tokens: readonly string[];
  readonly finishReason: 'stop' | 'length';
  readonly tokensOut: number;
  readonly cachedTokens: number;
};

/** @req ORCH-3045 */
export async function measureSlots(
  prompts: readonly SuitePrompt[],
  live: readonly LiveEngine[],
  options: MeasureOptions,
): Promise<Measured> {
  const rows: MeasuredRow[] = [];
  for (const program of programsOf(live)) rows.push(...(await measureEngine(program, prompts, options)));
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), prompts: prompts.length, rows };
}

function programsOf(live: readonly LiveEngine[]): readonly EngineProgram[] {
  return [embeddedProgram, ...live.flatMap((engine) => (engine.kind === 'program' ? [llamaServerProgram(engine.path)] : []))];
}

async function measureEngine(
  program: EngineProgram,
  prompts: readonly SuitePrompt[],
  options: MeasureOptions,
): Promise<readonly MeasuredRow[]> {
  const rows: MeasuredRow[] = [];
  let wanted: ReadonlyMap<string, Answer> | undefined;
  for (const slots of measuredSlots) {
    for (const reuse of [false, true]) {
      for (const neighbours of slots === 1 ? [false] : [false, true]) {
        // A fresh process each: no figure depends on what was in a cache before.
        const engine = await startEngine(program, slots);
        try {
          const engineVersion = await engine.adapter.engineVersion(options.signal);
          const answers = await runRound(engine.adapter, prompts, { reuse, limit: neighbours ? slots : 1, signal: options.signal });
          const reference = (wanted ??= answers);
          const equal = [...answers].filter(([id, answer]) => {
            const expected = reference.get(id);
            return expected !== undefined && firstDifference(expected, answer) === null;
          }).length;
          const cachedTokens = [...answers.values()].reduce((sum, answer) => sum + answer.cachedTokens, 0);
          rows.push({ engine: program.name, engineVersion, slots, neighbours, reuse, equal, streams: answers.size, cachedTokens });
          options.tell(`${program.name} slots ${slots} neighbours ${neighbours} reuse ${reuse}: ${equal} of ${answers.size}`);
        } finally {
          await engine.stop();
        }
      }
    }
  }
  return rows;
}

type Round = { readonly reuse: boolean; readonly limit: number; readonly signal: AbortSignal };

/** Every prompt, greedy and sampled, so many in flight at a time. */
async function runRound(
  adapter: WorkerAdapter,
  prompts: readonly SuitePrompt[],
  { reuse, limit, signal }: Round,
): Promise<ReadonlyMap<string, Answer>> {
  // Neighbours in the list have as much in common as there is: a slot keeps the last prompt only.
  const sorted = prompts.toSorted((one, other) => one.sharedPrefix.localeCompare(other.sharedPrefix));
  const waiting = sorted.flatMap((prompt) => profiles.map((profile) => ({ profile, prompt })));
  const answers = new Map<string, Answer>();
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      answers.set(`${next.prompt.id} ${next.profile}`, await answerOf(adapter, next.prompt, next.profile, reuse, signal));
  };
  await Promise.all(Array.from({ length: limit }, lane));
  return answers;
}

async function answerOf(
  adapter: WorkerAdapter,
  prompt: SuitePrompt,
  profile: Profile,
  kvReuse: boolean,
  signal: AbortSignal,
): Promise<Answer> {
  const { id: taskId, text, maxTokens, seed } = prompt;
  const tokens: string[] = [];
  const task = {
    workload: 'completion',
    taskId,
    prompt: text,
    maxTokens,
    seed,
    stop: [],
    samplerProfileVersion: profile,
    kvReuse,
  } as const;
  for await (const batch of adapter.submit(task, { signal }))
    for (const event of batch) {
      if (event.kind === 'token') tokens.push(event.text);
      if (event.kind === 'end')
        return { tokens, finishReason: event.finishReason, tokensOut: event.tokensOut, cachedTokens: event.cachedTokens };
    }
  throw new Error(`expected an end of the answer to ${taskId}`);
}
