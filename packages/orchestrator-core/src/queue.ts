/**
 * The bounded queues of one lane: who waits, in which order, and who goes next (ORCH-3004, 3075). It knows gates and
 * tenants; whether a replica is free, and what a full queue does, are decided elsewhere.
 *
 * A **gate** holds the tasks that wait for the same replicas: any of the lane, one pinned pool, or (re-runs) one replica
 * set without the replicas they failed on. A freed slot looks only at the gates that its replica may serve, so a task that
 * must wait for another replica never blocks the ones behind it. Inside a gate tasks wait FIFO per class and tenant;
 * a tenant's tag is shared by all gates, so waiting in two of them earns nothing.
 */
import { assert } from './assert.ts';
import { CLASSES, type ClassWeights, Flow, LaneShares } from './fairness.ts';
import { IndexedHeap, type HeapNode } from './heap.ts';
import type { Pool } from './lane.ts';
import type { FailedOn } from './model.ts';
import { servesScope } from './placement.ts';
import { RankWindow } from './rank-window.ts';
import type { Replica } from './replica.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { Task } from './task.ts';
import type { Tenant } from './tenant.ts';

/** One tenant's FIFO of one class inside one gate. */
export class GateFlow implements HeapNode {
  readonly flow: Flow;
  readonly gate: Gate;
  head: Task | null = null;
  tail: Task | null = null;
  /** The flow's tag as the heap knows it: never above the true one, so the heap's top is made true before it is used. */
  key = 0;
  heapIndex = -1;

  constructor(flow: Flow, gate: Gate) {
    this.flow = flow;
    this.gate = gate;
  }
}

/** What the tasks of a gate wait for. */
export type GateScope = {
  /** Only this pool's replica; `null` = any pool. */
  readonly pool: Pool | null;
  /** Only replicas of this set; `null` = any set. */
  readonly set: ReplicaSet | null;
  /** Replicas these re-runs failed on; served only when no other Ready one is in scope. */
  readonly avoid: readonly FailedOn[];
};

/** Waiting tasks with one scope. */
export class Gate {
  readonly scope: GateScope;
  size = 0;
  readonly heaps: readonly [IndexedHeap<GateFlow>, IndexedHeap<GateFlow>] = [new IndexedHeap(goesFirst), new IndexedHeap(goesFirst)];
  readonly #flows: readonly [(GateFlow | undefined)[], (GateFlow | undefined)[]] = [[], []];

  constructor(scope: GateScope) {
    this.scope = scope;
  }

  heap(klass: number): IndexedHeap<GateFlow> {
    return klass === 0 ? this.heaps[0] : this.heaps[1];
  }

  /** The tenant's FIFO here, made on first use. */
  flowOf(flow: Flow): GateFlow {
    const flows = flow.share.klass === 0 ? this.#flows[0] : this.#flows[1];
    const known = flows[flow.tenant.index];
    if (known !== undefined) return known;
    const made = new GateFlow(flow, this);
    flows[flow.tenant.index] = made;
    return made;
  }

  /** Its tasks, in no order across tenants; for reloads and gates that end. */
  tasks(): Task[] {
    const found: Task[] = [];
    for (const heap of this.heaps) {
      for (const { head } of heap.items) {
        for (let task = head; task !== null; task = task.next) found.push(task);
      }
    }
    return found;
  }

  /** The FIFO that goes first in a class. */
  first(klass: number): GateFlow | undefined {
    const heap = this.heap(klass);
    for (;;) {
      const top = heap.peek();
      if (top === undefined || top.key === top.flow.tag) return top;
      // Another gate served this tenant since: its tag rose, and nothing here was told.
      top.key = top.flow.tag;
      heap.update(top);
    }
  }
}

/** Lowest tag first, among equals the oldest head. */
function goesFirst(a: GateFlow, b: GateFlow): boolean {
  if (a.key !== b.key) return a.key < b.key;
  return headOrder(a) < headOrder(b);
}

function headOrder(gateFlow: GateFlow): number {
  return gateFlow.head === null ? Infinity : gateFlow.head.order;
}

/** What is queued in one class of the lane. */
export class ClassQueue {
  readonly rank = new RankWindow<Task>();
  readonly flows: (Flow | undefined)[] = [];
  /** Flows with droppable tasks, the one furthest over its share of the queue on top. */
  readonly droppable = new IndexedHeap<Flow>((a, b) => {
    const left = a.droppable * b.tenant.spec.weight;
    const right = b.droppable * a.tenant.spec.weight;
    return left === right ? a.tenant.index < b.tenant.index : left > right;
  });
  promptTokens = 0;
  outTokens = 0;
  /** Sum of the weights of the tenants that wait. */
  activeWeight = 0;
}

/** All queues of one lane. */
export class LaneQueue {
  readonly shares: LaneShares;
  readonly classes: readonly [ClassQueue, ClassQueue] = [new ClassQueue(), new ClassQueue()];
  /** Tasks that any replica of the lane may run. */
  readonly open = new Gate({ pool: null, set: null, avoid: [] });
  /** Gates of re-runs that hold tasks; few, and empty while nothing fails. */
  readonly reruns: Gate[] = [];
  #size = 0;

