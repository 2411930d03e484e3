/**
 * The data plane but for the stream: enqueue, status, cancel. Each handler reads, asks, and writes the wire shape.
 */
import { OrchError } from '@llama-orch/api-types';
import type { Scheduler } from '@llama-orch/orchestrator-core';
import { tenantKey } from '../admission/accepted-task.ts';
import type { SubmitTask } from '../admission/submit-task.ts';
import { normalizeRequest } from '../admission/task-request.ts';
import type { Clock } from '../clock.ts';
import type { SchedulerLoop } from '../scheduler-loop.ts';
import type { TaskStore } from '../task-store.ts';
import type { Task } from '../task.ts';
import { budgetHeaders } from '../views/session-budgets.ts';
import { taskStatus } from '../views/task-status.ts';
import { assertJsonType, parseJsonBody } from './json-body.ts';
import type { PlainAnswer, PlainCall, PlainRoute } from './plain-router.ts';

export type TaskRouteDeps = {
  readonly submit: SubmitTask;
  readonly store: TaskStore;
  readonly loop: SchedulerLoop;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly maxBodyBytes: number;
};

const json = { 'content-type': 'application/json' };

export const createTaskRoutes = ({ submit, store, loop, scheduler, clock, maxBodyBytes }: TaskRouteDeps): readonly PlainRoute[] => {
  const find = ({ principal, id }: PlainCall): Task => {
    const task = store.find(tenantKey(principal.tenantId, id));
    if (task === undefined) throw new OrchError('not-found', { message: `No task ${JSON.stringify(id.slice(0, 100))}.` });
    return task;
  };

  /** @req ORCH-2001, ORCH-2011, ORCH-2013, ORCH-3099 */
  const enqueue = async ({ request, principal, correlationId, traceparent }: PlainCall): Promise<PlainAnswer> => {
    assertJsonType(request.header('content-type'));
    const task = normalizeRequest(parseJsonBody(await request.readBody(maxBodyBytes), 'TaskRequest'));
    const answer = await submit.submit(task, { tenantId: principal.tenantId, correlationId, traceparent });
    const budgets = budgetHeaders(scheduler.session(answer.sessionKey, clock.nowMs()));
    return { status: 202, headers: { ...json, location: `/v1/tasks/${answer.taskId}`, ...budgets }, body: answer.body };
  };

  /** @req ORCH-2009 */
  const showStatus = (call: PlainCall): PlainAnswer => ({
    status: 200,
    headers: json,
    body: JSON.stringify(taskStatus(find(call), scheduler, clock.nowMs())),
  });

  /** @req ORCH-2003 */
  const cancel = async (call: PlainCall): Promise<PlainAnswer> => {
    await loop.cancel(find(call));
    return { status: 204, headers: {}, body: '' };
  };

  return [
    { method: 'POST', path: '/v1/tasks', handle: enqueue },
    { method: 'GET', path: '/v1/tasks/{id}', handle: showStatus },
    { method: 'POST', path: '/v1/tasks/{id}/cancel', handle: cancel },
  ];
};
