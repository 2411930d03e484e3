/** The metrics table and the specification are one list, and reading it changes nothing. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { controllerMetrics, Metrics } from './metrics.ts';

const specified = (): Record<string, { kind: string; labels: string[] }> => {
  const text = readFileSync(new URL('../../../specs/metrics/otel-prom.md', import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith('orchestratord')) ?? '';
  const rows = section.matchAll(/^\| `([a-z0-9_]+)` \| (\w+) \| [^|]* \| (?:`([^`]*)` )?\|/gm);
  return Object.fromEntries([...rows].map(([, name, kind, labels]) => [name, { kind, labels: labels?.split(', ') ?? [] }])) as ReturnType<
    typeof specified
  >;
};

test('[ORCH-3028] exports exactly the metrics of the specification, with their types and labels', () => {
  const exported = Object.fromEntries(
    Object.entries(controllerMetrics).map(([name, { kind, labels }]) => [name, { kind, labels: [...labels] }]),
  );
  expect(exported).toEqual(specified());
});

test('[ORCH-3028] counters move by their events and not by a scrape', async () => {
  const metrics = new Metrics();
  metrics.count('tokens_out_total', { engine: 'llamacpp', engine_version: 'b1', trtllm_version: '' }, 3);
  metrics.readGaugesFrom(() => [{ name: 'queue_depth', labels: { engine: 'llamacpp', lane: 'a', priority: 'batch' }, value: 7 }]);
  const ours = async (): Promise<string[]> => (await metrics.expose()).split('\n').filter((line) => /^(tokens_out|queue_depth)/.test(line));
  const first = await ours();
  expect(first).toEqual([
    'tokens_out_total{engine="llamacpp",engine_version="b1",trtllm_version=""} 3',
    'queue_depth{engine="llamacpp",lane="a",priority="batch"} 7',
  ]);
  expect(await ours()).toEqual(first);
});

test('a gauge whose source is gone is no longer shown', async () => {
  const metrics = new Metrics();
  metrics.readGaugesFrom(() => [{ name: 'stream_subscribers', labels: { engine: 'vllm' }, value: 2 }]);
  expect(await metrics.expose()).toContain('stream_subscribers{engine="vllm"} 2');
  metrics.readGaugesFrom(() => []);
  expect(await metrics.expose()).not.toContain('stream_subscribers{');
});
