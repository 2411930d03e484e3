/**
 * One round of everything that the contract counts, played through the public API and the engines' scripts; the ledger is told of
 * each event. At its end nothing waits, runs or streams.
 */
import { isDeepStrictEqual } from 'node:util';
import type { PoolOperation, TaskStatus } from '@llama-orch/api-types';
import { eventually } from '@llama-orch/e2e-haiku';
import { answerTokens, breakerFailures, type DrivenStack } from './driven-stack.ts';
import { type DrivenTask, TaskDriver, versions } from './driven-task.ts';
import {
  cacheUse,
  engineOf,
  gpuLabels,
  poolStates,
  queueDepths,
  replicas,
  series,
  sixDigits,
  sloTargets,
  streams,
  sumShares,
} from './expected-series.ts';
import { type Ledger, seriesKey, type Series, seriesOf } from './ledger.ts';

export type Drive = { readonly driven: DrivenStack; readonly ledger: Ledger; readonly tasks: TaskDriver };

/** So long a gauge may take to show what is so: the agent reads its workers and devices every few seconds. */
const gaugeWithinMs = 30_000;

export function startDrive(driven: DrivenStack, ledger: Ledger): Drive {
  // Five pools got Ready; the first start of `gpu` had failed.
  ledger.count('preload_outcomes_total', { ...gpuLabels, engine_version: 'unknown', outcome: 'failed' });
  ledger.count('worker_restarts_total', { ...gpuLabels, engine_version: 'unknown', reason: 'exited' });
  for (const pool_id of ['alpha', 'beta']) ledger.count('preload_outcomes_total', { pool_id, ...engineOf('llamacpp'), outcome: 'ok' });
  for (const engine of ['vllm', 'triton'] as const)
    ledger.count('preload_outcomes_total', { pool_id: engine, ...engineOf(engine), outcome: 'ok' });
  ledger.count('preload_outcomes_total', { ...gpuLabels, outcome: 'ok' });
  return { driven, ledger, tasks: new TaskDriver(driven.stack.client, ledger) };
}

/** @req ORCH-3028 */
export async function driveRound(drive: Drive): Promise<void> {
  await serve(drive);
  await queueUp(drive);
  await refuse(drive);
  await failOver(drive);
  await breakDeterminism(drive);
  await loadGpu(drive);
  await fillCache(drive);
  await restartWorker(drive);
  await drain(drive);
  await openBreaker(drive);
  await comeToRest(drive);
}

/** Every engine serves, both classes; three on one of them. */
async function serve({ tasks }: Drive): Promise<void> {
  for (const engine of ['llamacpp', 'llamacpp', 'llamacpp', 'vllm', 'tgi', 'triton'] as const)
    await tasks.finish(await tasks.submit({ engine }));
  for (const engine of ['llamacpp', 'triton'] as const) await tasks.finish(await tasks.submit({ engine, priority: 'batch' }));
}

/** Two run, two wait, a third drops one that waits; then one of each is canceled, and the others end. */
async function queueUp(drive: Drive): Promise<void> {
  const { driven, tasks, ledger } = drive;
  const { alpha, beta } = driven.engines;
  await Promise.all([alpha, beta].map(({ control }) => control.script({ answerTokens, holdAfterSteps: 2 })));
  const running = [await tasks.submit({ engine: 'llamacpp' }), await tasks.submit({ engine: 'llamacpp' })];
  for (const { stream } of running) await stream.untilTokens(2);
  const waiting = [await tasks.submit({ engine: 'llamacpp' }), await tasks.submit({ engine: 'llamacpp' })];
  await showsGauge(drive, 'queue_depth', 'two wait on one lane', queueDepths(2));
  await showsGauge(drive, 'stream_subscribers', 'four streams are open', streams(4));
  waiting.push(await tasks.submit({ engine: 'llamacpp' }));
  const dropped = await eventually('a dropped task', () => firstInState(driven, waiting, 'failed'));
  tasks.onEnded(dropped, 'failed');
  ledger.count('tasks_dropped_total', { engine: 'llamacpp', priority: 'interactive', policy_label: 'drop-lru' });
  const [queued, last] = waiting.filter((task) => task !== dropped);
  const [canceled, ...others] = running;
  if (queued === undefined || last === undefined || canceled === undefined) throw new Error('expected two running and two waiting tasks');
  await tasks.cancel(queued, 'queued');
  await tasks.cancel(canceled, 'running');
  tasks.onRunning(canceled, 2);
  // The one that waited takes its slot, and runs into the hold as well.
  await last.stream.untilTokens(2);
  await Promise.all([alpha, beta].map(({ control }) => control.script({ answerTokens })));
  for (const task of [...others, last]) await tasks.finish(task);
}

