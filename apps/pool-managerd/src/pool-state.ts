/**
 * The states of one pool and the moves between them. Pure: what a state *does* is in `pool.ts`, when to try again is in
 * `restart-policy.ts`.
 */
import type { Failure } from './failure.ts';
import type { LiveWorker } from './live-worker.ts';
import { unreachable } from './unreachable.ts';

/** What follows once a worker has ended. */
export type Next =
  | { readonly kind: 'stop' }
  | { readonly kind: 'start' }
  | { readonly kind: 'wait'; readonly failure: Failure; readonly retryAtMs: number }
  | { readonly kind: 'refuse'; readonly failure: Failure };

/**
 * | state | what goes on | worker | on the wire |
 * | --- | --- | --- | --- |
 * | `stopped` | nothing; not wanted | – | stopped |
 * | `checking` | host, checksum, headroom | – | starting |
 * | `launching` | spawn and its record; not interruptible, `next` is kept for after it | – | starting |
 * | `loading` | the engine loads the model | yes | starting |
 * | `testing` | self-test | yes | starting |
 * | `ready` | serves; probed | yes | ready |
 * | `unready` | answers no probe (or, adopted, none yet) | yes | unready |
 * | `stopping` | TERM, grace, KILL; then `next` | yes | stopping |
 * | `waiting` | backoff or open breaker until `retryAtMs` | – | unready |
 * | `refused` | cannot run here; its checks are repeated now and then | – | refused |
 *
 * | event | from → to |
 * | --- | --- |
 * | `start` | stopped, waiting, refused → checking; stopping → stopping(start) |
 * | `restart` | like `start`, and: checking → checking (anew); launching → launching(start); with a worker → stopping(start) |
 * | `stop` | without a worker → stopped; launching → launching(stop); with a worker → stopping(stop) |
 * | `adopt` | stopped → unready (tested) or loading |
 * | `checked` | checking → launching |
 * | `spawned` | launching → loading, or stopping(next) if asked meanwhile |
 * | `loaded` | loading → testing |
 * | `passed` | testing → ready |
 * | `probed` / `missed` | unready → ready / ready → unready |
 * | `failed` | checking, launching → waiting; with a worker, dead or alive → stopping(wait) |
 * | `refused` | checking, launching → refused; with a worker → stopping(refuse) |
 * | `ended` | stopping → what `next` says |
 * | `retry` | waiting, refused → checking |
 *
 * A worker that died by itself also goes through `stopping`: what it forked may live on and is ended there.
 *
 * Any other pair leaves the state as it is: it is an echo of a state already left.
 */
export type PoolState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'checking' }
  | { readonly kind: 'launching'; readonly next: Next | null }
  | { readonly kind: 'loading'; readonly worker: LiveWorker }
  | { readonly kind: 'testing'; readonly worker: LiveWorker }
  | { readonly kind: 'ready'; readonly worker: LiveWorker }
  | { readonly kind: 'unready'; readonly worker: LiveWorker }
  | { readonly kind: 'stopping'; readonly worker: LiveWorker; readonly next: Next }
  | { readonly kind: 'waiting'; readonly failure: Failure; readonly retryAtMs: number }
  | { readonly kind: 'refused'; readonly failure: Failure };

export type PoolEvent =
  | { readonly kind: 'start' | 'restart' | 'stop' | 'checked' | 'loaded' | 'probed' | 'missed' | 'ended' | 'retry' }
  | { readonly kind: 'adopt' | 'spawned' | 'passed'; readonly worker: LiveWorker }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly retryAtMs: number }
  | { readonly kind: 'refused'; readonly failure: Failure };

