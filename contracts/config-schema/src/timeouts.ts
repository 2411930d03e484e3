/**
 * The clocks of one pool: starting, running, stopping its worker. It owns their defaults; who watches them is not its
 * concern.
 */
import type { Type } from 'typebox';
import { milliseconds, section } from './field.ts';

/** @req ORCH-3016, ORCH-3017 */
export const timeoutsSchema = section(
  'Clocks of the pool’s worker and its tasks.',
  {
    start_ms: milliseconds('From spawn until the self-test must have passed; model loading is inside.', { default: 300_000 }),
    wall_ms: milliseconds('Longest a task may run on the worker (`DECODE_TIMEOUT`).', { default: 600_000 }),
    idle_ms: milliseconds('Longest silence of the worker inside a running task (`DECODE_TIMEOUT`).', { default: 60_000 }),
    cancel_grace_ms: milliseconds('How long a canceled task’s slot may stay busy before the worker is restarted.', { default: 10_000 }),
    probe_interval_ms: milliseconds('Between two health probes of the worker.', { default: 1_000, minimum: 100 }),
    stop_grace_ms: milliseconds('Between SIGTERM and SIGKILL when the worker is stopped.', { default: 10_000 }),
  },
  { default: {} },
);

export type TimeoutsConfig = Type.Static<typeof timeoutsSchema>;
