/**
 * The nouns the scheduler reasons about, as data. Ids and times are inputs; nothing here knows a wire format,
 * a socket or a clock.
 */

export type EngineName = 'llamacpp' | 'vllm' | 'tgi' | 'triton';
export type Workload = 'completion' | 'embedding' | 'rerank';
export type Priority = 'interactive' | 'batch';
/** What a task asks for: byte-equal re-runs, or not. */
export type TaskDeterminism = 'strict' | 'best_effort';
/** What a pool promises (ORCH-3061). */
export type PoolDeterminism = 'single_slot' | 'batch_invariant' | 'none';
export type FullPolicy = 'reject' | 'drop-lru' | 'shed-low-priority';
export type KvHint = 'reuse' | 'cold';

/** Opaque key of a task, unique over all tenants. The controller forms it; the core never takes it apart. */
export type TaskKey = string;
/** Opaque key of a session, unique over all tenants. */
export type SessionKey = string;

/** One configured pool, as far as scheduling cares. */
export type PoolSpec = {
  readonly poolId: string;
  /** Agent name; a re-run prefers another host. */
  readonly host: string;
  readonly engine: EngineName;
  readonly modelDigest: string;
  readonly quant: string;
  /** Context of one slot, tokens. */
  readonly ctxTokens: number;
  readonly samplerProfileVersion: string;
  readonly workloads: readonly Workload[];
  readonly determinism: PoolDeterminism;
  readonly kvReuseVerified: boolean;
  /** Id of the canary whose share it takes; `null` = it takes what is left. */
  readonly canary: string | null;
  /** Requests decoded at a time, >= 1. A live replica may report fewer. */
  readonly slots: number;
  /** Bytes of KV for one token; `null` where nobody knows. */
  readonly kvBytesPerToken: number | null;
  /** The same for all pools of a model. */
  readonly price: Price;
  readonly queueCapacity: number;
  readonly fullPolicy: FullPolicy;
  /** Cap of one class inside the lane's queue; absent = only the total binds. */
  readonly classCaps: Readonly<Partial<Record<Priority, number>>>;
  /** From admission; `null` = none. */
  readonly defaultDeadlineMs: number | null;
  readonly wallTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** How long a slot may stay releasing before its worker is restarted (ORCH-3017). */
  readonly cancelGraceMs: number;
};

/** Rate of a token bucket. */
export type Rate = { readonly perSecond: number; readonly burst: number };

/** One tenant's weight and limits; `null` = unlimited. */
export type TenantSpec = {
  readonly tenantId: string;
  /** > 0. */
  readonly weight: number;
  readonly rate: Rate | null;
  readonly tokensPerMinute: number | null;
  /** Tasks admitted and not ended. */
  readonly maxConcurrentTasks: number | null;
  readonly maxQueuedTasks: number | null;
  /** Bytes of KV its admitted tasks may need together; binds only where the pool knows its bytes per token. */
  readonly maxKvBytes: number | null;
  /** Of each of its sessions. */
  readonly sessionBudgets: SessionBudgets;
};

/** What the tasks of a session used together. */
export type SessionUsage = {
  /** Read and written. */
  readonly tokens: number;
  readonly slotMs: number;
  /** In the units of {@link Price}. */
  readonly cost: number;
};

/** The most that they may use; `null` = unlimited. */
export type SessionBudgets = { readonly [Budget in keyof SessionUsage]: number | null };

/** Cost units; 0 each = free. */
export type Price = { readonly perInputToken: number; readonly perOutputToken: number; readonly perSlotMs: number };

export type ClassSpec = { readonly weight: number; readonly rate: Rate | null };

/** A share of a model's sessions that goes to the pools that name the canary. */
export type CanarySpec = {
  readonly id: string;
  readonly modelDigest: string;
  /** 0 to 100. */
  readonly percent: number;
  /** Tasks with this label always go there; `null` = none do. */
  readonly label: string | null;
};

/** So many failures of different tasks, not of one mishap, within this time. */
export type FaultLimit = { readonly failures: number; readonly windowMs: number };

/** So many late first tokens, and this share of all, in the window of the replica's {@link FaultLimit}. */
export type SloLimit = { readonly firstTokenMs: number; readonly misses: number; readonly ratio: number };

