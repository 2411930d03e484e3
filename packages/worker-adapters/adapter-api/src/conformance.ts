/**
 * The conformance suite: what every adapter must do, shown against a scripted engine that speaks its protocol. It owns the
 * list of cases; it knows no engine's wire.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest';
import { callCases } from './conformance/call-cases.ts';
import { cancelCases } from './conformance/cancel-cases.ts';
import { failureCases } from './conformance/failure-cases.ts';
import { framingCases } from './conformance/framing-cases.ts';
import { type CountsAre, Harness, type EngineUnderTest, type LoadingIs } from './conformance/harness.ts';
import { poolingCases } from './conformance/pooling-cases.ts';
import { streamCases } from './conformance/stream-cases.ts';
import type { CreateAdapter } from './worker-adapter.ts';

export { type EngineUnderTest, engineSlots } from './conformance/harness.ts';
export type * from './engine-control.ts';

const cases = { ...streamCases, ...framingCases, ...failureCases, ...cancelCases, ...callCases, ...poolingCases };

export type ConformanceCase = keyof typeof cases;

export type ConformanceOptions = {
  readonly name: string;
  readonly createAdapter: CreateAdapter;
  /** Start a scripted engine with `engineSlots` slots and at least 2,048 tokens of context. Called a few times. */
  readonly start: () => Promise<EngineUnderTest>;
  /** What `health` says of an engine that loads: most answer so, some take no connection yet. Default `loading`. */
  readonly loadingIs?: LoadingIs;
  /** How well the engine counts tokens on the way. Default `exact`. */
  readonly countsAre?: CountsAre;
  /** Cases that cannot hold, each with its reason, which becomes part of the test's name. */
  readonly skips?: Partial<Readonly<Record<ConformanceCase, string>>>;
};

/** One case takes 5 s at the very most, on a slow machine too. */
const timeoutMs = 30_000;

/**
 * Declare the suite for one adapter, in a vitest file of its package.
 *
 * @req ORCH-3057
 */
export const describeConformance = ({ name, createAdapter, start, skips = {}, ...engine }: ConformanceOptions): void => {
  describe(`[ORCH-3057] ${name} keeps the worker contract`, () => {
    const harness = new Harness(createAdapter, start, { loadingIs: 'loading', countsAre: 'exact', ...engine });
    beforeAll(() => harness.open(), timeoutMs);
    afterAll(() => harness.close(), timeoutMs);
    beforeEach(() => harness.reset());
    afterEach(() => harness.closeAdapters());
    for (const [title, run] of Object.entries(cases)) {
      const reason = new Map<string, string | undefined>(Object.entries(skips)).get(title);
      if (reason === undefined) test(title, () => run(harness), timeoutMs);
      else test(title, (context) => context.skip(reason));
    }
  });
};

/**
 * Run one case alone, for who wants to know whether the suite sees a fault that an adapter has.
 *
 * @returns Rejects with what the case found.
 */
export const runConformanceCase = async (
  title: ConformanceCase,
  { createAdapter, start, ...engine }: Omit<ConformanceOptions, 'name' | 'skips'>,
): Promise<void> => {
  const harness = new Harness(createAdapter, start, { loadingIs: 'loading', countsAre: 'exact', ...engine });
  await harness.open();
  try {
    await harness.reset();
    await cases[title](harness);
    await harness.closeAdapters();
  } finally {
    await harness.close();
  }
};
