/**
 * What signals do to a service: the first drains it, the second kills it. It knows nothing of what draining means.
 */
import type { Logger } from './log.ts';
import { ExitCode } from './start-error.ts';

const signals = ['SIGTERM', 'SIGINT'] as const;

/** As much of `process` as is needed. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

export type ShutdownOptions = {
  /**
   * Stop admission, let work end, flush, close. `deadline` aborts when time is up: then cut short what still runs, and return.
   */
  readonly drain: (deadline: AbortSignal) => Promise<void>;
  readonly deadlineMs: number;
  readonly log: Logger;
  /** Default `process`. */
  readonly source?: SignalSource;
  /** Default `process.exit`. */
  readonly exit?: (code: ExitCode) => void;
};

export interface Shutdown {
  /** Drain as the first signal does, for the same reasons or for another one. */
  begin(reason: string): void;
  /** Stop listening without draining. */
  dispose(): void;
}

/** How long a drain may go on after its deadline, to close what it cut short, before the process ends without it. */
const closingGraceMs = 5_000;

/**
 * Listen for SIGTERM and SIGINT until the process ends or {@link Shutdown.dispose}.
 *
 * Exit codes: 0 when the drain came to its end, also when its deadline cut it short; 1 when it failed, hung, or was killed by a second
 * signal.
 *
 * @req ORCH-3054
 */
export const onShutdown = ({
  drain,
  deadlineMs,
  log,
  source = process,
  exit = (code) => process.exit(code),
}: ShutdownOptions): Shutdown => {
  let isDraining = false;
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  const dispose = () => {
    clearTimeout(timer);
    for (const signal of signals) source.off(signal, onSignal);
  };
  const end = (code: ExitCode) => {
    dispose();
    exit(code);
  };
  const onDeadline = () => {
    log.warn({ event: 'shutdown_deadline', deadline_ms: deadlineMs }, 'shutdown deadline reached; running work is cut short');
    deadline.abort(new DOMException('The shutdown deadline was reached.', 'TimeoutError'));
    timer = setTimeout(() => {
      log.error({ event: 'shutdown_stuck' }, 'shutdown did not end; leaving without it');
      end(ExitCode.failure);
    }, closingGraceMs);
  };
  const begin = (reason: string) => {
    if (isDraining) return;
    isDraining = true;
    log.info({ event: 'shutdown_started', reason, deadline_ms: deadlineMs }, `${reason}: draining; a second signal kills at once`);
    timer = setTimeout(onDeadline, deadlineMs);
    void drainAndEnd();
  };
  const drainAndEnd = async () => {
    try {
      await drain(deadline.signal);
    } catch (cause) {
      log.error({ event: 'shutdown_failed', err: cause }, 'shutdown failed');
      return end(ExitCode.failure);
    }
    log.info({ event: 'shutdown_done' }, 'shut down');
    return end(ExitCode.ok);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (!isDraining) return begin(signal);
    log.warn({ event: 'shutdown_killed', reason: signal }, `${signal} again: killed`);
    return end(ExitCode.failure);
  };

  for (const signal of signals) source.on(signal, onSignal);
  return { begin, dispose };
};