/** Circuit breakers (ORCH-3040). */
export type BreakerSpec = {
  /** Of one worker. */
  readonly replica: FaultLimit;
  /** Of all workers of a pool, one after the other. */
  readonly pool: FaultLimit;
  /** Of the attempts since the first failure in the window, the share that must have failed, too; 0 to 1. */
  readonly failureRatio: number;
  /** First pause, doubled each time a probe fails. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** A replica that opened this often without a success between is to be restarted; >= 1. */
  readonly restartAfter: number;
  /** `null` = SLOs open nothing. */
  readonly slo: SloLimit | null;
};

/** Everything the scheduler is told once and at each reload. */
export type CoreConfig = {
  readonly pools: readonly PoolSpec[];
  /** At most one of each model. */
  readonly canaries: readonly CanarySpec[];
  readonly tenants: readonly TenantSpec[];
  /** Applied to a tenant that `tenants` does not name. */
  readonly defaultTenant: Omit<TenantSpec, 'tenantId'>;
  readonly classes: Readonly<Record<Priority, ClassSpec>>;
  readonly sessions: { readonly ttlMs: number; readonly maxTurns: number; readonly maxSessions: number };
  /** Attempts of one task, the first included; >= 1. */
  readonly maxAttempts: number;
  /** When workers that break or miss their SLO get no work; `null` = never. */
  readonly breaker: BreakerSpec | null;
  /** How long the tasks of a lane that nothing can serve wait before they end with `pool-unavailable`. */
  readonly unavailableGraceMs: number;
};

/** One request for inference, already authenticated, schema-checked and counted in tokens. */
export type TaskSpec = {
  readonly taskKey: TaskKey;
  readonly tenantId: string;
  readonly sessionKey: SessionKey;
  readonly priority: Priority;
  readonly workload: Workload;
  readonly modelDigest: string;
  /** `null` = any engine that serves the model. */
  readonly engine: EngineName | null;
  /** `null` = the lane's context. */
  readonly ctxTokens: number | null;
  /** Counted by the engine's tokenizer, or the documented upper bound (ORCH-3015). */
  readonly promptTokens: number;
  /** `null` = 256 or what `ctx` leaves; ignored unless `completion`. */
  readonly maxTokens: number | null;
  /** From admission; `null` = the lane's default. */
  readonly deadlineMs: number | null;
  readonly determinism: TaskDeterminism;
  /** `null` = the lane's. */
  readonly samplerProfileVersion: string | null;
  readonly pinPoolId: string | null;
  /** Placement hint, tokens. */
  readonly expectedTokens: number | null;
  readonly kvHint: KvHint;
  /** Sends it to the canary that names this label; `null` = none. */
  readonly label: string | null;
};

/** A replica on which an attempt failed, as it was then: it may be gone, and its pool too. */
export type FailedOn = { readonly replicaId: string; readonly poolId: string; readonly host: string };

/** A replica set by name, for whoever must find it again after a restart. */
export type SetName = { readonly id: string; readonly engineVersion: string };

/** Level of one token bucket: `id` names a tenant or a class. */
export type BudgetLevel = {
  readonly owner: 'tenant' | 'class';
  readonly id: string;
  readonly unit: 'requests' | 'tokens';
  /** Below 0 where more was used than was taken. */
  readonly level: number;
};

/** What one admission took from its buckets: a request of its tenant and of its class, and the tenant's model tokens. */
export type Spend = { readonly tenantId: string; readonly priority: Priority; readonly tokens: number; readonly atMs: number };

/** A pool's live worker. `replicaId` is `pool_id/start_count`. */
export type ReplicaSpec = {
  readonly replicaId: string;
  readonly poolId: string;
  readonly engineVersion: string;
  /** Digest of all that can change logits (ORCH-3007). */
  readonly numerics: string;
  /** Slots the engine shows; the lower of this and the pool's `slots` binds (ORCH-3019). */
  readonly slots: number;
  /** How far apart its devices lie, 0 = together, or nobody tells (ORCH-3013). Breaks ties only. */
  readonly spread?: number;
};