/** A model that nobody has; a queue that is full. */
async function refuse({ driven, tasks }: Drive): Promise<void> {
  await tasks.refuse({ model_ref: 'nobody-has-it', prompt: 'x' });
  const { control } = driven.engines.triton;
  await control.script({ answerTokens, holdAfterSteps: 2 });
  const admitted = [await tasks.submit({ engine: 'triton' }), await tasks.submit({ engine: 'triton' })];
  await tasks.refuse({ model_ref: 'haiku-tiny', prompt: 'x', engine: 'triton', determinism: 'best_effort', max_tokens: 8 });
  await control.script({ answerTokens });
  for (const task of admitted) await tasks.finish(task);
}

/** An engine breaks off after three tokens, and the other one gives the whole answer. */
async function failOver(drive: Drive): Promise<void> {
  const { driven, tasks, ledger } = drive;
  const { alpha, beta } = driven.engines;
  const held = await breakOff(drive);
  await Promise.all([alpha, beta].map(({ control }) => control.script({ answerTokens })));
  const end = await tasks.finish(held.broken);
  ledger.count('task_failovers_total', versions.llamacpp, end.failovers);
  tasks.onTokens('llamacpp', brokenAfter * end.failovers);
  await tasks.finish(held.blocking);
}

/** The same, but the other one answers something else than was sent already. */
async function breakDeterminism(drive: Drive): Promise<void> {
  const { driven, tasks, ledger } = drive;
  const { alpha, beta } = driven.engines;
  const held = await breakOff(drive);
  const other = { steps: [{ text: '!other!', tokens: 1 }] };
  await Promise.all([alpha, beta].map(({ control }) => control.script(other)));
  await held.broken.stream.untilOver().catch(() => {}); // It ends with `error`, which is looked at below.
  const { attempts } = await driven.stack.client.task(held.broken.id);
  tasks.onRunning(held.broken, brokenAfter);
  tasks.onTokens('llamacpp', 1);
  tasks.onEnded(held.broken, 'failed');
  ledger.count('task_failovers_total', versions.llamacpp, attempts - 1);
  ledger.count('determinism_violations_total', versions.llamacpp);
  await tasks.finish(held.blocking);
  await Promise.all([alpha, beta].map(({ control }) => control.script({ answerTokens })));
}

const brokenAfter = 3;

/** A task keeps `beta` busy, so that another one must go to `alpha`, which breaks off; it is queued again. */
async function breakOff({ driven, tasks }: Drive): Promise<{ readonly broken: DrivenTask; readonly blocking: DrivenTask }> {
  const { alpha, beta } = driven.engines;
  await beta.control.script({ answerTokens, holdAfterSteps: 2 });
  const blocking = await tasks.submit({ engine: 'llamacpp', pin_pool_id: 'beta' });
  await blocking.stream.untilTokens(2);
  await alpha.control.script({ answerTokens, fault: { kind: 'torn', afterSteps: brokenAfter } });
  const broken = await tasks.submit({ engine: 'llamacpp' });
  await eventually('the task to be queued again', async () => (await driven.stack.client.task(broken.id)).state === 'queued');
  return { broken, blocking };
}

