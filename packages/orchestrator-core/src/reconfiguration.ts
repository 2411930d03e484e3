/**
 * A config at start and at each reload: limits and weights in place, and what waits for pools that are gone moved or ended
 * (ORCH-3031). It starts nothing: slots it frees are offered.
 */
import { findCandidates } from './admission.ts';
import { closeBreakers } from './breaker-flow.ts';
import type { CoreState } from './core-state.ts';
import { CLASSES } from './fairness.ts';
import type { Lane } from './lane.ts';
import type { CoreConfig, TaskSpec } from './model.ts';
import { configureFleet } from './pool-changes.ts';
import type { Gate } from './queue.ts';
import type { Task } from './task.ts';
import { finishTask, unservedEnd } from './task-end.ts';
import { retuned } from './tenant.ts';
import { gateOf } from './waiting.ts';

export function reconfigure(state: CoreState, config: CoreConfig): void {
  state.config = config;
  state.configured = true;
  for (const [klass, priority] of CLASSES.entries()) {
    const spec = config.classes[priority];
    const index = klass === 0 ? 0 : 1;
    state.weights[index] = spec.weight;
    state.classBuckets[index] = retuned(state.classBuckets[index], spec.rate, state.nowMs);
  }
  state.tenants.configure(config, state.nowMs);
  state.sessions.reconfigure(config.sessions);
  const displaced = configureFleet(state.fleet, config, state.nowMs);
  relane(state, displaced);
  if (config.breaker === null) closeBreakers(state);
  for (const lane of state.fleet.lanes.values()) {
    lane.queue.reweigh();
    for (const replica of lane.free.items) if (lane.queue.size > 0) state.offered.push(replica);
  }
  state.sweepAtMs = state.nowMs;
}

/** A pool has left for good: what still waited for it moves on, or ends. */
export function relaneDisplaced(state: CoreState): void {
  relane(
    state,
    state.fleet.displaced.splice(0).toSorted((a, b) => a.order - b.order),
  );
}

/**
 * Tasks whose lane or pool is gone move to a lane that keeps what they were promised (engine, sampler profile, ctx), at
 * the place of their age; the others end. A `strict` task that ran needs its set in the other lane, too.
 */
function relane(state: CoreState, displaced: readonly Task[]): void {
  const moves = new Map<Lane, { task: Task; gate: Gate }[]>();
  for (const task of displaced) {
    task.tenant.queued -= 1;
    if (task.lane.queue.size === 0) task.lane.drain.onEmptied(state.nowMs);
    const lane = laneLike(state, task);
    if (lane === null || (task.set !== null && !lane.sets.has(task.set.id))) {
      finishTask(state, task, unservedEnd(state, task.lane.id));
      continue;
    }
    task.lane = lane;
    if (task.set !== null) task.set = lane.sets.get(task.set.id) ?? task.set;
    const move = { task, gate: gateOf(state, task) };
    const moved = moves.get(lane);
    if (moved === undefined) moves.set(lane, [move]);
    else moved.push(move);
  }
  for (const [lane, tasks] of moves) {
    if (lane.queue.size === 0) lane.drain.onFilled(state.nowMs);
    for (const { task } of tasks) task.tenant.queued += 1;
    lane.queue.merge(tasks);
    state.offered.push(...lane.free.items);
  }
}

/** A lane that keeps what the task was promised in its own; `null` when there is none any more. */
export function laneLike(state: CoreState, task: Task): Lane | null {
  const { engine, samplerProfileVersion } = task.lane.shape;
  const { ctxTokens } = task;
  const maxTokens = task.spec.workload === 'completion' ? task.maxTokens : null;
  return laneFor(state, { ...task.spec, engine, samplerProfileVersion, ctxTokens, maxTokens });
}

/** A lane that meets every demand of the task, one that can serve now or soon before others. */
export function laneFor(state: CoreState, spec: TaskSpec): Lane | null {
  const found = findCandidates(state.fleet.directory.lanesOf(spec.modelDigest), spec, state.pinnedPool(spec));
  if (found.kind === 'refused') return null;
  return (found.fits.find(({ lane }) => lane.available) ?? found.fits[0])?.lane ?? null;
}
