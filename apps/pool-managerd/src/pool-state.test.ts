import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFailure } from './failure.ts';
import { type PoolEvent, type PoolState, transition, workerOf } from './pool-state.ts';
import { liveWorker } from './testing/pool-specs.ts';

const failure = createFailure('exited', 'gone');
const final = createFailure('untrusted-artifact', 'wrong digest');
const worker = liveWorker(1);
const tested = liveWorker(1, { record: { ...worker.record, tested: { engineVersion: 'b1', slotsTotal: 1, ctxTokens: 1, loadMs: 1 } } });

const states: readonly PoolState[] = [
  { kind: 'stopped' },
  { kind: 'checking' },
  { kind: 'launching', next: null },
  { kind: 'loading', worker },
  { kind: 'testing', worker },
  { kind: 'ready', worker },
  { kind: 'unready', worker },
  { kind: 'stopping', worker, next: { kind: 'stop' } },
  { kind: 'waiting', failure, retryAtMs: 5 },
  { kind: 'refused', failure: final },
];
const events: readonly PoolEvent[] = [
  ...(['start', 'restart', 'stop', 'checked', 'loaded', 'probed', 'missed', 'ended', 'retry'] as const).map((kind) => ({ kind })),
  { kind: 'adopt', worker: tested },
  { kind: 'spawned', worker },
  { kind: 'passed', worker },
  { kind: 'failed', failure, retryAtMs: 5 },
  { kind: 'refused', failure: final },
];

const show = (state: PoolState): string => {
  if (state.kind === 'stopping' || state.kind === 'launching') return `${state.kind}(${state.next?.kind ?? ''})`;
  return state.kind;
};

test('the whole table, every state with every event', () => {
  const rows = states.map((state) => {
    const moves = events
      .map((event) => [event.kind, transition(state, event)] as const)
      .filter(([kind, next]) => next !== state || (kind === 'restart' && state.kind === 'checking'));
    return `${show(state)}: ${moves.map(([kind, next]) => `${kind} → ${show(next)}`).join(', ')}`;
  });
  expect(rows).toMatchInlineSnapshot(`
    [
      "stopped: start → checking, restart → checking, adopt → unready",
      "checking: restart → checking, stop → stopped, checked → launching(), failed → waiting, refused → refused",
      "launching(): restart → launching(start), stop → launching(stop), spawned → loading, failed → waiting, refused → refused",
      "loading: restart → stopping(start), stop → stopping(stop), loaded → testing, failed → stopping(wait), refused → stopping(refuse)",
      "testing: restart → stopping(start), stop → stopping(stop), passed → ready, failed → stopping(wait), refused → stopping(refuse)",
      "ready: restart → stopping(start), stop → stopping(stop), missed → unready, failed → stopping(wait), refused → stopping(refuse)",
      "unready: restart → stopping(start), stop → stopping(stop), probed → ready, failed → stopping(wait), refused → stopping(refuse)",
      "stopping(stop): start → stopping(start), restart → stopping(start), stop → stopping(stop), ended → stopped",
      "waiting: start → checking, restart → checking, stop → stopped, retry → checking",
      "refused: start → checking, restart → checking, stop → stopped, retry → checking",
    ]
  `);
});

test('an adopted worker is Unready until it answers, one that was not tested yet is tested', () => {
  expect(transition({ kind: 'stopped' }, { kind: 'adopt', worker: tested }).kind).toBe('unready');
  expect(transition({ kind: 'stopped' }, { kind: 'adopt', worker }).kind).toBe('loading');
});

test('what was asked for during a spawn is done after it', () => {
  const asked = transition({ kind: 'launching', next: null }, { kind: 'stop' });
  expect(transition(asked, { kind: 'spawned', worker })).toMatchObject({ kind: 'stopping', next: { kind: 'stop' } });
  const takenBack = transition(asked, { kind: 'start' });
  expect(transition(takenBack, { kind: 'spawned', worker })).toMatchObject({ kind: 'stopping', next: { kind: 'start' } });
});

test('[ORCH-3001] whatever happens, a worker is only let go through stopping, and never replaced in place', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 60 }), (drawn) => {
      let state: PoolState = { kind: 'stopped' };
      for (const event of drawn) {
        const before = state;
        state = transition(before, event);
        const held = workerOf(before);
        if (held !== null && workerOf(state) === null && !(before.kind === 'stopping' && event.kind === 'ended')) return false;
        if (held !== null && workerOf(state) !== held && workerOf(state) !== null && event.kind !== 'passed') return false;
      }
      return true;
    }),
  );
});

test('whatever happened, a stop leads to stopped as soon as what runs has ended', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 60 }), (drawn) => {
      let state: PoolState = { kind: 'stopped' };
      for (const event of drawn) state = transition(state, event);
      state = transition(state, { kind: 'stop' });
      if (state.kind === 'launching') state = transition(state, { kind: 'spawned', worker });
      if (state.kind === 'stopping') state = transition(state, { kind: 'ended' });
      return state.kind === 'stopped';
    }),
  );
});
