/**
 * Lanes and the pools in them: all configured pools that are equal in what decides an answer, and the tasks that wait for
 * them. It groups and counts; it admits and places nothing.
 */
import { Breaker } from './breaker.ts';
import type { ClassWeights } from './fairness.ts';
import { DecayedRate, DrainMeter } from './decayed.ts';
import { IndexedHeap } from './heap.ts';
import type { EngineName, FullPolicy, PoolDeterminism, PoolSpec, Price, Priority, Workload } from './model.ts';
import { lessLoaded } from './placement.ts';
import { ServiceModel } from './prediction.ts';
import { Gate, LaneQueue } from './queue.ts';
import type { Replica } from './replica.ts';
import type { ReplicaSet } from './replica-set.ts';

/** How far back arriving work is looked at. */
const ARRIVAL_MEMORY_MS = 300_000;

const FREE: Price = { perInputToken: 0, perOutputToken: 0, perSlotMs: 0 };

/** One configured pool and what is known of it. */
export class Pool {
  readonly id: string;
  spec: PoolSpec;
  lane: Lane;
  replica: Replica | null = null;
  /** Whether it may get a replica when it has none. Until told otherwise a pool is starting. */
  state: 'starting' | 'down' = 'starting';
  /** Set of its latest replica: what it will probably come back as. */
  set: ReplicaSet | null = null;
  /** Tasks pinned to this pool by their client. */
  pins: Gate;
  /** `stays`: drained until it is resumed; `returns`: for as long as its worker is replaced. */
  draining: 'no' | 'stays' | 'returns' = 'no';
  /** When what still runs on it is stopped; Infinity = never, or that is done. */
  abortAtMs = Infinity;
  /** No longer configured like this: its replica only finishes what waits for nothing else. */
  leaving = false;
  /** Since when it has no Ready replica and cannot get one; Infinity = it has or can. */
  deadSinceMs = Infinity;
  /** Since when it has no Ready replica; NaN = it has one. */
  unreadySinceMs: number;
  /** Over all its workers. */
  readonly breaker = new Breaker();
  /** A worker of the pool's former lane: it must never serve this one. */
  retiredReplicaId: string | null = null;

  constructor(spec: PoolSpec, lane: Lane, nowMs: number) {
    this.id = spec.poolId;
    this.spec = spec;
    this.lane = lane;
    this.pins = new Gate({ pool: this, set: null, avoid: [] });
    this.unreadySinceMs = nowMs;
  }

  get ready(): boolean {
    return this.replica?.ready ?? false;
  }

  /** Until the last of its breakers that are open probes; 0 = none is open. */
  breakerPauseMs(nowMs: number): number {
    const open = [this.breaker, this.replica?.breaker].filter((breaker) => breaker?.state === 'open');
    return open.reduce((longestMs, breaker) => Math.max(longestMs, (breaker?.untilMs ?? 0) - nowMs), 0);
  }

  /** Ready, or it may become so. */
  get hopeful(): boolean {
    if (this.leaving) return this.replica?.serves ?? false;
    return this.ready || (this.state === 'starting' && this.draining !== 'stays');
  }
}

/** What the pools of a lane have in common. */
export type LaneShape = {
  readonly engine: EngineName;
  readonly modelDigest: string;
  readonly quant: string;
  readonly ctxTokens: number;
  readonly samplerProfileVersion: string;
  readonly workloads: readonly Workload[];
  readonly determinism: PoolDeterminism;
  readonly canary: string | null;
};

/**
 * Equal ids = one lane: equal engine, model digest, quant, ctx, sampler profile, workloads, determinism and canary.
 *
 * @req ORCH-3004
 */
export function toLaneId(pool: PoolSpec): string {
  const workloads = pool.workloads.toSorted().join('+');
  const shape = [
    pool.engine,
    pool.modelDigest,
    pool.quant,
    `ctx${pool.ctxTokens}`,
    pool.samplerProfileVersion,
    workloads,
    pool.determinism,
  ];
  return (pool.canary === null ? shape : [...shape, `canary-${pool.canary}`]).join('/');
}

