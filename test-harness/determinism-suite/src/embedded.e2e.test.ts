import { expect, test } from 'vitest';
import { describeFinding } from './diff-file.ts';
import { suitePrompts } from './prompts.ts';
import { runSuite } from './run-suite.ts';
import { embeddedTarget } from './targets/embedded.ts';

test('[ORCH-3050] [ORCH-3045] llama.cpp itself: 16 prompts, greedy and sampled, are equal on two replicas in every pass', async () => {
  const { findings, ...outcome } = await runSuite(embeddedTarget(), suitePrompts(16));
  expect(findings.map(describeFinding)).toEqual([]);
  expect(outcome).toMatchObject({ prompts: 16, equal: 16, compared: 16 * 2 * 5, warm: 0 });
});
