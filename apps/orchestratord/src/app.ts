/**
 * The controller's HTTP surface: a Hono app for everything but streams. It opens nothing; `server.ts` puts both on a port.
 */
import { errorHandler, type GuardEnv, type Logger, notFoundHandler, type RequestGuard } from '@llama-orch/service-kit';
import { type Context, Hono } from 'hono';
import type { Controller } from './controller.ts';
import { createAgentRoutes } from './routes/agent-routes.ts';
import { contractGuard } from './routes/contract-guard.ts';
import { createControlRoutes } from './routes/control-routes.ts';
import { createServiceRoutes } from './routes/service-routes.ts';
import { createSessionRoutes } from './routes/session-routes.ts';
import { createTaskRoutes } from './routes/task-routes.ts';

export type AppDeps = {
  readonly controller: Controller;
  readonly guard: RequestGuard;
  readonly log: Logger;
  /** Address of the peer, from the server's bindings. */
  readonly remoteOf: (c: Context) => string | undefined;
};

export const createApp = ({ controller, guard, log, remoteOf }: AppDeps): Hono<GuardEnv> => {
  const { config, clock, scheduler, fleet, loop, store, submit, catalog, slos, metrics } = controller;
  const maxBodyBytes = config.controller.limits.max_body_bytes;
  const app = new Hono<GuardEnv>();
  app.onError(errorHandler(log));
  app.notFound(notFoundHandler(log));
  app.use(contractGuard({ guard, log, remoteOf }));
  app.route('/', createTaskRoutes({ submit, store, loop, scheduler, clock, maxBodyBytes }));
  app.route('/', createSessionRoutes({ scheduler, loop, clock, maxTurns: config.sessions.max_turns }));
  app.route('/', createControlRoutes({ config, fleet, scheduler, catalog, slos, clock }));
  app.route('/', createAgentRoutes({ fleet, intervalMs: config.controller.agent_lease.interval_ms, maxBodyBytes }));
  app.route('/', createServiceRoutes({ metrics, notReady: () => controller.notReady() }));
  return app;
};
