import { startMockEngine } from '@llama-orch/adapter-mock';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createChallenge, type HaikuChallenge, minuteInAmsterdam, minuteInWords } from './haiku-challenge.ts';
import { faultsOfAnswer, type HaikuRun, runHaiku } from './haiku-protocol.ts';
import { haikuTarget } from './haiku-target.ts';
import { type Stack, startStack } from './stack.ts';
import { modelDigest } from './workspace.ts';

const target = haikuTarget(process.env);
const onCpu = target.workerUrl === null;
let stack: Stack;
beforeAll(async () => {
  stack = await startStack(target.stack);
});
afterAll(() => stack?.stop());

/** @param times - Fresh challenges; the first answer without a fault, or else the last one, counts. */
async function ask(poolId: string, samplerProfileVersion: string, times: number): Promise<HaikuRun> {
  const workers = new Map([[poolId, stack.worker(poolId)]]);
  const run = await runHaiku({
    client: stack.client,
    workers,
    challenge: createChallenge(new Date()),
    modelRef: target.modelRef,
    samplerProfileVersion,
  });
  return run.faults.length > 0 && times > 1 ? ask(poolId, samplerProfileVersion, times - 1) : run;
}

test('[ORCH-3059] a real model is required, and the zone is that of the protocol', () => {
  expect(process.env['REQUIRE_REAL_LLAMA']).toBe('1');
  expect(new Intl.DateTimeFormat().resolvedOptions().timeZone).toBe('Europe/Amsterdam');
  expect(minuteInAmsterdam(new Date())).toBe(new Date().getMinutes());
});

test.each(target.pools)(
  '[ORCH-3059] a real model writes the haiku of this minute and this nonce on $id ($samplerProfileVersion)',
  async ({ id, samplerProfileVersion }) => {
    // The model's card: one greedy answer in a thousand spells the nonce wrong, and a few more sampled ones.
    const run = await ask(id, samplerProfileVersion, 2);
    expect(run.faults, run.text).toEqual([]);
    expect(run.started).toMatchObject({ pool_id: id, engine: 'llamacpp', cpu_carve_out: onCpu });
    expect(run.counterRise).toBe(run.end.tokens_out);
  },
);

test('[ORCH-1102] the carve-out is shown wherever the worker is', async () => {
  const poolId = target.pools[0]?.id ?? '';
  expect((await stack.client.poolHealth(poolId)).cpu_carve_out).toBe(onCpu);
  const { replica_sets: sets } = await stack.client.capabilities();
  expect(sets.every(({ features }) => features.cpu_carve_out === onCpu)).toBe(true);
  const { agents } = await stack.client.agents();
  expect(agents[0]?.host?.allow_cpu).toBe(true);
});

test('[ORCH-3059] the judgement refuses an answer that lacks a line, the minute or the nonce', () => {
  const asked = { minute: 'six', nonce: 'a1b2c3d4' };
  expect(faultsOfAnswer('x six\n\ny a1b2c3d4\nz', asked)).toEqual([]);
  expect(faultsOfAnswer('x six\n \ny a1b2c3d4', asked)).toEqual(['at least 3 non-empty lines, got 2']);
  expect(faultsOfAnswer('x sixteen\ny sixty-six a1b2c3d4\nz', asked)).toEqual(['the minute "six"']);
  expect(faultsOfAnswer('x six\ny A1B2C3D4\nz', asked)).toEqual(['the nonce "a1b2c3d4" verbatim']);
});

test('[ORCH-3059] every minute has words of its own', () => {
  const words = Array.from({ length: 60 }, (_, minute) => minuteInWords(minute));
  expect(new Set(words).size).toBe(60);
  expect(words.every((each) => /^[a-z]+(-[a-z]+)?$/.test(each))).toBe(true);
  expect(() => minuteInWords(60)).toThrow(RangeError);
});

test('[ORCH-3059] the mock engine does not pass, not even where it is told the answer', async () => {
  const engine = await startMockEngine({ ctxTokens: 4_096 });
  const pool = { id: 'mock', runtime: { kind: 'external', url: engine.url, digest: modelDigest }, allow_cpu: false };
  const mocked = await startStack({ pools: [pool] });
  try {
    const workers = new Map([['mock', mocked.worker('mock')]]);
    const askMock = (challenge: HaikuChallenge): Promise<HaikuRun> =>
      runHaiku({ client: mocked.client, workers, challenge, modelRef: 'haiku-tiny', samplerProfileVersion: 'v1' });
    const plain = await askMock(createChallenge(new Date()));
    expect(plain.faults.join()).toMatch(/the nonce ".{8}" verbatim/);

    const challenge = createChallenge(new Date());
    const answer = [challenge.minute, challenge.nonce, 'z'].map((text) => ({ text: `${text}\n`, tokens: 1 }));
    await engine.control.script({ steps: answer });
    const told = await askMock(challenge);
    expect(faultsOfAnswer(told.text, challenge)).toEqual([]);
    expect(told.faults.join()).toContain('a model with n_params above 0');
  } finally {
    await mocked.stop();
    await engine.stop();
  }
});
