import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMockEngine } from '@llama-orch/adapter-mock';
import { eventually, startStack } from '@llama-orch/e2e-haiku';
import { afterAll, expect, test } from 'vitest';
import { describeFinding } from './diff-file.ts';
import { findLiveEngines } from './live-engines.ts';
import { suitePrompts } from './prompts.ts';
import { runSuite } from './run-suite.ts';
import { liveTarget } from './targets/live.ts';
import type { Target } from './target.ts';
import { type SimulatorName, simulatorNames, type SimulatorOptions, simulatorTarget } from './targets/simulators.ts';

const dir = mkdtempSync(join(tmpdir(), 'llama-orch-determinism-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Seeded sampling alone: what sampling adds to greedy decoding is the engine's, and these are none. */
const sampledTarget = (name: SimulatorName, options: SimulatorOptions): Target => {
  const target = simulatorTarget(name, options);
  const isSampled = ({ id }: { readonly id: string }): boolean => id === 'v1-a' || id === 'v1-b';
  const stack = { ...target.stack, pools: (target.stack.pools ?? []).filter(isSampled) };
  return { ...target, stack, pairs: target.pairs.filter(({ profile }) => profile === 'v1') };
};

/** `trtllm-serve` is another front of the fourth engine; `ci:determinism` runs it too. */
const engines = simulatorNames.filter((name) => name !== 'trtllm-serve-simulator');

test.each(engines)('[ORCH-3050] two processes of the %s are equal in every pass', async (name) => {
  const { findings, ...outcome } = await runSuite(sampledTarget(name, { dir }), suitePrompts(8));
  expect(findings.map(describeFinding)).toEqual([]);
  expect(outcome).toMatchObject({ prompts: 8, equal: 8, compared: 8 * 5 });
});

test('[ORCH-3050] engines that somebody runs, by URL, are compared in turns by pinned pools, and found unlike where they are', async () => {
  const [one, other] = await Promise.all(
    [0, 1].map((weights) => startMockEngine({ wire: 'vllm', modelName: 'm', weights, script: { engineVersion: 'v1' } })),
  );
  if (one === undefined || other === undefined) throw new Error('no engines');
  try {
    const target = (urls: string) => {
      const engine = findLiveEngines({ VLLM_URL: urls }, dir).find(({ name }) => name === 'vllm');
      if (engine?.kind !== 'urls') throw new Error('not found');
      return liveTarget(engine, { VLLM_MODEL: 'm', VLLM_CTX: '4096' });
    };
    expect(await runSuite(target(one.url), suitePrompts(2))).toMatchObject({ equal: 2, compared: 20, findings: [] });
    const { findings } = await runSuite(target(`${one.url},${other.url}`), suitePrompts(1), { only: ['other-replica'] });
    expect(findings.map(({ profile, difference }) => [profile, difference.token])).toEqual([
      ['v1-greedy', 0],
      ['v1', 0],
    ]);
  } finally {
    await Promise.all([one.stop(), other.stop()]);
  }
});

test('[ORCH-3050] one token in 10,000 that is another one is caught, with its prompt, its seed and its neighbours', async () => {
  const target = sampledTarget('llamacpp-simulator', { dir: join(dir, 'flip'), secondHas: ['--fault', 'flip-token'] });
  // Two passes over the broken replica are more than 10,000 tokens.
  const { findings, equal } = await runSuite(target, suitePrompts(), { only: ['other-replica', 'other-order'] });
  expect(findings.map(({ pass }) => pass)).toEqual(['other-order']);
  expect(equal).toBe(63);
  const [finding] = findings;
  if (finding === undefined) throw new Error('no finding');
  const { expected, got, difference, prompt } = finding;
  expect(difference.kind).toBe('text');
  expect(got.tokens.filter((text, nth) => text !== expected.tokens[nth])).toEqual([got.tokens[difference.token]]);
  expect(describeFinding(finding)).toContain(
    `${prompt.id} (seed ${prompt.seed}, v1, other-order): text differs at token ${difference.token}`,
  );
  expect(difference.got).toContain(`[${JSON.stringify(got.tokens[difference.token])}]`);
});

test('[ORCH-3007] [ORCH-3050] a replica of another engine version is not Ready in its lane, and is never of its set', async () => {
  const options = { dir: join(dir, 'version'), secondHas: ['--engine-version', 'mock-2'] };
  const stack = await startStack({ ...sampledTarget('llamacpp-simulator', options).stack, awaitPools: [] });
  try {
    // The first to be Ready says which version the lane has.
    const refused = async () => {
      const pools = await Promise.all(['v1-a', 'v1-b'].map((id) => stack.client.poolHealth(id)));
      return pools.find(({ last_error: error }) => /engine version mock-[12]/.test(error?.message ?? ''))?.pool_id;
    };
    const outside = await eventually('one of both to be refused', refused, { describe: () => stack.describe() });
    const { replica_sets: sets } = await stack.client.replicaSets();
    const inside = sets.flatMap(({ replicas }) => replicas.filter(({ state }) => state === 'ready').map(({ pool_id: poolId }) => poolId));
    expect([...inside, outside].toSorted()).toEqual(['v1-a', 'v1-b']);
  } finally {
    await stack.stop();
  }
  const loose = sampledTarget('llamacpp-simulator', { ...options, pool: { require_same_engine_version: false } });
  await expect(runSuite(loose, suitePrompts(1))).rejects.toThrow(/expected v1-a and v1-b in one replica set, got sha256:\w+ and sha256:/);
});