/** The driver says another load; the gauges follow. */
async function loadGpu(drive: Drive): Promise<void> {
  for (const [utilizationPercent, memoryUsedMib] of [
    [87, 8_192],
    [12, 1_024],
  ] as const) {
    await drive.driven.gpu.say({ utilizationPercent, memoryUsedMib });
    const when = `nvidia-smi says ${utilizationPercent} % and ${memoryUsedMib} MiB`;
    await showsGauge(drive, 'gpu_utilization', when, series([[gpuLabels, utilizationPercent / 100]]));
    await showsGauge(drive, 'vram_used_bytes', when, series([[gpuLabels, memoryUsedMib * 1_048_576]]));
  }
}

/** A request that is held keeps its part of the cache. */
async function fillCache(drive: Drive): Promise<void> {
  const { driven, tasks } = drive;
  const { control } = driven.engines.vllm;
  await control.script({ answerTokens, holdAfterSteps: 2 });
  const task = await tasks.submit({ engine: 'vllm' });
  await task.stream.untilTokens(2);
  const { kvTokensUsed, kvTokensTotal } = await control.counters();
  if (kvTokensUsed === 0) throw new Error('expected the held request to have its part of the cache');
  await showsGauge(
    drive,
    'kv_cache_usage_ratio',
    'a request is held in vLLM',
    cacheUse(Number((kvTokensUsed / kvTokensTotal).toFixed(6))),
    sixDigits,
  );
  await control.script({ answerTokens });
  await tasks.finish(task);
  await showsGauge(drive, 'kv_cache_usage_ratio', 'nothing runs', cacheUse(0), sixDigits);
}

/** The worker on the GPU dies; the agent starts another one. */
async function restartWorker(drive: Drive): Promise<void> {
  const { driven, ledger } = drive;
  const { pid } = driven.stack.worker('gpu');
  driven.stack.signalWorker('gpu', 'SIGKILL');
  ledger.count('worker_restarts_total', { ...gpuLabels, reason: 'killed' });
  ledger.count('preload_outcomes_total', { ...gpuLabels, outcome: 'ok' });
  await eventually('another worker', () => driven.stack.worker('gpu').pid !== pid && driven.stack.worker('gpu').pid !== null);
  await driven.stack.untilReady();
}

