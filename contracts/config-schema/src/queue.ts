/**
 * The bounded queue a pool adds to its lane, and what happens when it is full. It owns field shapes only; the lane that
 * sums them up is the scheduler's.
 */
import { Type } from 'typebox';
import { choice, count, section } from './field.ts';

/** Priority classes, highest first. */
export const priorities = ['interactive', 'batch'] as const;
export type Priority = (typeof priorities)[number];

/** Policies of a full queue (ORCH-3005). */
export const fullPolicies = ['reject', 'drop-lru', 'shed-low-priority'] as const;
export type FullPolicy = (typeof fullPolicies)[number];

const cap = (name: Priority) => Type.Optional(count(`Most waiting ${name} tasks.`, 'tasks', { minimum: 0, maximum: 10_000_000 }));

/** @req ORCH-3004, ORCH-3005 */
export const queueSchema = section(
  'What this pool adds to the queue of its lane. A lane holds the sum of its pools.',
  {
    capacity: count('Waiting tasks this pool lets its lane hold.', 'tasks', { default: 64, minimum: 1, maximum: 10_000_000 }),
    full_policy: choice(fullPolicies, {
      description: 'What a full queue does with a newcomer. The pools of one lane must agree.',
      default: 'reject',
    }),
    class_caps: Type.Optional(
      section('Caps per priority class inside `capacity`; a class without one is bounded by `capacity` alone.', {
        interactive: cap('interactive'),
        batch: cap('batch'),
      }),
    ),
  },
  { default: {} },
);

export type QueueConfig = Type.Static<typeof queueSchema>;
