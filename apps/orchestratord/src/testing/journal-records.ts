/** Records for tests of journals: small, whole, and of one task, session or operation each. */
import type { AcceptedRecord, JournalRecord, OperationRecord, PinnedRecord, SessionRecord, TerminalRecord } from '../journal/journal.ts';

export const accepted = (id: string, fields: Partial<AcceptedRecord> = {}): AcceptedRecord => ({
  kind: 'accepted',
  taskKey: `t/${id}`,
  tenantId: 't',
  sessionId: `session-of-${id}`,
  atMs: 1_000,
  atEpochMs: 1_000,
  correlationId: 'c',
  traceparent: null,
  laneId: 'lane',
  modelDigest: 'sha256:m',
  promptTokens: 3,
  canary: null,
  sessionTurns: 1,
  requestDigest: 'digest',
  request: {
    modelRef: 'm',
    workload: 'completion',
    prompt: `a secret prompt of ${id}`,
    inputs: null,
    taskId: id,
    sessionId: null,
    engine: null,
    ctx: null,
    priority: 'interactive',
    maxTokens: null,
    deadlineMs: null,
    seed: null,
    determinism: 'strict',
    samplerProfileVersion: null,
    stop: [],
    pinPoolId: null,
    expectedTokens: null,
    kvHint: 'reuse',
    label: null,
  },
  acceptedBody: JSON.stringify({ task_id: id }),
  ...fields,
});

export const pinned = (id: string, attempt = 1, fields: Partial<PinnedRecord> = {}): PinnedRecord => ({
  kind: 'pinned',
  taskKey: `t/${id}`,
  attempt,
  atMs: 1_100,
  replicaId: 'a/1',
  set: { id: 'set', engineVersion: 'e1' },
  failedOn: [],
  ...fields,
});

export const terminal = (id: string, fields: Partial<TerminalRecord> = {}): TerminalRecord => ({
  kind: 'terminal',
  taskKey: `t/${id}`,
  tenantId: 't',
  sessionId: `session-of-${id}`,
  atMs: 2_000,
  acceptedAtMs: 1_000,
  acceptedAtEpochMs: 1_000,
  correlationId: 'c',
  sessionTurns: 1,
  sessionUsed: null,
  requestDigest: 'digest',
  acceptedBody: JSON.stringify({ task_id: id }),
  state: 'succeeded',
  attempts: 1,
  failovers: 0,
  failoverMs: 0,
  startedMs: 1,
  firstTokenMs: 2,
  endedMs: 3,
  started: '{}',
  result: { finishReason: 'stop', tokensIn: 3, tokensOut: 1, streamDigest: 'd' },
  terminal: { event: 'end', data: '{}' },
  text: `text of ${id}`,
  ...fields,
});

export const session = (id: string, turns: number, atMs = 1_500): SessionRecord => ({
  kind: 'session',
  sessionKey: `t/${id}`,
  tenantId: 't',
  turns,
  used: null,
  lastUsedAtMs: atMs,
  atMs,
});

export const operation = (operationId: string, body: unknown): OperationRecord => ({ kind: 'operation', operationId, body });

/** One batch after another, as a controller might write them: every kind of record, and one of each change of the file. */
export const story: readonly (readonly JournalRecord[])[] = [
  [{ kind: 'run', atMs: 500, bootId: 'boot', uptimeMs: 1 }, accepted('one'), pinned('one'), accepted('two')],
  [{ kind: 'firstToken', taskKey: 't/one' }, pinned('two'), session('s', 2)],
  [terminal('one'), pinned('two', 2, { replicaId: 'b/1', failedOn: [{ replicaId: 'a/1', poolId: 'a', host: 'h' }] })],
  [{ kind: 'budget', atMs: 2_000, levels: [{ owner: 'tenant', id: 't', unit: 'requests', level: 3 }] }, operation('op', 'running')],
  [session('s', 0, 2_500), operation('op', 'done'), terminal('two', { state: 'canceled' }), accepted('three')],
];
