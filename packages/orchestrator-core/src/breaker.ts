/**
 * One circuit breaker: whether a replica, or a pool over all its workers, may be given work, from how its attempts went. It knows no
 * fleet; who is told and what follows is in `breaker-flow.ts`.
 */
import { OutcomeWindow } from './outcome-window.ts';
import type { BreakerSpec, FaultLimit } from './model.ts';
import type { Attempt } from './task.ts';

export type BreakerState = 'closed' | 'open' | 'half_open';

/** `faults`: its attempts failed; `slo`: they were late while those of its lane's other replicas were not. */
export type BreakerCause = 'faults' | 'slo';

/**
 * | state     | event                                                        | next      |
 * | --------- | ------------------------------------------------------------ | --------- |
 * | closed    | an attempt failed, and that makes too many                    | open      |
 * | closed    | told that it is late while others are not                     | open      |
 * | open      | its pause is over                                             | half_open |
 * | half_open | the probing attempt succeeded (in time, where that was why)   | closed    |
 * | half_open | the probing attempt failed, or was late where that was why    | open, for twice as long |
 *
 * Half-open it lets one attempt at a time through. One that ends without a verdict (canceled, moved away) lets the next one probe.
 * What began before it opened says nothing about it any more.
 *
 * @req ORCH-3040
 */
export class Breaker {
  state: BreakerState = 'closed';
  cause: BreakerCause = 'faults';
  /** End of the pause while open. */
  untilMs = 0;
  /** Times it opened since the last success that closed it. */
  opens = 0;
  /** The attempt that decides while half-open. */
  probe: Attempt | null = null;
  readonly #outcomes = new OutcomeWindow();
  readonly #firstTokens = new OutcomeWindow();
  #lastIncidentMs = -Infinity;
  /** The first incident of those that the window still holds: only what began after it tells whether it goes on. */
  #sinceMs = Infinity;

  get admits(): boolean {
    return this.state === 'closed' || (this.state === 'half_open' && this.probe === null);
  }

  begin(attempt: Attempt): void {
    if (this.state === 'half_open') this.probe = attempt;
  }

  /** The attempt holds no slot any more. */
  release(attempt: Attempt): void {
    if (this.probe === attempt) this.probe = null;
  }

  /** @returns Whether its state changed; likewise below. */
  onSucceeded(attempt: Attempt, { windowMs }: FaultLimit, nowMs: number): boolean {
    if (this.state === 'closed' && attempt.dispatchedAtMs >= this.#sinceMs) this.#outcomes.add('succeeded', windowMs, nowMs);
    if (this.state !== 'half_open' || this.probe !== attempt) return false;
    this.close();
    return true;
  }

  onFailed(attempt: Attempt, limit: FaultLimit, spec: BreakerSpec, nowMs: number): boolean {
    if (this.state === 'half_open' && this.probe === attempt) {
      this.open('faults', spec, nowMs);
      return true;
    }
    if (this.state !== 'closed') return false;
    if (!this.#add(attempt, limit, nowMs)) return false;
    const { succeeded, failed, incidents } = this.#outcomes.counts(limit.windowMs, nowMs);
    if (incidents < limit.failures || failed < spec.failureRatio * (failed + succeeded)) return false;
    this.open('faults', spec, nowMs);
    return true;
  }

  /** The probing attempt's first token was late. */
  onLateProbe(attempt: Attempt, spec: BreakerSpec, nowMs: number): boolean {
    if (this.state !== 'half_open' || this.probe !== attempt || this.cause !== 'slo') return false;
    this.open('slo', spec, nowMs);
    return true;
  }

  onFirstToken(isLate: boolean, { windowMs }: FaultLimit, nowMs: number): void {
    if (this.state === 'closed') this.#firstTokens.add(isLate ? 'late' : 'inTime', windowMs, nowMs);
  }

  /** First tokens of the window. */
  firstTokens({ windowMs }: FaultLimit, nowMs: number): { readonly late: number; readonly all: number } {
    const { late, inTime } = this.#firstTokens.counts(windowMs, nowMs);
    return { late, all: late + inTime };
  }

  open(cause: BreakerCause, { openMs, maxOpenMs }: BreakerSpec, nowMs: number): void {
    this.state = 'open';
    this.cause = cause;
    this.probe = null;
    this.untilMs = nowMs + Math.min(maxOpenMs, openMs * 2 ** this.opens);
    this.opens += 1;
  }

  /** Its pause is over. */
  onPauseOver(): void {
    this.state = 'half_open';
  }

  close(): void {
    this.state = 'closed';
    this.probe = null;
    this.opens = 0;
    this.#outcomes.clear();
    this.#firstTokens.clear();
    this.#sinceMs = Infinity;
  }

  /** @returns Whether it tells anything: what one mishap broke at once does only once. */
  #add(attempt: Attempt, { windowMs }: FaultLimit, nowMs: number): boolean {
    if (attempt.dispatchedAtMs >= this.#lastIncidentMs) {
      if (this.#outcomes.counts(windowMs, nowMs).incidents === 0) {
        this.#outcomes.clear();
        this.#sinceMs = nowMs;
      }
      this.#outcomes.add('incidents', windowMs, nowMs);
      this.#lastIncidentMs = nowMs;
    } else if (attempt.dispatchedAtMs < this.#sinceMs) return false;
    this.#outcomes.add('failed', windowMs, nowMs);
    return true;
  }
}
