/**
 * The composition of the controller: every part made once and wired, nothing opened. `main.ts` gives it a config and a
 * server; tests give it a clock and adapters of their own.
 */
import type { PoolOperation } from '@llama-orch/api-types';
import type { Config } from '@llama-orch/config-schema';
import { createScheduler, type Scheduler } from '@llama-orch/orchestrator-core';
import type { Logger } from '@llama-orch/service-kit';
import { Catalog } from './admission/catalog.ts';
import { toCoreConfig } from './admission/core-config.ts';
import { PromptTokens } from './admission/prompt-tokens.ts';
import { SubmitTask } from './admission/submit-task.ts';
import type { Clock } from './clock.ts';
import { Fleet } from './fleet/fleet.ts';
import { servedPools } from './fleet/served-pool.ts';
import type { AdapterTable } from './fleet/worker.ts';
import { replicaSetId, replicaSets } from './fleet/replica-set.ts';
import { readGauges } from './gauges.ts';
import type { JournalContents } from './journal/fold.ts';
import { beginRun, JournalTime, type StartOfRun } from './journal/journal-time.ts';
import type { Journal } from './journal/journal.ts';
import { SessionRecords } from './journal/session-records.ts';
import { Metrics } from './metrics.ts';
import { CanaryFigures } from './operations/canary-figures.ts';
import type { ConfigHistory } from './operations/config-history.ts';
import type { ConfigChangesOptions } from './operations/config-changes.ts';
import { ControlPlane } from './operations/control-plane.ts';
import { Drains } from './operations/drains.ts';
import { FleetPlan } from './operations/fleet-plan.ts';
import { OperationLog } from './operations/operation-log.ts';
import { Rollouts } from './operations/rollouts.ts';
import type { StateStore, StoredState } from './operations/state-store.ts';
import { restoreTasks } from './restored-tasks.ts';
import { SchedulerLoop } from './scheduler-loop.ts';
import { SloWindows } from './slo-window.ts';
import { StreamHub } from './stream-hub.ts';
import { TaskAccounts } from './task-accounts.ts';
import { TaskStore } from './task-store.ts';
import type { Task } from './task.ts';
import type { SpanExporterOptions, SpanSink } from './tracing/span-exporter.ts';
import { TaskSpans } from './tracing/task-spans.ts';
import { taskMetrics } from './views/task-status.ts';

export type ControllerOptions = {
  readonly adapters: AdapterTable;
  /** Where spans go, once the metrics that count them are there; absent or `null` = nothing is traced. */
  readonly createSpanSink?: (onOutcome: SpanExporterOptions['onOutcome']) => SpanSink | null;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  /** The generations of the config; the newest is in force. */
  readonly generations: ConfigHistory;
  readonly store: StateStore;
  readonly stored: StoredState;
  /** Why this process could not run with a config; `null` = it can. */
  readonly faultOf?: ConfigChangesOptions['faultOf'];
  /** Another config is in force. */
  readonly onConfig?: (config: Config) => void;
  /** What earlier runs left, and when this one began. */
  readonly history: { readonly contents: JournalContents; readonly start: StartOfRun };
};

/** How long a call to a worker that is not a stream may take. */
const workerCallTimeoutMs = 5_000;
/** Streams, rates and retention are looked after this often. */
const housekeepingMs = 1_000;

export class Controller {
  readonly clock: Clock;
  readonly control: ControlPlane;
  readonly scheduler: Scheduler;
  readonly fleet: Fleet;
  readonly loop: SchedulerLoop;
  readonly store: TaskStore;
  readonly hub: StreamHub;
  readonly metrics = new Metrics();
  readonly slos = new SloWindows();
  readonly catalog: Catalog;
  readonly submit: SubmitTask;
  readonly sessionRecords: SessionRecords;
  readonly #journal: Journal;
  readonly #spanSink: SpanSink | null;
  readonly #journalTime: JournalTime;
  readonly #log: Logger;
  readonly #lastTokens = new WeakMap<object, number>();
  #timer: NodeJS.Timeout | null = null;
  #stopping = false;
  #config: Config;
  #budgetsAreFull = true;

