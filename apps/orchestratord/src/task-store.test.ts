/** Who is remembered, and for how long. */
import { expect, test } from 'vitest';
import { type RetentionLimits, TaskStore } from './task-store.ts';
import { type EffectiveValues, Task, type TaskInput } from './task.ts';

const createEnded = (id: string, input: TaskInput): Task =>
  new Task({
    identity: { key: id, tenantId: 't', taskId: id, sessionId: 's', correlationId: 'c', traceparent: undefined },
    effective: {} as EffectiveValues,
    admission: { acceptedBody: '{}', requestDigest: 'd', sessionTurns: 1 },
    input,
    enqueuedAtMs: 0,
    enqueuedAtEpochMs: 0,
  });

const addEnded = (store: TaskStore, id: string, endedAtMs: number, text = ''): void => {
  const task = createEnded(id, { workload: 'completion', prompt: 'p', stop: [] });
  if (text !== '') {
    task.log.start('{}');
    task.log.append([text]);
  }
  store.publish(task);
  task.endedAtMs = endedAtMs;
  store.retire(task);
};
const createStore = (limits: Partial<RetentionLimits>): { store: TaskStore; forgotten: string[] } => {
  const forgotten: string[] = [];
  return {
    store: new TaskStore({ ms: 1_000, bytes: 1e9, tasks: 100, ...limits }, ({ identity }) => forgotten.push(identity.key)),
    forgotten,
  };
};

test('[ORCH-2011] an ended task is found until its retention is over', () => {
  const { store, forgotten } = createStore({});
  addEnded(store, 'a', 0);
  addEnded(store, 'b', 500);
  store.sweep(999);
  expect(forgotten).toEqual([]);
  store.sweep(1_000);
  expect(forgotten).toEqual(['a']);
  expect(store.find('a')).toBeUndefined();
  expect(store.find('b')).toBeDefined();
});

test('retention is bounded in number and in bytes, oldest first', () => {
  const byNumber = createStore({ tasks: 2 });
  for (const [index, id] of ['a', 'b', 'c'].entries()) addEnded(byNumber.store, id, index);
  expect(byNumber.forgotten).toEqual(['a']);
  const byBytes = createStore({ bytes: 30_000 });
  for (const [index, id] of ['a', 'b', 'c'].entries()) addEnded(byBytes.store, id, index, 'x'.repeat(10_000));
  expect(byBytes.forgotten).toEqual(['a']);
});

test('what an ended task holds beside its text counts too, and a second retirement does not', () => {
  const { store, forgotten } = createStore({ bytes: 30_000 });
  const big = createEnded('big', { workload: 'embedding', inputs: ['p'] });
  const embeddings = [Array.from({ length: 1_000 }, () => 0.123456789)];
  big.result = { finishReason: 'stop', tokensIn: 1, tokensOut: 0, streamDigest: null, embeddings };
  big.log.finish({ event: 'end', data: JSON.stringify({ embeddings }) });
  store.publish(big);
  big.endedAtMs = 0;
  store.retire(big);
  store.retire(big);
  expect(forgotten).toEqual([]);
  addEnded(store, 'small', 1, 'x'.repeat(8_000));
  expect(forgotten).toEqual(['big']);
  expect(store.find('small')).toBeDefined();
});
