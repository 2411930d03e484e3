/** What the gauges of the driven stack must show, as series, and how much of what they show is looked at. It drives nothing. */
import type { Engine } from '@llama-orch/api-types';
import { slos } from './driven-stack.ts';
import { versions } from './driven-task.ts';
import { type Labels, type Series, seriesKey } from './ledger.ts';

export const engineOf = (engine: Engine): Labels => ({ engine, engine_version: versions[engine].engine_version });
export const gpuLabels: Labels = { pool_id: 'gpu', ...engineOf('tgi') };

export const series = (entries: readonly (readonly [Labels, number])[]): Series =>
  Object.fromEntries(entries.map(([labels, value]) => [seriesKey(labels), value]));

/** @param waiting - Of the one lane that was loaded. */
export const queueDepths = (waiting: number): Series =>
  series(
    (['alpha', 'vllm', 'triton', 'gpu'] as const).flatMap((lane) =>
      (['interactive', 'batch'] as const).map((priority) => {
        const engine = lane === 'alpha' ? 'llamacpp' : lane === 'gpu' ? 'tgi' : lane;
        return [{ engine, lane, priority }, lane === 'alpha' && priority === 'interactive' ? waiting : 0] as const;
      }),
    ),
  );

/** Of llama.cpp's streams. */
export const streams = (open: number): Series =>
  series(Object.keys(versions).map((engine) => [{ engine }, engine === 'llamacpp' ? open : 0] as const));

export const cacheUse = (vllm: number): Series =>
  series([
    [{ pool_id: 'vllm', ...engineOf('vllm') }, vllm],
    [gpuLabels, 0],
  ]);
/** Engines print six digits; trtllm-serve tells its use only after it worked. */
export const sixDigits = (shown: Series): Series =>
  Object.fromEntries(Object.entries(shown).flatMap(([key, value]) => (key.includes('"triton"') ? [] : [[key, Number(value.toFixed(6))]])));

export const sloTargets = (): Series =>
  series(
    Object.entries(slos).flatMap(([priority, targets]) =>
      Object.entries(targets).map(([slo, value]) => [{ priority, slo }, value] as const),
    ),
  );

export const replicas = (state: 'ready' | 'unready'): Series =>
  series(Object.values(versions).map((labels) => [{ ...labels, state }, labels.engine === 'llamacpp' ? 2 : 1] as const));

export const poolStates = (): Series =>
  series(
    Object.entries({ alpha: 'llamacpp', beta: 'llamacpp', vllm: 'vllm', triton: 'triton', gpu: 'tgi' }).flatMap(([pool_id, engine]) =>
      ['stopped', 'starting', 'ready', 'unready', 'stopping', 'refused'].map(
        (state) => [{ pool_id, engine, state }, state === 'ready' ? 1 : 0] as const,
      ),
    ),
  );

/** Shares are of milliseconds, which no test knows; what they add up to, and that each class and the tenant had some. */
export const sumShares = (shown: Series): Series => {
  const of = (scope: string): readonly number[] =>
    Object.entries(shown).flatMap(([key, value]) => (key.includes(`scope="${scope}"`) ? [value] : []));
  const sum = (values: readonly number[]): number => Number(values.reduce((total, value) => total + value, 0).toFixed(9));
  const served = (values: readonly number[]): number => values.filter((value) => value > 0).length;
  const [classes, tenants] = [of('class'), of('tenant')];
  return { classes: sum(classes), tenants: sum(tenants), 'classes served': served(classes), 'tenants served': served(tenants) };
};
