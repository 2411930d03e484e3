/**
 * What a lane assumes for tasks that do not say, and the token bucket that tenants and classes share as a shape. It knows
 * no counters.
 */
import type { Type } from 'typebox';
import { count, milliseconds, ratio, section } from './field.ts';

/** @req ORCH-3079 */
export const admissionSchema = section(
  'What the pool’s lane assumes for tasks that do not say. The pools of one lane must agree.',
  {
    default_deadline_ms: milliseconds('Deadline of a task that names none, from its admission.', { default: 600_000 }),
  },
  { default: {} },
);

export type AdmissionConfig = Type.Static<typeof admissionSchema>;

/**
 * A token bucket.
 *
 * @req ORCH-3006
 */
export const rateSchema = (value?: { requests_per_s: number; burst: number }) =>
  section(
    'A token bucket over requests.',
    {
      requests_per_s: ratio('Refill rate.', 'requests per second', { minimum: 0.001, maximum: 1_000_000 }),
      burst: count('Bucket size: requests that may come at once.', 'requests', { minimum: 1, maximum: 10_000_000 }),
    },
    value ? { default: value } : {},
  );

export type RateConfig = Type.Static<ReturnType<typeof rateSchema>>;