  constructor(weights: ClassWeights) {
    this.shares = new LaneShares(weights);
  }

  get size(): number {
    return this.#size;
  }

  class(klass: number): ClassQueue {
    return klass === 0 ? this.classes[0] : this.classes[1];
  }

  flowOf(klass: number, tenant: Tenant): Flow {
    const { flows } = this.class(klass);
    const known = flows[tenant.index];
    if (known !== undefined) return known;
    const made = new Flow(tenant, this.shares.classes[klass === 0 ? 0 : 1]);
    flows[tenant.index] = made;
    return made;
  }

  /** Tasks ahead in class and lane; 0 = next (ORCH-2013). */
  position(task: Task): number {
    return this.class(task.klass).rank.rank(task);
  }

  /** A task that was never dispatched, at the end of its tenant's FIFO. */
  push(task: Task, gate: Gate): void {
    assert(task.attempts === 0, 'only tasks that never ran may become victims');
    const gateFlow = this.#enter(task, gate);
    const { tail } = gateFlow;
    task.previous = tail;
    gateFlow.tail = task;
    if (tail === null) {
      gateFlow.head = task;
      this.#activate(gateFlow);
    } else tail.next = task;
    const queue = this.class(task.klass);
    queue.rank.pushBack(task);
    this.#countDroppable(gateFlow.flow, queue, 1);
  }

  /** A re-run, at the head of its tenant's FIFO; `task.order` is below that of everything queued. */
  pushFront(task: Task, gate: Gate): void {
    assert(task.attempts > 0, 'only re-runs go to the head');
    const gateFlow = this.#enter(task, gate);
    const { head } = gateFlow;
    task.next = head;
    gateFlow.head = task;
    if (head === null) {
      gateFlow.tail = task;
      this.#activate(gateFlow);
    } else {
      head.previous = task;
      gate.heap(task.klass).update(gateFlow);
    }
    this.class(task.klass).rank.pushFront(task);
  }

  /** Take a task out, wherever it stands. */
  remove(task: Task): void {
    const gateFlow = task.gateFlow;
    assert(gateFlow !== null, 'only a queued task leaves the queue');
    const { flow, gate } = gateFlow;
    const queue = this.class(task.klass);
    const { previous, next } = task;
    if (previous === null) gateFlow.head = next;
    else previous.next = next;
    if (next === null) gateFlow.tail = previous;
    else next.previous = previous;
    task.gateFlow = task.previous = task.next = null;

    this.#size -= 1;
    gate.size -= 1;
    flow.queued -= 1;
    flow.promptTokens -= task.spec.promptTokens;
    flow.outTokens -= task.outBudget;
    queue.promptTokens -= task.spec.promptTokens;
    queue.outTokens -= task.outBudget;
    queue.rank.remove(task);
    if (task.attempts === 0) this.#countDroppable(flow, queue, -1);
    if (gateFlow.head === null) this.#deactivate(gateFlow);
    else if (previous === null) gate.heap(task.klass).update(gateFlow);
    if (flow.queued === 0) queue.activeWeight = queue.rank.size === 0 ? 0 : queue.activeWeight - flow.tenant.spec.weight;
    if (gate.size === 0) dropFrom(this.reruns, gate);
  }

