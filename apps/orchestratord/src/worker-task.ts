/**
 * A task as its worker gets it. Pure; the same task gives the same request in every attempt but for its trace, or a re-run
 * could not give the same bytes.
 */
import type { WorkerTask } from '@llama-orch/adapter-api';
import { OrchError } from '@llama-orch/api-types';
import type { Task } from './task.ts';

/**
 * @param options - `kvReuse`: whether the engine may reuse its prompt cache (ORCH-3045); `traceparent`: of whoever asks, for engines that trace.
 * @throws OrchError `internal` for a task that has ended: its input is gone.
 */
export const toWorkerTask = (
  task: Task,
  { kvReuse, traceparent }: { readonly kvReuse: boolean; readonly traceparent: string | undefined },
): WorkerTask => {
  const { identity, effective, input } = task;
  if (input === null) throw new OrchError('internal', { message: 'A task that ended cannot be dispatched.' });
  const base = traceparent === undefined ? { taskId: identity.taskId } : { taskId: identity.taskId, traceparent };
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
