/** A short run with at least one fault of each kind; `pnpm xtask ci:chaos` is the long one. */
import { expect, test } from 'vitest';
import { runChaos } from './chaos.ts';
import { faultKinds } from './fault-plan.ts';
import { renderReport } from './report.ts';

/** Loading, the load, the quiet behind it, on a machine with other things to do. */
const patience = { timeout: 400_000 };

test(
  '[ORCH-3051] [ORCH-3301] [ORCH-3302] every promise is kept while every part dies, stops, fills up or jumps once',
  patience,
  async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    const report = await runChaos({ seed, minutes: 0.6, faultsPerMinute: (faultKinds.length + 1) / 0.6 });
    const text = renderReport(report);
    process.stdout.write(`${text}\n`);
    expect(report.violations, text).toEqual([]);
    for (const kind of faultKinds) expect(report.faults.done[kind], `faults of kind ${kind}\n${text}`).toBeGreaterThan(0);
    expect(report.figures.tasks).toBeGreaterThan(300);
    // Each bound was run into: floods, a quota, a rate.
    for (const tenant of ['steady', 'greedy', 'hasty'])
      expect(report.figures.refused[tenant], `refusals of ${tenant}\n${text}`).toBeGreaterThan(0);
  },
);