  /**
   * The task that goes next among the gates a replica may serve.
   *
   * 1. The class with the lowest start tag that has a task there; among equals the oldest head.
   * 2. In it the tenant with the lowest tag; among equals the oldest head.
   * 3. Of that tenant the oldest head over all gates.
   *
   * @req ORCH-3075
   */
  next(replica: Replica): Task | null {
    if (this.#size === 0) return null;
    const urgent = this.#firstOf(0, replica);
    const patient = this.#firstOf(1, replica);
    if (urgent === null) return patient;
    if (patient === null) return urgent;
    // 1
    const urgentStart = this.shares.classStart(0);
    const patientStart = this.shares.classStart(1);
    if (urgentStart !== patientStart) return urgentStart < patientStart ? urgent : patient;
    return urgent.order < patient.order ? urgent : patient;
  }

  /** Charge a task that takes a slot; it has left the queue, or never was in it. */
  charge(flow: Flow, costMs: number): void {
    this.shares.charge(flow, costMs);
  }

  /** Correct a charge once the true cost is known. */
  correct(flow: Flow, extraMs: number): void {
    this.shares.correct(flow, extraMs);
    if (extraMs >= 0) return;
    // A tag that falls must be told to every heap: their stale keys may only be too low.
    for (const gateFlow of flow.gateFlows) {
      gateFlow.key = flow.tag;
      gateFlow.gate.heap(flow.share.klass).update(gateFlow);
    }
  }

  /** The gate of re-runs with this scope, made on first use. */
  rerunGate(scope: GateScope): Gate {
    const known = this.reruns.find((gate) => sameScope(gate.scope, scope));
    if (known !== undefined) return known;
    const made = new Gate(scope);
    this.reruns.push(made);
    return made;
  }

  /** The victim of `drop-lru` in one class: the oldest droppable task of the tenant furthest over its share (ORCH-3005). */
  oldestOfGreediest(klass: number): Task | null {
    const flow = this.class(klass).droppable.peek();
    if (flow === undefined) return null;
    let oldest: Task | null = null;
    for (const { head } of flow.gateFlows) {
      if (head !== null && head.attempts === 0 && (oldest === null || head.order < oldest.order)) oldest = head;
    }
    return oldest;
  }

  /** The victim of `shed-low-priority` in one class: its youngest task that never ran (ORCH-3005). */
  youngest(klass: number): Task | null {
    const last = this.class(klass).rank.last();
    return last === undefined || last.attempts > 0 ? null : last;
  }

  /**
   * Put tasks of other lanes in between by age, each into the gate named with it; for reloads. O(n log n).
   *
   * @param incoming - Tasks in no queue now.
   */
  merge(incoming: readonly { readonly task: Task; readonly gate: Gate }[]): void {
    const all = [...incoming];
    for (const task of this.toArray()) {
      const gate = task.gateFlow?.gate;
      assert(gate !== undefined, 'a queued task has a gate');
      all.push({ task, gate });
      this.remove(task);
    }
    all.sort((a, b) => a.task.order - b.task.order);
    for (const { task, gate } of all) if (task.attempts === 0) this.push(task, gate);
    for (const { task, gate } of all.toReversed()) if (task.attempts > 0) this.pushFront(task, this.rerunGate(gate.scope));
  }

  /** Every queued task, oldest first; for reloads and lanes that end. */
  toArray(): Task[] {
    return CLASSES.flatMap((_, klass) => this.class(klass).rank.toArray()).toSorted((a, b) => a.order - b.order);
  }

  /** After a reload changed weights. */
  reweigh(): void {
    for (const queue of this.classes) {
      queue.activeWeight = 0;
      for (const flow of queue.flows) {
        if (flow === undefined) continue;
        if (flow.queued > 0) queue.activeWeight += flow.tenant.spec.weight;
        if (flow.heapIndex !== -1) queue.droppable.update(flow);
      }
    }
  }

  #enter(task: Task, gate: Gate): GateFlow {
    const flow = this.flowOf(task.klass, task.tenant);
    const queue = this.class(task.klass);
    if (flow.queued === 0) {
      this.shares.wake(flow);
      queue.activeWeight += flow.tenant.spec.weight;
    }
    this.#size += 1;
    gate.size += 1;
    flow.queued += 1;
    flow.promptTokens += task.spec.promptTokens;
    flow.outTokens += task.outBudget;
    queue.promptTokens += task.spec.promptTokens;
    queue.outTokens += task.outBudget;
    const gateFlow = gate.flowOf(flow);
    task.gateFlow = gateFlow;
    return gateFlow;
  }

  #firstOf(klass: number, replica: Replica): Task | null {
    const { pins } = replica.pool;
    // A replica that leaves must become idle: what others of the lane can run is theirs.
    let best = replica.pool.leaving && !replica.lane.closing ? undefined : this.open.first(klass);
    if (pins.size > 0) best = earlier(best, pins.first(klass));
    for (const gate of this.reruns) {
      if (gate.size > 0 && servesScope(replica, gate.scope)) best = earlier(best, gate.first(klass));
    }
    return best === undefined ? null : best.head;
  }

  #activate(gateFlow: GateFlow): void {
    gateFlow.key = gateFlow.flow.tag;
    gateFlow.flow.gateFlows.push(gateFlow);
    gateFlow.gate.heap(gateFlow.flow.share.klass).push(gateFlow);
  }

  #deactivate(gateFlow: GateFlow): void {
    dropFrom(gateFlow.flow.gateFlows, gateFlow);
    gateFlow.gate.heap(gateFlow.flow.share.klass).remove(gateFlow);
  }

  #countDroppable(flow: Flow, queue: ClassQueue, by: 1 | -1): void {
    flow.droppable += by;
    if (flow.heapIndex === -1) queue.droppable.push(flow);
    else if (flow.droppable === 0) queue.droppable.remove(flow);
    else queue.droppable.update(flow);
  }
}

function earlier(a: GateFlow | undefined, b: GateFlow | undefined): GateFlow | undefined {
  if (a === undefined) return b;
  return b !== undefined && goesFirst(b, a) ? b : a;
}

function sameScope(a: GateScope, b: GateScope): boolean {
  return (
    a.pool === b.pool &&
    a.set === b.set &&
    a.avoid.length === b.avoid.length &&
    a.avoid.every(({ replicaId }) => b.avoid.some((other) => other.replicaId === replicaId))
  );
}

function dropFrom<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index === -1) return;
  const last = list.pop();
  if (last !== undefined && index < list.length) list[index] = last;
}
