/**
 * Turns the signals that end a command into two wishes, "stop" and "stop at once". It stops nothing itself.
 */
import { constants } from 'node:os';

/**
 * Signals that come within this time are one wish: a single Ctrl-C reaches us from the terminal, from npm and from the
 * bootstrap, each with its own copy.
 */
const echoMs = 300;

/** What the user has asked for until now. */
export interface StopWish {
  /** Aborts at the first wish. */
  readonly asked: AbortSignal;
  /** Aborts at the second wish. */
  readonly forced: AbortSignal;
  /** 128 + the number of the first signal; 0 before any. */
  readonly exitCode: number;
  /** Stop listening, so that signals have their usual effect again. */
  close(): void;
}

/**
 * Listen for SIGINT, SIGTERM and SIGHUP, and for the death of the bootstrap that started us (its IPC channel ends).
 */
export function listenForStopWish(): StopWish {
  const asked = new AbortController();
  const forced = new AbortController();
  let exitCode = 0;
  let lastAtMs = Number.NEGATIVE_INFINITY;
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now();
    const isEcho = nowMs - lastAtMs < echoMs;
    lastAtMs = nowMs;
    if (isEcho) return;
    if (asked.signal.aborted) forced.abort();
    exitCode ||= 128 + constants.signals[signal];
    asked.abort();
  };
  const onOrphaned = (): void => onSignal('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  if (process.connected) process.on('disconnect', onOrphaned);
  return {
    asked: asked.signal,
    forced: forced.signal,
    get exitCode() {
      return exitCode;
    },
    close() {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
      process.off('disconnect', onOrphaned);
    },
  };
}
