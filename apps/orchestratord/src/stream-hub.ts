/**
 * All open task streams: their bound, their planning signals and their keep-alive. One timer serves them all, because
 * a timer for each idle stream would be most of its memory.
 */
import type { Task } from './task.ts';
import { TaskStream, type TaskStreamOptions } from './task-stream.ts';

type Member = { readonly task: Task; readonly stream: TaskStream; nextMetricsMs: number; lastMetrics: string };

export type StreamHubOptions = {
  readonly maxStreams: number;
  /** A stream whose client takes nothing for this long is closed: it would hold its place for ever. */
  readonly stalledMs: number;
  /** JSON of a `metrics` event for a task. */
  readonly renderMetrics: (task: Task) => string;
};

/** A comment keeps idle streams open every 15 s (ORCH-2002): less the second that may pass until the next tick. */
const keepAliveMs = 14_000;
/** `metrics` at most this often: running tasks, and waiting ones, whose figures matter less. */
const metricsIntervalMs = { running: 1_000, queued: 5_000 };

export class StreamHub {
  readonly #members = new Map<TaskStream, Member>();
  /** Of tenants that have any. */
  readonly #countByTenant = new Map<string, number>();
  readonly #options: StreamHubOptions;

  constructor(options: StreamHubOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#members.size;
  }

  get maxStreams(): number {
    return this.#options.maxStreams;
  }

  countOf(tenantId: string): number {
    return this.#countByTenant.get(tenantId) ?? 0;
  }

  /** Streams open per engine, for the gauge. */
  countByEngine(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { task } of this.#members.values()) counts.set(task.effective.engine, (counts.get(task.effective.engine) ?? 0) + 1);
    return counts;
  }

  /** Serve one client. */
  open(task: Task, options: Omit<TaskStreamOptions, 'log' | 'nowMs' | 'onClose'>, nowMs: number): void {
    const stream = new TaskStream({ ...options, nowMs, log: task.log, onClose: this.#onClose });
    this.#members.set(stream, { task, stream, nextMetricsMs: nowMs + metricsIntervalMs.running, lastMetrics: '' });
    this.#count(task, 1);
  }

  /** At least once a second: planning signals that changed, and comments where nothing else was sent. */
  tick(nowMs: number): void {
    for (const member of this.#members.values()) {
      // An event that had to wait for a token went out at some time since the last tick: the next one is a whole interval off.
      if (member.stream.sweep(nowMs, { keepAliveMs, stalledMs: this.#options.stalledMs }))
        member.nextMetricsMs = Math.max(member.nextMetricsMs, nowMs + metricsIntervalMs.running);
      if (nowMs >= member.nextMetricsMs) this.#offerMetrics(member, nowMs);
    }
  }

  /** Close all without a terminal event. */
  closeAll(): void {
    for (const stream of this.#members.keys()) stream.close();
  }

  readonly #onClose = (stream: TaskStream): void => {
    const member = this.#members.get(stream);
    if (this.#members.delete(stream) && member !== undefined) this.#count(member.task, -1);
  };

  #count({ identity }: Task, change: number): void {
    const count = this.countOf(identity.tenantId) + change;
    if (count === 0) this.#countByTenant.delete(identity.tenantId);
    else this.#countByTenant.set(identity.tenantId, count);
  }

  #offerMetrics(member: Member, nowMs: number): void {
    member.nextMetricsMs = nowMs + (member.task.state === 'running' ? metricsIntervalMs.running : metricsIntervalMs.queued);
    const data = this.#options.renderMetrics(member.task);
    if (data === member.lastMetrics) return;
    member.lastMetrics = data;
    member.stream.offerMetrics(data);
  }
}
