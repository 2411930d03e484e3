/** Every query of every panel, answered by a real Prometheus from a recorded history: none is empty, none is no number. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { queries } from './dashboards.ts';
import { findTool, runTool } from './prometheus-tool.ts';
import { startPrometheus } from './prometheus-server.ts';
import { readRecorded, toHistory } from './recorded.ts';

/** When the history ends; any time will do. */
const endS = 1_700_000_000;

type Answer = { readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] } };

test('[ORCH-3028] no panel of any dashboard is empty', async (context) => {
  const [promtool, prometheus] = [await findTool('promtool', context), await findTool('prometheus', context)];
  const dir = await mkdtemp(join(tmpdir(), 'llama-orch-dashboards-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  const history = join(dir, 'history.prom');
  await writeFile(history, toHistory(await readRecorded(), endS));
  await runTool(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', history, join(dir, 'data')]);
  const server = await startPrometheus(prometheus, dir);
  onTestFinished(() => server.stop());

  const empty: string[] = [];
  for (const { place, query } of queries) {
    const response = await fetch(`${server.url}/api/v1/query?${new URLSearchParams({ query, time: String(endS) }).toString()}`);
    if (!response.ok) throw new Error(`${place}: expected an answer, got ${response.status}: ${await response.text()}`);
    const values = ((await response.json()) as Answer).data.result.map(({ value }) => Number(value[1]));
    if (values.length === 0) empty.push(`${place}: no series`);
    else if (values.every((value) => Number.isNaN(value))) empty.push(`${place}: no number`);
  }
  expect(empty).toEqual([]);
});