/** The next state; the very same object when the event changes nothing. */
export const transition = (state: PoolState, event: PoolEvent): PoolState => {
  switch (event.kind) {
    case 'start':
      return onStart(state);
    case 'restart':
      return onRestart(state);
    case 'stop':
      return onStop(state);
    case 'adopt':
      if (state.kind !== 'stopped') return state;
      return { kind: event.worker.record.tested === null ? 'loading' : 'unready', worker: event.worker };
    case 'checked':
      return state.kind === 'checking' ? { kind: 'launching', next: null } : state;
    case 'spawned':
      if (state.kind !== 'launching') return state;
      return state.next === null ? { kind: 'loading', worker: event.worker } : { kind: 'stopping', worker: event.worker, next: state.next };
    case 'loaded':
      return state.kind === 'loading' ? { kind: 'testing', worker: state.worker } : state;
    case 'passed':
      return state.kind === 'testing' ? { kind: 'ready', worker: event.worker } : state;
    case 'probed':
      return state.kind === 'unready' ? { kind: 'ready', worker: state.worker } : state;
    case 'missed':
      return state.kind === 'ready' ? { kind: 'unready', worker: state.worker } : state;
    case 'failed':
      return onEnd(state, { kind: 'wait', failure: event.failure, retryAtMs: event.retryAtMs });
    case 'refused':
      return onEnd(state, { kind: 'refuse', failure: event.failure });
    case 'ended':
      return state.kind === 'stopping' ? toNext(state.next) : state;
    case 'retry':
      return state.kind === 'waiting' || state.kind === 'refused' ? { kind: 'checking' } : state;
  }
};

const onStart = (state: PoolState): PoolState => {
  switch (state.kind) {
    case 'stopped':
    case 'waiting':
    case 'refused':
      return { kind: 'checking' };
    case 'stopping':
      return { ...state, next: { kind: 'start' } };
    case 'launching':
      // A stop that came before is taken back; a restart stays one.
      return state.next?.kind === 'stop' ? { ...state, next: { kind: 'start' } } : state;
    case 'checking':
    case 'loading':
    case 'testing':
    case 'ready':
    case 'unready':
      return state;
    default:
      return unreachable(state);
  }
};

const onRestart = (state: PoolState): PoolState => {
  switch (state.kind) {
    case 'checking':
      return { kind: 'checking' };
    case 'launching':
      return { ...state, next: { kind: 'start' } };
    case 'loading':
    case 'testing':
    case 'ready':
    case 'unready':
      return { kind: 'stopping', worker: state.worker, next: { kind: 'start' } };
    case 'stopped':
    case 'waiting':
    case 'refused':
    case 'stopping':
      return onStart(state);
    default:
      return unreachable(state);
  }
};

const onStop = (state: PoolState): PoolState => {
  switch (state.kind) {
    case 'stopped':
      return state;
    case 'checking':
    case 'waiting':
    case 'refused':
      return { kind: 'stopped' };
    case 'launching':
      return { ...state, next: { kind: 'stop' } };
    case 'loading':
    case 'testing':
    case 'ready':
    case 'unready':
    case 'stopping':
      return { kind: 'stopping', worker: state.worker, next: { kind: 'stop' } };
    default:
      return unreachable(state);
  }
};

/** Something went wrong; a worker that may still live is ended first. */
const onEnd = (state: PoolState, next: Next): PoolState => {
  switch (state.kind) {
    case 'checking':
      return toNext(next);
    case 'launching':
      return toNext(state.next ?? next);
    case 'loading':
    case 'testing':
    case 'ready':
    case 'unready':
      return { kind: 'stopping', worker: state.worker, next };
    case 'refused':
      // The repeated checks found another reason.
      return next.kind === 'refuse' && next.failure.message !== state.failure.message ? toNext(next) : state;
    case 'stopped':
    case 'waiting':
    case 'stopping':
      return state;
    default:
      return unreachable(state);
  }
};

const toNext = (next: Next): PoolState => {
  switch (next.kind) {
    case 'stop':
      return { kind: 'stopped' };
    case 'start':
      return { kind: 'checking' };
    case 'wait':
      return { kind: 'waiting', failure: next.failure, retryAtMs: next.retryAtMs };
    case 'refuse':
      return { kind: 'refused', failure: next.failure };
    default:
      return unreachable(next);
  }
};

/** The worker of a state; `null` where there is none. */
export const workerOf = (state: PoolState): LiveWorker | null => ('worker' in state ? state.worker : null);