/** A pool is drained, and takes tasks again. */
async function drain({ driven, ledger }: Drive): Promise<void> {
  for (const [kind, body] of [
    ['drain', { deadline_ms: 10_000 }],
    ['resume', undefined],
  ] as const) {
    const answer = await fetch(`${driven.stack.url}/v1/pools/vllm/${kind}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const { operation_id: id } = (await answer.json()) as PoolOperation;
    await eventually(`the ${kind} to end`, async () => {
      const operation = (await (await fetch(`${driven.stack.url}/v1/operations/${id}`)).json()) as PoolOperation;
      return operation.state === 'succeeded';
    });
    ledger.count('operations_total', { kind, outcome: 'succeeded' });
  }
  await driven.stack.untilReady();
}

/** Too many tasks fail at one worker; it rests, is tried with one task, and serves again. */
async function openBreaker(drive: Drive): Promise<void> {
  const { driven, ledger, tasks } = drive;
  const { control } = driven.engines.triton;
  await control.script({ answerTokens, fault: { kind: 'torn', afterSteps: 2 } });
  for (let failures = 0; failures < breakerFailures; failures += 1) {
    // A worker that failed a task is asked for its health before it gets the next one.
    await driven.stack.untilReady(['triton']);
    const task = await tasks.submit({ engine: 'triton' });
    await task.stream.untilOver().catch(() => {}); // Best effort and begun, so it ends with `error`.
    tasks.onRunning(task, 2);
    tasks.onEnded(task, 'failed');
  }
  await showsGauge(drive, 'breakers', 'too many tasks failed', series([[{ ...breakerLabels, state: 'open' }, 1]]));
  await control.script({ answerTokens });
  await tasks.finish(await tasks.submit({ engine: 'triton' }));
  await showsGauge(drive, 'breakers', 'a task succeeded there', {});
  for (const state of ['open', 'half_open', 'closed']) ledger.count('breaker_transitions_total', { ...breakerLabels, state });
}

const breakerLabels = { engine: 'triton', scope: 'replica' };

/** What the gauges show when everything has ended. */
async function comeToRest(drive: Drive): Promise<void> {
  const when = 'everything has ended';
  const shows = (metric: string, expected: Series, read?: (shown: Series) => Series): Promise<void> =>
    showsGauge(drive, metric, when, expected, read);
  await countSpans(drive);
  await shows('stream_subscribers', streams(0));
  await shows('queue_depth', queueDepths(0));
  await shows('deadlines_met_ratio', series(drive.tasks.deadlinesMet()));
  await shows('slo_target', sloTargets());
  await shows('replicas', replicas('ready'));
  await shows('agents', series([[{ presence: 'live' }, 1]]));
  await shows('journal_pending_records', { '': 0 });
  await shows('journal_writable', { '': 1 });
  await shows('admission_share', { classes: 1, tenants: 1, 'classes served': 2, 'tenants served': 1 }, sumShares);
  await shows('pool_state', poolStates());
  await shows('controller_connected', { '': 1 });
}

/** Looks in a row, each some milliseconds after the other, in which no further span came: all have been sent. */
const quietLooks = 20;

/** What the collector got must be what the controller says it sent. */
async function countSpans({ driven, ledger }: Drive): Promise<void> {
  const exported = seriesKey({ outcome: 'exported' });
  let last = 0;
  let quiet = 0;
  await eventually('the last span to be sent', async () => {
    const shown = seriesOf(await driven.family('trace_spans_total'))[exported] ?? 0;
    quiet = shown === last && driven.collector.spans === last && last > 0 ? quiet + 1 : 0;
    last = driven.collector.spans;
    return quiet >= quietLooks;
  });
  ledger.count('trace_spans_total', { outcome: 'exported' }, last - (ledger.events('trace_spans_total')[exported] ?? 0));
}

/** The controller dies and comes back, then the agent does. Counters of the controller start anew, so it comes last. */
export async function loseServices(drive: Drive): Promise<void> {
  const { stack } = drive.driven;
  await stack.killController();
  await showsGauge(drive, 'controller_connected', 'the controller is gone', { '': 0 });
  await stack.startController();
  await showsGauge(drive, 'controller_connected', 'the controller is back', { '': 1 });
  await stack.untilReady();
  await stack.killAgent();
  await showsGauge(drive, 'agents', 'the agent is gone', series([[{ presence: 'silent' }, 1]]));
  await showsGauge(drive, 'replicas', 'the agent is gone', replicas('unready'));
  await stack.startAgent();
  await stack.untilReady();
}

/** While one task runs and one waits, so that no gauge of live things stands at nothing. */
export async function whileBusy<Result>(drive: Drive, look: () => Promise<Result>): Promise<Result> {
  const { driven, tasks } = drive;
  const { control } = driven.engines.vllm;
  await control.script({ answerTokens, holdAfterSteps: 2 });
  const busy = [await tasks.submit({ engine: 'vllm' }), await tasks.submit({ engine: 'vllm' })];
  await busy[0]?.stream.untilTokens(2);
  const result = await look();
  await control.script({ answerTokens });
  for (const task of busy) await tasks.finish(task);
  await countSpans(drive);
  return result;
}

/**
 * Wait until the gauge shows exactly this, and note what it showed: the judgement is the test's.
 *
 * @param read - What of it is looked at; default all.
 */
async function showsGauge(
  { driven, ledger }: Drive,
  metric: string,
  when: string,
  expected: Series,
  read: (shown: Series) => Series = (all) => all,
): Promise<void> {
  let shown: Series = {};
  await eventually(
    `${metric} as it is while ${when}`,
    async () => {
      shown = read(seriesOf(await driven.family(metric)));
      return isDeepStrictEqual(shown, expected);
    },
    { withinMs: gaugeWithinMs },
  ).catch(() => {}); // The note says what it showed instead.
  ledger.note(metric, { when, expected, shown });
}

async function firstInState(
  { stack }: DrivenStack,
  tasks: readonly DrivenTask[],
  state: TaskStatus['state'],
): Promise<DrivenTask | undefined> {
  for (const task of tasks) if ((await stack.client.task(task.id)).state === state) return task;
  return undefined;
}
