/** What agents should run: generations, restart requests, and the long poll. */
import { readFileSync } from 'node:fs';
import { type Config, parseConfig } from '@llama-orch/config-schema';
import { expect, test } from 'vitest';
import { type DesiredEntry, DesiredPools } from './desired-pools.ts';
import { servedPools } from './served-pool.ts';

const devConfig = (): Config => {
  const file = new URL('../../../../contracts/config-schema/examples/cpu-development.yaml', import.meta.url);
  const parsed = parseConfig(readFileSync(file, 'utf8'), { file: 'dev.yaml' });
  if (!parsed.ok) throw new Error('the example does not parse');
  return parsed.config;
};
const entriesOf = (config: Config): DesiredEntry[] => servedPools(config).map((served) => ({ served, successor: null }));
const never = new AbortController().signal;

test('[ORCH-2109] an agent that has another generation gets the pools of its host at once', async () => {
  const desired = new DesiredPools(entriesOf(devConfig()), 1_000);
  const state = await desired.whenChanged('dev', 0, 30_000, never);
  expect(state?.generation).toBe(1_000);
  expect(state?.pools.map((pool) => pool.id)).toEqual(['haiku-a', 'haiku-b']);
  expect((await desired.whenChanged('elsewhere', 0, 0, never))?.pools).toEqual([]);
});

test('[ORCH-2109] a long poll ends empty when nothing changed', async () => {
  const desired = new DesiredPools(entriesOf(devConfig()), 1_000);
  expect(await desired.whenChanged('dev', 1_000, 5, never)).toBeUndefined();
});

test('[ORCH-3017] a restart request wakes its agent with a higher start count, and only its agent', async () => {
  const config = devConfig();
  const desired = new DesiredPools(entriesOf(config), 1_000);
  const waiting = desired.whenChanged('dev', 1_000, 30_000, never);
  const other = desired.whenChanged('elsewhere', 1_000, 30_000, never);
  desired.requestRestart(config.pools[0] as Config['pools'][number], 4);
  const state = await waiting;
  expect(state?.generation).toBe(1_001);
  expect(state?.pools.map((pool) => pool.min_start_count)).toEqual([5, 0]);
  desired.close();
  expect(await other).toBeUndefined();
});

test('[ORCH-3017] asking twice for the same worker changes nothing more', () => {
  const config = devConfig();
  const pool = config.pools[0] as Config['pools'][number];
  const desired = new DesiredPools(entriesOf(config), 1_000);
  desired.requestRestart(pool, 4);
  desired.requestRestart(pool, 4);
  desired.requestRestart(pool, 3);
  expect(desired.generation('dev')).toBe(1_001);
});

test('a poll whose agent hangs up leaves nothing behind', async () => {
  const desired = new DesiredPools(entriesOf(devConfig()), 1_000);
  const hangUp = new AbortController();
  const waiting = desired.whenChanged('dev', 1_000, 30_000, hangUp.signal);
  hangUp.abort();
  expect(await waiting).toBeUndefined();
});

test('[ORCH-2109] [ORCH-3031] other pools wake their agent; what is the same for a host wakes nobody', async () => {
  const entries = entriesOf(devConfig());
  const desired = new DesiredPools(entries, 1_000);
  desired.configure(entriesOf(devConfig()));
  expect(desired.generation('dev')).toBe(1_000);
  const waiting = desired.whenChanged('dev', 1_000, 30_000, never);
  const [first, second] = entries as [DesiredEntry, DesiredEntry];
  desired.configure([{ ...first, successor: { ...second.served, pool: { ...first.served.pool, slots: 4 } } }]);
  const state = await waiting;
  expect(state).toMatchObject({ generation: 1_001, pools: [{ id: 'haiku-a', slots: 1, successor: { id: 'haiku-a', slots: 4 } }] });
});
