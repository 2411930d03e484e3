/**
 * One task inside the controller: what was asked, what happened so far, and its event log. The scheduler loop is the
 * only writer of its mutable fields, with `task-transitions.ts` as its hand.
 */
import type { ErrorEnvelope, ReplicaReport, StreamStarted } from '@llama-orch/api-types';
import type { PoolConfig } from '@llama-orch/config-schema';
import type { Acceptance, EngineName, KvHint, Priority, TaskDeterminism, Workload } from '@llama-orch/orchestrator-core';
import type { Attempt } from './attempt.ts';
import type { PinnedRecord } from './journal/journal.ts';
import { TaskLog } from './task-log.ts';

/** State on the wire (ORCH-2009). */
export type TaskState = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled';

/** What the engine gets; dropped when the task ends. */
export type TaskInput =
  | { readonly workload: 'completion'; readonly prompt: string; readonly stop: readonly string[] }
  | { readonly workload: 'embedding' | 'rerank'; readonly inputs: readonly string[] };

/** The values in force, which the 202 answers with (spec section 2). */
export type EffectiveValues = {
  readonly engine: EngineName;
  readonly modelRef: string;
  readonly modelDigest: string;
  readonly workload: Workload;
  readonly ctxTokens: number;
  readonly priority: Priority;
  readonly maxTokens: number | null;
  readonly deadlineMs: number | null;
  readonly seed: number;
  readonly determinism: TaskDeterminism;
  readonly samplerProfileVersion: string;
  readonly kvHint: KvHint;
  readonly stop: readonly string[];
  readonly pinPoolId: string | null;
};

/** The replica of the running or last attempt. */
export type Placement = { readonly report: ReplicaReport; readonly pool: PoolConfig; readonly kvWarmth: boolean };

/** How a task that did not fail ended. */
export type TaskResult = {
  readonly finishReason: 'stop' | 'length' | 'canceled';
  readonly tokensIn: number | null;
  readonly tokensOut: number | null;
  /** `null` when canceled. */
  readonly streamDigest: string | null;
  readonly embeddings?: readonly (readonly number[])[];
  readonly scores?: readonly number[];
};

export type TaskIdentity = {
  /** `tenantId/taskId`: unique over all tenants. */
  readonly key: string;
  readonly tenantId: string;
  readonly taskId: string;
  readonly sessionId: string;
  readonly correlationId: string;
  readonly traceparent: string | undefined;
};

/** What the 202 said and what a repeat of the request is compared with (ORCH-2011). */
export type TaskAdmission = {
  /** The 202's body, byte for byte. */
  readonly acceptedBody: string;
  readonly requestDigest: string;
  /** Turns of its session, this one included. */
  readonly sessionTurns: number;
};

export type TaskInit = {
  readonly identity: TaskIdentity;
  readonly effective: EffectiveValues;
  readonly admission: TaskAdmission;
  /** `null` for one that ended before this run of the controller. */
  readonly input: TaskInput | null;
  readonly enqueuedAtMs: number;
  readonly enqueuedAtEpochMs: number;
};

export class Task {
  readonly identity: TaskIdentity;
  readonly effective: EffectiveValues;
  readonly admission: TaskAdmission;
  readonly log = new TaskLog();
  /** Monotonic ms, as the `enqueue` event said; below the clock's origin where an earlier run admitted it. */
  readonly enqueuedAtMs: number;
  readonly enqueuedAtEpochMs: number;
  input: TaskInput | null;
  state: TaskState = 'queued';
  queuePositionAtAdmission = 0;
  predictedStartMs: number | null = null;
  attempt: Attempt | null = null;
  attempts = 0;
  /** The side of a canary that it is on; `null` where its model has none. */
  canary: Acceptance['canary'] = null;
  placement: Placement | null = null;
  /** Data of the `started` event. */
  started: StreamStarted | null = null;
  startedAtMs: number | null = null;
  firstTokenAtMs: number | null = null;
  /** When it had 64 model tokens; the SLOs speak of that. */
  token64AtMs: number | null = null;
  endedAtMs: number | null = null;
  tokensOut = 0;
  /** Of the attempt that succeeded, from its first token; `null` where its engine told no time of its own. */
  decode: { readonly observedMs: number; readonly engineMs: number } | null = null;
  failovers = 0;
  failoverMs = 0;
  failedAtMs: number | null = null;
  /** Its newest attempt as the journal has it. */
  pinned: PinnedRecord | null = null;
  result: TaskResult | null = null;
  error: ErrorEnvelope | null = null;
  /** Resolves when the terminal event is stable and readable. */
  readonly whenEnded: Promise<void>;
  readonly markEnded: () => void;

  constructor({ identity, effective, admission, input, enqueuedAtMs, enqueuedAtEpochMs }: TaskInit) {
    this.identity = identity;
    this.effective = effective;
    this.admission = admission;
    this.input = input;
    this.enqueuedAtMs = enqueuedAtMs;
    this.enqueuedAtEpochMs = enqueuedAtEpochMs;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.whenEnded = promise;
    this.markEnded = resolve;
  }

  get isEnded(): boolean {
    return this.endedAtMs !== null;
  }

  /** Milliseconds from admission to the first start; `null` before. */
  get queueMs(): number | null {
    return this.startedAtMs === null ? null : this.startedAtMs - this.enqueuedAtMs;
  }

  /** Milliseconds from admission to the first token; `null` before. */
  get ttftMs(): number | null {
    return this.firstTokenAtMs === null ? null : this.firstTokenAtMs - this.enqueuedAtMs;
  }

  /** Milliseconds from admission to the 64th model token; `null` before. */
  get tokens64Ms(): number | null {
    return this.token64AtMs === null ? null : this.token64AtMs - this.enqueuedAtMs;
  }

  /** Milliseconds from the first token to the end; `null` before, or without a token. */
  get decodeMs(): number | null {
    return this.firstTokenAtMs === null || this.endedAtMs === null ? null : this.endedAtMs - this.firstTokenAtMs;
  }
}
