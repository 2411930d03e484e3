/**
 * Everything the scheduler may learn, each with the time at which it was learnt. The core reads no clock:
 * `nowMs` (milliseconds, any fixed origin, never decreasing) is its only time.
 */
import type { ErrorKind } from '@llama-orch/api-types';
import type { Acceptance } from './effect.ts';
import type {
  BudgetLevel,
  CoreConfig,
  FailedOn,
  ReplicaSpec,
  SessionKey,
  SessionUsage,
  SetName,
  Spend,
  TaskKey,
  TaskSpec,
} from './model.ts';

/** How one attempt on one replica ended. */
export type AttemptOutcome =
  | {
      readonly kind: 'succeeded';
      readonly finishReason: 'stop' | 'length';
      readonly tokensIn: number;
      readonly tokensOut: number;
      /** Prompt tokens found in the KV cache; > 0 = the start was warm. */
      readonly cachedTokens: number;
    }
  /** The worker broke: the task may run again elsewhere. */
  | { readonly kind: 'failed'; readonly error: ErrorKind; readonly message: string; readonly mayRunAgain: boolean }
  /** The attempt stopped because an `abort` effect asked for it. */
  | { readonly kind: 'aborted' };

/** A task that was admitted before a restart and has not ended. */
export type RestoredTask = {
  readonly spec: TaskSpec;
  /** What it was promised. */
  readonly acceptance: Pick<Acceptance, 'laneId' | 'engine' | 'ctxTokens' | 'maxTokens' | 'deadlineMs' | 'samplerProfileVersion'>;
  /** On this run's clock; below its origin for most. */
  readonly acceptedAtMs: number;
  /** Attempts dispatched; 0 = it never left its queue. */
  readonly attempts: number;
  /** The set it is pinned to. */
  readonly set: SetName | null;
  readonly failedOn: readonly FailedOn[];
  /** A reader may have seen text of it that only its engine could repeat. */
  readonly firstTokenShown: boolean;
};

export type RestoredSession = {
  readonly sessionKey: SessionKey;
  readonly turns: number;
  readonly lastUsedMs: number;
  /** What its figures showed last as used; absent = nothing was counted. */
  readonly account?: { readonly tenantId: string; readonly used: SessionUsage };
};

/** What a controller that ended left behind. */
export type RestoredState = {
  /** In the order of their acceptance. */
  readonly tasks: readonly RestoredTask[];
  readonly sessions: readonly RestoredSession[];
  readonly budgets: readonly (BudgetLevel & { readonly atMs: number })[];
  /** Admissions that the levels do not hold yet, in the order of their times. */
  readonly spends: readonly Spend[];
};

export type CoreEvent =
  /** First event, and again at each reload. Replicas and tasks of pools that remain are kept. */
  | { readonly kind: 'configured'; readonly nowMs: number; readonly config: CoreConfig }
  /** At most once, after the first `configured` and before anything else (ORCH-3302). */
  | { readonly kind: 'restored'; readonly nowMs: number; readonly state: RestoredState }
  | { readonly kind: 'enqueue'; readonly nowMs: number; readonly task: TaskSpec }
  | { readonly kind: 'cancel'; readonly nowMs: number; readonly taskKey: TaskKey }
  /** The replica is Ready (ORCH-3010), or became Ready again. */
  | { readonly kind: 'replicaUp'; readonly nowMs: number; readonly replica: ReplicaSpec }
  /** No new dispatch; running attempts go on (drain, or its agent is silent). */
  | { readonly kind: 'replicaPaused'; readonly nowMs: number; readonly replicaId: string }
  /** The worker is gone; the loop reports the end of each of its attempts by itself. */
  | { readonly kind: 'replicaDown'; readonly nowMs: number; readonly replicaId: string }
  /** Whether a pool without a Ready replica may still get one: `down` = refused, broken, drained, or its agent silent. */
  | { readonly kind: 'poolState'; readonly nowMs: number; readonly poolId: string; readonly state: 'starting' | 'down' }
  /**
   * The pool gets no new dispatch until `poolResumed`; what still runs there at `abortAtMs` is stopped and placed again. Said again, it
   * replaces what was said. `returns`: it will be back by itself (its worker is being replaced), so tasks may wait for it.
   */
  | { readonly kind: 'poolDrained'; readonly nowMs: number; readonly poolId: string; readonly abortAtMs: number; readonly returns: boolean }
  | { readonly kind: 'poolResumed'; readonly nowMs: number; readonly poolId: string }
  /** The engine took the attempt into a slot. */
  | { readonly kind: 'started'; readonly nowMs: number; readonly taskKey: TaskKey; readonly attempt: number }
  | { readonly kind: 'firstToken'; readonly nowMs: number; readonly taskKey: TaskKey; readonly attempt: number }
  /** Tokens came since the last `progress` of the attempt; feeds the idle watchdog. Sent at most once a second. */
  | { readonly kind: 'progress'; readonly nowMs: number; readonly taskKey: TaskKey; readonly attempt: number; readonly tokensOut: number }
  /** The attempt is over. `slotFree: false` = its slot is releasing until `slotFreed`. */
  | {
      readonly kind: 'ended';
      readonly nowMs: number;
      readonly taskKey: TaskKey;
      readonly attempt: number;
      readonly outcome: AttemptOutcome;
      readonly slotFree: boolean;
    }
  /** The engine shows the slot of that attempt free (ORCH-3017). */
  | { readonly kind: 'slotFreed'; readonly nowMs: number; readonly replicaId: string; readonly taskKey: TaskKey; readonly attempt: number }
  | { readonly kind: 'sessionDeleted'; readonly nowMs: number; readonly sessionKey: SessionKey }
  /** Time passed: deadlines, watchdogs, TTLs. At least once a second. */
  | { readonly kind: 'tick'; readonly nowMs: number };