  constructor(options: ControllerOptions) {
    const { adapters, journal, clock, log, generations, history } = options;
    const { config } = generations.current;
    const pools = servedPools(config);
    this.#config = config;
    this.clock = clock;
    this.#journal = journal;
    this.#log = log;
    const { contents, start } = history;
    const run = beginRun(contents.run, contents.lastAtMs, start);
    this.#journalTime = new JournalTime(run, clock.nowMs());
    const journalTime = this.#journalTime;
    void journal.append(run);
    const tenantLabel = createTenantLabel(config);
    const canaries = new CanaryFigures();
    const accounts = new TaskAccounts(this.metrics, tenantLabel, canaries);
    this.scheduler = createScheduler();
    this.catalog = new Catalog(config.models, pools);
    const { silent_ms: silentMs } = config.controller.agent_lease;
    this.fleet = new Fleet({ pools, silentMs, adapters, clock, log, callTimeoutMs: workerCallTimeoutMs });
    const ttlMs = () => this.#config.sessions.ttl_ms;
    this.sessionRecords = new SessionRecords({ journal, scheduler: this.scheduler, time: journalTime, ttlMs });
    this.store = new TaskStore(config.controller.retention, (task) => this.#forget(task));
    this.#spanSink = options.createSpanSink?.((outcome, spans) => this.metrics.count('trace_spans_total', { outcome }, spans)) ?? null;
    const spans = this.#spanSink && new TaskSpans({ sink: this.#spanSink, clock, sampleRatio: config.controller.tracing.sample_ratio });
    this.loop = new SchedulerLoop({
      scheduler: this.scheduler,
      fleet: this.fleet,
      journal,
      journalTime,
      accounts,
      spans,
      clock,
      log,
      onTaskEnded: (task) => this.#onTaskEnded(task),
      onMoved: (poolId) => this.control.onMoved(poolId),
      onNews: () => this.control.poke(),
    });
    this.control = this.#createControlPlane(options, canaries);
    this.hub = new StreamHub({
      maxStreams: config.controller.limits.max_subscribers,
      stalledMs: config.controller.limits.stalled_stream_ms,
      renderMetrics: (task) => taskMetrics(task, this.scheduler, clock),
    });
    const promptTokens = new PromptTokens(this.fleet, log);
    const active = (): Config => this.#config;
    this.submit = new SubmitTask({
      get config() {
        return active();
      },
      catalog: this.catalog,
      promptTokens,
      store: this.store,
      loop: this.loop,
      journal,
      journalTime,
      accounts,
      spans,
      clock,
    });
    const sources = {
      scheduler: this.scheduler,
      fleet: this.fleet,
      hub: this.hub,
      journal,
      accounts,
      slos: () => this.#config.slos,
      tenantLabel,
      clock,
    };
    this.metrics.readGaugesFrom(() => readGauges(sources));
    this.loop.apply({ kind: 'configured', nowMs: clock.nowMs(), config: toCoreConfig(config, pools) });
    this.#restore(contents);
    this.fleet.listen(this.loop);
    this.control.restore();
  }

  /** In force; a change of it reaches what is asked for it anew. */
  get config(): Config {
    return this.#config;
  }

  start(): void {
    this.loop.start();
    this.#timer = setInterval(() => this.housekeep(), housekeepingMs);
  }

  /** Why no task could be admitted now; `null` = one could (ORCH-2108). */
  notReady(): string | null {
    if (this.#stopping) return 'The controller is shutting down.';
    if (this.#journal.fault !== null) return this.#journal.fault;
    const lanes = this.scheduler.lanes().filter(({ poolIds }) => poolIds.length > 0);
    return lanes.length === 0 || lanes.some((lane) => lane.available)
      ? null
      : 'No pool can serve anything now; see GET /v1/pools/{id}/health.';
  }

  /** Once a second: planning signals, keep-alives, rates, retention. */
  housekeep(): void {
    const nowMs = this.clock.nowMs();
    this.hub.tick(nowMs);
    this.store.sweep(nowMs);
    this.sessionRecords.sweep(nowMs);
    this.#recordBudgets(nowMs);
    for (const worker of this.fleet.workers()) {
      const before = this.#lastTokens.get(worker) ?? 0;
      worker.tokensPerSecond = ((worker.tokensOut - before) * 1_000) / housekeepingMs;
      this.#lastTokens.set(worker, worker.tokensOut);
    }
    this.slos.keep(new Set(replicaSets(this.fleet.workers()).keys()));
  }

  /**
   * Stop admission and let running work end until the deadline. A durable journal keeps what is left for the next run, and what waits
   * is not even begun; without one all admitted work may run, and what is left ends with `WORKER_RESET`.
   *
   * @req ORCH-3054
   */
  async drain(deadline: AbortSignal): Promise<void> {
    this.#stopping = true;
    this.submit.close();
    const { isDurable } = this.#journal;
    const live = this.loop.liveTasks;
    this.#log.info({ event: 'draining', tasks: live.size, running: this.loop.runningAttempts }, 'no new tasks; waiting for what may end');
    const ended = isDurable ? this.loop.finishRunning() : Promise.allSettled([...live.values()].map((task) => task.whenEnded));
    await Promise.race([ended, whenAborted(deadline)]);
    if (isDurable) {
      this.#log.info({ event: 'drained', tasks: live.size }, 'what is left stays in the journal for the next start');
      this.loop.suspend();
      return;
    }
    if (live.size > 0) this.#log.warn({ event: 'drain_deadline', tasks: live.size }, 'deadline passed; ending what is left');
    await this.loop.endAll('shut-down', 'The controller stopped while the task was admitted, and its journal is not durable.');
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.loop.stop();
    this.hub.closeAll();
    await this.fleet.close();
    await this.#journal.close();
    await this.#spanSink?.close();
  }

  #restore(contents: JournalContents): void {
    const nowMs = this.clock.nowMs();
    const { live, ended, state } = restoreTasks(contents, this.#journalTime, nowMs);
    this.sessionRecords.adopt(contents.sessionRecords, nowMs);
    for (const task of [...ended, ...live]) this.store.publish(task);
    for (const task of ended) this.store.retire(task);
    this.loop.restore(live, state);
    if (live.length + ended.length > 0) {
      this.#log.info({ event: 'restored', tasks: live.length, ended: ended.length }, 'took over the tasks of an earlier run');
    }
  }

  #forget({ identity }: Task): void {
    if (this.#journal.isDurable) this.sessionRecords.onTaskForgotten(identity, this.clock.nowMs());
    this.#journal.forget({ kind: 'task', key: identity.key });
  }

  /** What is taken from buckets after it is in the records of the tasks that took it. */
  #recordBudgets(nowMs: number): void {
    if (!this.#journal.isDurable || this.#journal.isStuck) return;
    const levels = this.scheduler.budgets(nowMs);
    if (levels.length === 0 && this.#budgetsAreFull) return;
    this.#budgetsAreFull = levels.length === 0;
    void this.#journal.append({ kind: 'budget', atMs: this.#journalTime.at(nowMs), levels });
  }

  #createControlPlane(
    { generations, store, stored, clock, log, faultOf, onConfig }: ControllerOptions,
    canaries: CanaryFigures,
  ): ControlPlane {
    const { fleet, loop, catalog, scheduler } = this;
    const settings = () => this.#config.controller.rollout;
    const onEnded = ({ kind, state: outcome }: PoolOperation) => this.metrics.count('operations_total', { kind, outcome });
    const operations = new OperationLog({ store, stored, clock, log, keep: () => settings().keep_operations, onEnded });
    const plan = new FleetPlan(this.#config, { fleet, loop, catalog, clock });
    const drains = new Drains({ operations, fleet, loop, clock });
    const isDrained = (poolId: string) => drains.isDrained(poolId);
    const rollouts = new Rollouts({ operations, plan, fleet, loop, scheduler, clock, log, settings, isDrained });
    return new ControlPlane({
      history: generations,
      started: this.#config,
      operations,
      plan,
      drains,
      rollouts,
      canaries,
      fleet,
      clock,
      log,
      faultOf: faultOf ?? (() => null),
      onConfig: (config) => {
        this.#config = config;
        onConfig?.(config);
      },
    });
  }

  #onTaskEnded(task: Task): void {
    this.store.retire(task);
    if (task.placement === null || task.state === 'canceled') return;
    this.slos.add(replicaSetId(task.placement.report), task.effective.priority, {
      firstTokenMs: task.ttftMs,
      tokens64Ms: task.tokens64Ms,
      failed: task.state === 'failed',
      decode: task.decode,
    });
  }
}

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Tenants named in the config get a label of their own up to the budget; all others share one (ORCH-3028). */
const createTenantLabel = (config: Config): ((tenantId: string) => string) => {
  const named = new Set(
    ['default', ...config.tenants.map(({ id }) => id)].slice(0, Math.max(1, config.controller.metrics.max_tenant_labels)),
  );
  return (tenantId) => (named.has(tenantId) ? tenantId : 'other');
};
