/** A short flood; the times of the SLO are for `pnpm xtask ci:load`, on a machine that does nothing else. */
import { expect, test } from 'vitest';
import { runLoad } from './load-run.ts';
import { renderLoad } from './load-verdict.ts';

test('[ORCH-3051] [ORCH-3075] batch at ten times the capacity takes nothing from the interactive class, and is served with what is left', async () => {
  const report = await runLoad({ seed: 1, seconds: 4 });
  process.stdout.write(`${renderLoad(report)}\n`);
  expect(report.violations, renderLoad(report)).toEqual([]);
});
