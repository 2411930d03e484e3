/**
 * Everything the scheduler wants done. The controller's loop is the only one that carries effects out; it logs and
 * counts each once, when it does.
 */
import type { ErrorKind } from '@llama-orch/api-types';
import type { EngineName, FailedOn, FullPolicy, SessionKey, SetName, TaskKey } from './model.ts';

/** Why a task ended; the one path of every end (DESIGN 4.5). */
export type TaskEnd =
  | { readonly kind: 'succeeded'; readonly finishReason: 'stop' | 'length'; readonly tokensIn: number; readonly tokensOut: number }
  | { readonly kind: 'canceled' }
  | {
      readonly kind: 'failed';
      readonly error: ErrorKind;
      readonly message: string;
      readonly retryAfterMs: number | null;
      readonly policyLabel: FullPolicy | null;
    };

/** Why an attempt must stop. */
export type AbortReason = 'canceled' | 'deadline' | 'wall-timeout' | 'idle-timeout' | 'drained';

/** What an accepted task was promised, and the defaults in force. */
export type Acceptance = {
  readonly laneId: string;
  readonly engine: EngineName;
  /** Of the lane: another than the asked one where a canary took the task. */
  readonly modelDigest: string;
  /** The side it is on; `null` where its model has no canary. `fallback`: meant for the canary, which cannot serve now. */
  readonly canary: { readonly id: string; readonly arm: 'base' | 'canary'; readonly fallback: boolean } | null;
  readonly ctxTokens: number;
  /** `null` unless `completion`. */
  readonly maxTokens: number | null;
  readonly deadlineMs: number | null;
  readonly samplerProfileVersion: string;
  /** Queued tasks ahead in class and lane (ORCH-2013); 0 = next. */
  readonly queuePosition: number;
  /** From admission to start; `null` before anything was measured. */
  readonly predictedStartMs: number | null;
  readonly backoffMs: number;
  readonly sessionTurns: number;
};

export type CoreEffect =
  | { readonly kind: 'accept'; readonly taskKey: TaskKey; readonly acceptance: Acceptance }
  | {
      readonly kind: 'refuse';
      readonly taskKey: TaskKey;
      readonly error: ErrorKind;
      /** Expected, got, what to do. */
      readonly message: string;
      /** From the measured drain rate (ORCH-2007); `null` where waiting does not help. */
      readonly retryAfterMs: number | null;
      readonly policyLabel: FullPolicy | null;
      readonly queuePosition: number | null;
      readonly details: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'dispatch';
      readonly taskKey: TaskKey;
      /** 1 for the first. */
      readonly attempt: number;
      readonly replicaId: string;
      readonly poolId: string;
      /** Whether the engine may reuse its prompt cache (ORCH-3045). */
      readonly kvReuse: boolean;
      /** Expected warmth: same replica as the session's last good turn, and reuse allowed. */
      readonly kvWarmth: boolean;
      /** Queued tasks ahead at dispatch: 0 unless a fairer task was passed. */
      readonly queuePosition: number;
      readonly queuedMs: number;
      readonly firstPredictedStartMs: number | null;
      /** The set a `strict` task is pinned to from now on, else `null`. */
      readonly set: SetName | null;
      /** Where earlier attempts failed. */
      readonly failedOn: readonly FailedOn[];
    }
  /**
   * Stop the attempt on its engine; its slot is releasing until `ended`/`slotFreed` say it is free. Its task has ended, but for
   * `drained`: then `requeued` or the end of the task follows.
   */
  | {
      readonly kind: 'abort';
      readonly taskKey: TaskKey;
      readonly attempt: number;
      readonly replicaId: string;
      readonly reason: AbortReason;
    }
  /** The task goes back to the head of its lane (failover, drain). */
  | {
      readonly kind: 'requeued';
      readonly taskKey: TaskKey;
      /** The replica it ran on. */
      readonly failedReplicaId: string;
      readonly error: ErrorKind;
      /** `drained`: nothing failed, its replica was wanted empty. */
      readonly because: 'failed' | 'drained';
    }
  /** The task is over; nothing about it follows. Victims hear of it here too (ORCH-3005). */
  | { readonly kind: 'finish'; readonly taskKey: TaskKey; readonly end: TaskEnd }
  /** A slot stayed releasing past its grace, or work fails again and again: have the worker restarted. */
  | { readonly kind: 'restartReplica'; readonly replicaId: string; readonly poolId: string; readonly cause: string }
  /** A breaker of a pool, or of its replica, changed (ORCH-3040). `pauseMs`: until it probes; `null` unless `open`. */
  | {
      readonly kind: 'breaker';
      readonly poolId: string;
      readonly replicaId: string | null;
      readonly scope: 'replica' | 'pool';
      readonly state: 'closed' | 'open' | 'half_open';
      readonly cause: 'faults' | 'slo';
      readonly pauseMs: number | null;
    }
  /** Drop the session's KV on that replica, where its engine can. */
  | { readonly kind: 'evictSession'; readonly sessionKey: SessionKey; readonly replicaId: string };
