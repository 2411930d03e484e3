/**
 * A task request as checked, with the defaults that depend on nothing else filled in (spec section 2, "Task request").
 * Defaults that depend on a lane are the core's; this file knows no lane.
 */
import { hash } from 'node:crypto';
import type { TaskRequest } from '@llama-orch/api-types';

/** The request with its context-free defaults; `null` = the client left it open. */
export type NormalRequest = {
  readonly modelRef: string;
  readonly workload: NonNullable<TaskRequest['workload']>;
  readonly prompt: string | null;
  readonly inputs: readonly string[] | null;
  readonly taskId: string | null;
  readonly sessionId: string | null;
  readonly engine: NonNullable<TaskRequest['engine']> | null;
  readonly ctx: number | null;
  readonly priority: NonNullable<TaskRequest['priority']>;
  readonly maxTokens: number | null;
  readonly deadlineMs: number | null;
  readonly seed: number | null;
  readonly determinism: NonNullable<TaskRequest['determinism']>;
  readonly samplerProfileVersion: string | null;
  readonly stop: readonly string[];
  readonly pinPoolId: string | null;
  readonly expectedTokens: number | null;
  readonly kvHint: NonNullable<TaskRequest['kv_hint']>;
  readonly label: string | null;
};

export const normalizeRequest = (request: TaskRequest): NormalRequest => ({
  modelRef: request.model_ref,
  workload: request.workload ?? 'completion',
  prompt: request.prompt ?? null,
  inputs: request.inputs ?? null,
  taskId: request.task_id ?? null,
  sessionId: request.session_id ?? null,
  engine: request.engine ?? null,
  ctx: request.ctx ?? null,
  priority: request.priority ?? 'interactive',
  maxTokens: request.max_tokens ?? null,
  deadlineMs: request.deadline_ms ?? null,
  seed: request.seed ?? null,
  determinism: request.determinism ?? 'strict',
  samplerProfileVersion: request.sampler_profile_version ?? null,
  stop: request.stop ?? [],
  pinPoolId: request.pin_pool_id ?? null,
  expectedTokens: request.expected_tokens ?? null,
  kvHint: request.kv_hint ?? 'reuse',
  label: request.label ?? null,
});

/**
 * What "the same body" means (ORCH-2011): equal after defaults, whatever the order of fields and the white space.
 *
 * @returns SHA-256, hex.
 */
export const requestDigest = (request: NormalRequest): string => hash('sha256', JSON.stringify(request), 'hex');

/** Largest seed is 2^32-2: engines take 2^32-1 for "random". */
const seedModulus = 2 ** 32 - 1;

/** Seed of a task that names none, so that a re-run after any restart draws the same. */
export const defaultSeed = (taskId: string): number => hash('sha256', taskId, 'buffer').readUInt32BE(0) % seedModulus;
