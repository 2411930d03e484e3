/**
 * The control plane's reads: pools, replica sets, agents, capabilities.
 */
import { OrchError } from '@llama-orch/api-types';
import { type GuardEnv, principalOf } from '@llama-orch/service-kit';
import { Hono } from 'hono';
import { agentList, capabilities, poolHealth, type PoolViewDeps, replicaSetList } from '../views/pool-views.ts';

/** @param read - What the answers are made from, as of the request. */
export const createControlRoutes = (read: () => PoolViewDeps): Hono<GuardEnv> => {
  const routes = new Hono<GuardEnv>();

  /** @req ORCH-2103 */
  routes.get('/v1/pools/:id/health', (c) => {
    const deps = read();
    const view = deps.fleet.pool(c.req.param('id'));
    if (view === undefined) throw new OrchError('not-found', { message: `No pool ${JSON.stringify(c.req.param('id').slice(0, 100))}.` });
    return c.json(poolHealth(view, deps));
  });

  /** @req ORCH-2104 */
  routes.get('/v1/replicasets', (c) => c.json({ replica_sets: replicaSetList(read()) }));

  /** @req ORCH-2105 */
  routes.get('/v1/capabilities', (c) => c.json(capabilities(principalOf(c).tenantId, read())));

  /** @req ORCH-2109 */
  routes.get('/v1/agents', (c) => c.json({ agents: agentList(read()) }));

  return routes;
};
