/**
 * The data plane but for the stream: enqueue, status, cancel. Each handler reads, asks, and writes the wire shape.
 */
import { OrchError } from '@llama-orch/api-types';
import type { Scheduler } from '@llama-orch/orchestrator-core';
import { type GuardEnv, principalOf } from '@llama-orch/service-kit';
import { Hono } from 'hono';
import { type SubmitTask, tenantKey } from '../admission/submit-task.ts';
import { normalizeRequest } from '../admission/task-request.ts';
import type { Clock } from '../clock.ts';
import type { SchedulerLoop } from '../scheduler-loop.ts';
import type { TaskStore } from '../task-store.ts';
import type { Task } from '../task.ts';
import { taskStatus } from '../views/task-status.ts';
import { readJson } from './json-body.ts';

export type TaskRouteDeps = {
  readonly submit: SubmitTask;
  readonly store: TaskStore;
  readonly loop: SchedulerLoop;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly maxBodyBytes: number;
};

export const createTaskRoutes = (deps: TaskRouteDeps): Hono<GuardEnv> => {
  const routes = new Hono<GuardEnv>();
  const find = (tenantId: string, id: string): Task => {
    const remembered = deps.store.find(tenantKey(tenantId, id));
    if (remembered === undefined) throw new OrchError('not-found', { message: `No task ${JSON.stringify(id.slice(0, 100))}.` });
    return remembered.task;
  };

  /** @req ORCH-2001, ORCH-2011, ORCH-2013 */
  routes.post('/v1/tasks', async (c) => {
    const request = normalizeRequest(await readJson(c, 'TaskRequest', deps.maxBodyBytes));
    const { tenantId } = principalOf(c);
    const answer = await deps.submit.submit(request, {
      tenantId,
      correlationId: c.get('correlationId'),
      traceparent: c.get('traceparent'),
    });
    return c.body(answer.body, 202, { 'content-type': 'application/json', location: `/v1/tasks/${answer.taskId}` });
  });

  /** @req ORCH-2009 */
  routes.get('/v1/tasks/:id', (c) =>
    c.json(taskStatus(find(principalOf(c).tenantId, c.req.param('id')), deps.scheduler, deps.clock.nowMs())),
  );

  /** @req ORCH-2003 */
  routes.post('/v1/tasks/:id/cancel', async (c) => {
    await deps.loop.cancel(find(principalOf(c).tenantId, c.req.param('id')));
    return c.body(null, 204);
  });

  return routes;
};
