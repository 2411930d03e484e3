/**
 * Sessions: what remains of one, and its end (ORCH-2004, ORCH-2005).
 */
import { OrchError, type Session } from '@llama-orch/api-types';
import type { Scheduler, SessionFigures } from '@llama-orch/orchestrator-core';
import { type GuardEnv, principalOf } from '@llama-orch/service-kit';
import { Hono } from 'hono';
import { tenantKey } from '../admission/accepted-task.ts';
import type { Clock } from '../clock.ts';
import type { SessionRecords } from '../journal/session-records.ts';
import type { SchedulerLoop } from '../scheduler-loop.ts';
import { toBudgets } from '../views/session-budgets.ts';

export type SessionRouteDeps = {
  readonly scheduler: Scheduler;
  readonly loop: SchedulerLoop;
  readonly records: SessionRecords;
  readonly clock: Clock;
  readonly maxTurns: () => number;
};

export const createSessionRoutes = ({ scheduler, loop, records, clock, maxTurns }: SessionRouteDeps): Hono<GuardEnv> => {
  const routes = new Hono<GuardEnv>();
  const find = (tenantId: string, id: string): SessionFigures => {
    const figures = scheduler.session(tenantKey(tenantId, id), clock.nowMs());
    if (figures === undefined) throw new OrchError('not-found', { message: `No session ${JSON.stringify(id.slice(0, 100))}.` });
    return figures;
  };

  /** @req ORCH-2004 */
  routes.get('/v1/sessions/:id', (c) => {
    const id = c.req.param('id');
    return c.json(toSession(id, find(principalOf(c).tenantId, id), maxTurns()));
  });

  /** @req ORCH-2005 */
  routes.delete('/v1/sessions/:id', async (c) => {
    const { tenantId } = principalOf(c);
    const id = c.req.param('id');
    find(tenantId, id);
    const sessionKey = tenantKey(tenantId, id);
    loop.apply({ kind: 'sessionDeleted', nowMs: clock.nowMs(), sessionKey });
    await records.onDeleted({ tenantId, sessionId: id }, clock.nowMs());
    return c.body(null, 204);
  });

  return routes;
};

const toSession = (id: string, figures: SessionFigures, maxTurns: number): Session => ({
  session_id: id,
  ttl_ms_remaining: Math.max(0, Math.round(figures.ttlMsRemaining)),
  turns: figures.turns,
  turns_max: maxTurns,
  kv_bytes: figures.kvBytes,
  kv_warmth: figures.kvWarmth,
  replica_id: figures.lastReplicaId,
  budgets: toBudgets(figures),
});
