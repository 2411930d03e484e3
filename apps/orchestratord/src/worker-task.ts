/**
 * A task as its worker gets it. Pure; the same task gives the same request in every attempt, or a re-run could not give
 * the same bytes.
 */
import type { WorkerTask } from '@llama-orch/adapter-api';
import { OrchError } from '@llama-orch/api-types';
import type { Task } from './task.ts';

/**
 * @param kvReuse - Whether the engine may reuse its prompt cache (ORCH-3045).
 * @throws OrchError `internal` for a task that has ended: its input is gone.
 */
export const toWorkerTask = (task: Task, kvReuse: boolean): WorkerTask => {
  const { identity, effective, input } = task;
  if (input === null) throw new OrchError('internal', { message: 'A task that ended cannot be dispatched.' });
  const base =
    identity.traceparent === undefined ? { taskId: identity.taskId } : { taskId: identity.taskId, traceparent: identity.traceparent };
  switch (input.workload) {
    case 'completion':
      return {
        ...base,
        workload: 'completion',
        prompt: input.prompt,
        maxTokens: effective.maxTokens ?? 1,
        seed: effective.seed,
        stop: input.stop,
        samplerProfileVersion: effective.samplerProfileVersion,
        kvReuse,
      };
    case 'embedding':
      return { ...base, workload: 'embedding', inputs: input.inputs };
    case 'rerank':
      return { ...base, workload: 'rerank', query: input.inputs[0] ?? '', documents: input.inputs.slice(1) };
  }
};