/** One lane. */
export class Lane {
  readonly id: string;
  readonly shape: LaneShape;
  /** In config order. */
  pools: readonly Pool[] = [];
  /** Pools that are no longer of this lane by config, while their replicas finish what is theirs. */
  leaving: readonly Pool[] = [];
  readonly sets = new Map<string, ReplicaSet>();
  readonly queue: LaneQueue;
  /** Replicas that can take a task now, the least loaded on top. */
  readonly free = new IndexedHeap<Replica>(lessLoaded);
  readonly models: readonly [ServiceModel, ServiceModel] = [new ServiceModel(), new ServiceModel()];
  readonly arrivals: readonly [DecayedRate, DecayedRate] = [new DecayedRate(ARRIVAL_MEMORY_MS), new DecayedRate(ARRIVAL_MEMORY_MS)];
  readonly drain = new DrainMeter();
  readyReplicas = 0;
  readySlots = 0;
  /** Pools that are Ready or may become so. */
  hopefulPools = 0;
  running = 0;
  /** Since when nothing can serve it; Infinity = something can, or may come. */
  deadSinceMs = Infinity;
  /** When the next refused client should come back: one place frees after the other. */
  nextRoomMs = 0;

  /** From the pools, by {@link configure}. */
  capacity = 0;
  classCaps: readonly [number, number] = [Infinity, Infinity];
  configuredSlots = 0;
  fullPolicy: FullPolicy = 'reject';
  defaultDeadlineMs: number | null = null;
  kvBytesPerToken: number | null = null;
  price: Price = FREE;

  constructor(spec: PoolSpec, weights: ClassWeights) {
    this.id = toLaneId(spec);
    this.shape = spec;
    this.queue = new LaneQueue(weights);
  }

  /** Nothing new comes into it; what waits in it is finished by what is left. */
  get closing(): boolean {
    return this.pools.length === 0;
  }

  /** Ready now, or worth waiting for. */
  get available(): boolean {
    return this.readyReplicas > 0 || this.hopefulPools > 0;
  }

  /**
   * Take over the pools of a new config. Capacities, caps and slots are sums; what only one pool can decide (full policy,
   * default deadline) is the first one's in config order.
   */
  configure(pools: readonly Pool[]): void {
    this.pools = pools;
    const sum = (of: (pool: PoolSpec) => number): number => pools.reduce((total, pool) => total + of(pool.spec), 0);
    const cap = (klass: Priority): number =>
      pools.some((pool) => pool.spec.classCaps[klass] !== undefined)
        ? sum((pool) => pool.classCaps[klass] ?? pool.queueCapacity)
        : Infinity;
    this.capacity = sum((pool) => pool.queueCapacity);
    this.classCaps = [cap('interactive'), cap('batch')];
    this.configuredSlots = sum((pool) => pool.slots);
    this.fullPolicy = pools[0]?.spec.fullPolicy ?? 'reject';
    this.defaultDeadlineMs = pools[0]?.spec.defaultDeadlineMs ?? null;
    this.price = pools[0]?.spec.price ?? FREE;
    this.kvBytesPerToken = pools.reduce<number | null>((most, { spec }) => {
      if (spec.kvBytesPerToken === null) return most;
      return most === null ? spec.kvBytesPerToken : Math.max(most, spec.kvBytesPerToken);
    }, null);
  }

  classCap(klass: number): number {
    return klass === 0 ? this.classCaps[0] : this.classCaps[1];
  }

  model(klass: number): ServiceModel {
    const own = klass === 0 ? this.models[0] : this.models[1];
    const other = klass === 0 ? this.models[1] : this.models[0];
    return own.measured || !other.measured ? own : other;
  }

  ownModel(klass: number): ServiceModel {
    return klass === 0 ? this.models[0] : this.models[1];
  }

  arrival(klass: number): DecayedRate {
    return klass === 0 ? this.arrivals[0] : this.arrivals[1];
  }

  get measured(): boolean {
    return this.models[0].measured || this.models[1].measured;
  }
}
