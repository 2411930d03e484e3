/** Ids that pacts name. Each interaction has a task of its own, so that one provider can be asked all of them in any order. */

export const taskId = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
export const operationId = (number: number): string => `44444444-0000-4000-8000-${String(number).padStart(12, '0')}`;
export const sessionId = (number: number): string => `11111111-0000-4000-8000-${String(number).padStart(12, '0')}`;

export const model = 'pact-model';
export const poolId = 'pact-pool';

/** Of another model, whose pool is a canary. */
export const nextModel = 'pact-next-model';
export const nextPoolId = 'pact-next-pool';
export const canaryId = 'pact-canary';

/** Keys that exist only where the state says that keys are asked for. */
export const keys = {
  tasksOnly: 'orch_pact_tasks_only_key',
  otherTenant: 'orch_pact_other_tenant_key',
  unknown: 'orch_pact_unknown_key',
} as const;

/** What the provider's scripted engine answers. */
export const answerText = 'soft rain';

export const request = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
  model_ref: model,
  prompt: 'Write a haiku about rain.',
  task_id: id,
  max_tokens: 8,
  ...more,
});

/** Parameters of a state that wants this task submitted. */
export const submitted = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({ task_id: id, request: request(id, more) });
