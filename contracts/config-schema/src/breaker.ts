/**
 * Circuit breakers of the controller: when a worker that breaks its tasks, or misses their SLO, gets no work for a while.
 */
import { count, flag, milliseconds, ratio, section } from './field.ts';

const faultLimit = (description: string, failures: number, windowMs: number) =>
  section(
    description,
    {
      failures: count('Failures of different tasks that open it; what one mishap broke at once counts once.', 'failures', {
        default: failures,
        minimum: 1,
        maximum: 1_000,
      }),
      window_ms: milliseconds('They count for this long.', { default: windowMs, minimum: 1_000 }),
    },
    { default: {} },
  );

/** @req ORCH-3040 */
export const breakerSchema = section(
  'Circuit breakers: a worker or a pool whose tasks fail gets none for a pause, then one at a time until one succeeds.',
  {
    enabled: flag('Without them only short pauses after each failure protect the queue.', true),
    replica: faultLimit('The breaker of one worker.', 3, 60_000),
    pool: faultLimit('The breaker of a pool, over all its workers.', 10, 600_000),
    failure_ratio: ratio('Share of the attempts since the first of these failures that must have failed, too.', 'ratio', {
      default: 0.5,
      minimum: 0,
      maximum: 1,
    }),
    open_ms: milliseconds('First pause, doubled each time a probe fails.', { default: 5_000 }),
    max_open_ms: milliseconds('Longest pause.', { default: 120_000 }),
    restart_after: count('A worker that opened it this often, and never succeeded between, is restarted.', 'times', {
      default: 3,
      minimum: 1,
      maximum: 1_000,
    }),
    slo: section(
      'A worker that is late while the others of its lane are in time, by `slos.interactive.first_token_p95_ms` from its dispatch.',
      {
        enabled: flag('Whether lateness opens it.', true),
        misses: count('Late first tokens in the window of `replica` that open it.', 'tasks', { default: 20, minimum: 1, maximum: 100_000 }),
        miss_ratio: ratio('Share of the first tokens that must be late, too.', 'ratio', { default: 0.5, minimum: 0, maximum: 1 }),
      },
      { default: {} },
    ),
  },
  { default: {} },
);
