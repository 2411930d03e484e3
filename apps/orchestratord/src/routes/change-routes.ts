/**
 * The control plane's changes: operations on pools, the config, canaries. Each handler reads, asks, and answers.
 */
import type { GuardEnv } from '@llama-orch/service-kit';
import { type Context, Hono } from 'hono';
import type { ControlPlane } from '../operations/control-plane.ts';
import { readJson } from './json-body.ts';

export type ChangeRouteDeps = { readonly control: ControlPlane; readonly maxBodyBytes: number };

export const createChangeRoutes = ({ control, maxBodyBytes }: ChangeRouteDeps): Hono<GuardEnv> => {
  const routes = new Hono<GuardEnv>();
  const correlationId = (c: Context<GuardEnv>): string => c.get('correlationId');

  /** @req ORCH-2101 */
  routes.post('/v1/pools/:id/drain', async (c) => {
    const { deadline_ms: deadlineMs } = await readJson(c, 'DrainRequest', maxBodyBytes);
    return c.json(control.drain(c.req.param('id'), deadlineMs, correlationId(c)), 202);
  });
  routes.post('/v1/pools/:id/resume', (c) => c.json(control.resume(c.req.param('id'), correlationId(c)), 202));

  /** @req ORCH-2102 */
  routes.post('/v1/pools/:id/reload', async (c) => {
    const { new_model_ref: modelRef } = await readJson(c, 'ReloadRequest', maxBodyBytes);
    return c.json(control.reload(c.req.param('id'), modelRef, correlationId(c)), 202);
  });

  /** @req ORCH-2106 */
  routes.post('/v1/pools/:id/rollback', (c) => c.json(control.rollback(c.req.param('id'), correlationId(c)), 202));

  routes.get('/v1/operations', (c) => c.json({ operations: control.operations() }));
  routes.get('/v1/operations/:id', (c) => c.json(control.operation(c.req.param('id'))));

  /** @req ORCH-2107 */
  routes.get('/v1/config', (c) => c.json(control.configs.active()));
  routes.post('/v1/config', async (c) => {
    const request = await readJson(c, 'ConfigRequest', maxBodyBytes);
    const applied = await control.configs.applyValue(request.config, {
      source: 'api',
      correlationId: correlationId(c),
      expectedGeneration: request.expected_generation,
      dryRun: request.dry_run,
    });
    return c.json(applied);
  });
  routes.post('/v1/config/rollback', async (c) => c.json(await control.configs.rollback(correlationId(c))));

  /** @req ORCH-3033 */
  routes.get('/v1/canaries', (c) => c.json({ canaries: control.configs.canaries() }));
  routes.post('/v1/canaries/:id/promote', async (c) => c.json(await control.configs.promote(c.req.param('id'), correlationId(c))));
  routes.post('/v1/canaries/:id/abort', async (c) => c.json(await control.configs.abort(c.req.param('id'), correlationId(c))));

  return routes;
};
