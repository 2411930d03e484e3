/**
 * The real engines that this machine has: conformance, haiku and determinism of each. Titles name no requirement, for whether
 * these run depends on the machine.
 */
import {
  describeFinding,
  describeLiveEngine,
  findLiveEngines,
  llamaServerProgram,
  liveTarget,
  runSuite,
  startEngine,
  suitePrompts,
} from '@llama-orch/determinism-suite';
import { startStack } from '@llama-orch/e2e-haiku';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { declareLiveCases } from './live-cases.ts';
import { faultsOfHaiku } from './live-haiku.ts';
import { type OpenEngine, openEngine } from './open-engine.ts';

const prompts = suitePrompts(16);

for (const engine of findLiveEngines(process.env)) {
  if (engine.kind === 'missing') {
    test(`${engine.name}: conformance, haiku and determinism`, (context) => context.skip(describeLiveEngine(engine)));
    continue;
  }
  describe(`${engine.name} (${engine.how})`, () => {
    let open: OpenEngine;
    beforeAll(async () => {
      open = await openEngine(engine, process.env);
    });
    afterAll(() => open?.close());

    declareLiveCases(() => open);

    test('writes the haiku of this minute through OrchQueue v1', async () => {
      const target = liveTarget(engine, process.env);
      const [poolId = ''] = target.pairs.flatMap(({ profile, first }) => (profile === 'v1' ? [first] : []));
      const pools = (target.stack.pools ?? []).filter(({ id }) => id === poolId);
      const stack = await startStack({ ...target.stack, pools });
      try {
        expect(await faultsOfHaiku(stack, target, poolId)).toEqual([]);
      } finally {
        await stack.stop();
      }
    });

    test('is equal to its other replica in every pass of the determinism suite', async () => {
      const { findings, equal } = await runSuite(liveTarget(engine, process.env), prompts);
      expect(findings.map(describeFinding)).toEqual([]);
      expect(equal).toBe(prompts.length);
    });

    if (engine.kind !== 'program') return;

    test('gives one vector for each input through OrchQueue v1, also of a model that names no pooling', async () => {
      const { stack: options, modelRef } = liveTarget(engine, process.env);
      const pool = { id: 'vectors', runtime: { kind: 'command' }, workloads: ['embedding'] };
      const stack = await startStack({ ...options, pools: [pool] });
      try {
        const vectorsOf = async (...inputs: string[]) => {
          const { task_id: taskId } = await stack.client.submit({ model_ref: modelRef, workload: 'embedding', inputs });
          return (await stack.client.waitForResult(taskId, { pollMs: 20 })).result?.embeddings ?? [];
        };
        const [sea, stone] = await vectorsOf('the sea', 'a stone');
        expect(Math.hypot(...(sea ?? []))).toBeCloseTo(1, 3);
        expect(stone).not.toEqual(sea);
        expect((await vectorsOf('a stone'))[0]?.[0]).toBeCloseTo(stone?.[0] ?? Number.NaN, 3);
      } finally {
        await stack.stop();
      }
    });

    test('fails a task whose engine is killed in mid-stream, and pretends no end', async () => {
      const { adapter, stop, kill } = await startEngine(llamaServerProgram(engine.path), 1);
      try {
        const kinds: string[] = [];
        const run = async (): Promise<void> => {
          const task = {
            workload: 'completion',
            taskId: 'k',
            prompt: `Copy "${'abc123'.repeat(20)}"\n`,
            maxTokens: 800,
            seed: 1,
            stop: [],
            samplerProfileVersion: 'v1-greedy',
            kvReuse: false,
          } as const;
          for await (const batch of adapter.submit(task, { signal: AbortSignal.timeout(30_000) }))
            for (const { kind } of batch) {
              kinds.push(kind);
              if (kind === 'token') kill();
            }
        };
        await expect(run()).rejects.toMatchObject({ name: 'WorkerError', kind: 'worker-reset' });
        expect(kinds).not.toContain('end');
      } finally {
        await stop();
      }
    });
  });
}
