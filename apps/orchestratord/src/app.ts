/**
 * The controller's HTTP surface: tasks and their streams on raw routes, a Hono app for everything else. It opens nothing;
 * `server.ts` puts all of it on a port.
 */
import type { Config, TenantConfig } from '@llama-orch/config-schema';
import { errorHandler, type GuardEnv, type Logger, notFoundHandler, type RequestGuard } from '@llama-orch/service-kit';
import { type Context, Hono } from 'hono';
import type { Controller } from './controller.ts';
import { createAgentRoutes } from './routes/agent-routes.ts';
import { createChangeRoutes } from './routes/change-routes.ts';
import { contractGuard } from './routes/contract-guard.ts';
import { createControlRoutes } from './routes/control-routes.ts';
import { createPlainRouter, type PlainRouter } from './routes/plain-router.ts';
import { createRawHandler, type RawHandler } from './routes/raw-http.ts';
import { createServiceRoutes } from './routes/service-routes.ts';
import { createSessionRoutes } from './routes/session-routes.ts';
import { createStreamRoute } from './routes/stream-route.ts';
import { createTaskRoutes } from './routes/task-routes.ts';

export type AppDeps = {
  readonly controller: Controller;
  readonly guard: RequestGuard;
  readonly log: Logger;
  /** Address of the peer, from the server's bindings. */
  readonly remoteOf: (c: Context) => string | undefined;
};

export const createApp = ({ controller, guard, log, remoteOf }: AppDeps): Hono<GuardEnv> => {
  const { config, control, clock, scheduler, fleet, loop, catalog, slos, metrics, sessionRecords } = controller;
  const maxBodyBytes = config.controller.limits.max_body_bytes;
  const app = new Hono<GuardEnv>();
  app.onError(errorHandler(log));
  app.notFound(notFoundHandler(log));
  app.use(contractGuard({ guard, log, remoteOf }));
  const maxTurns = () => controller.config.sessions.max_turns;
  app.route('/', createSessionRoutes({ scheduler, loop, records: sessionRecords, clock, maxTurns }));
  app.route(
    '/',
    createControlRoutes(() => ({ config: controller.config, fleet, scheduler, catalog, slos, clock })),
  );
  app.route('/', createChangeRoutes({ control, maxBodyBytes }));
  app.route('/', createAgentRoutes({ fleet, intervalMs: config.controller.agent_lease.interval_ms, maxBodyBytes }));
  app.route('/', createServiceRoutes({ metrics, notReady: () => controller.notReady() }));
  return app;
};

type RouteDeps = Omit<AppDeps, 'remoteOf'>;

/** The task routes, without a port. */
export const createTaskRouter = ({ controller, guard, log }: RouteDeps): PlainRouter => {
  const { config, clock, scheduler, loop, store, submit } = controller;
  const { max_body_bytes: maxBodyBytes } = config.controller.limits;
  return createPlainRouter(createTaskRoutes({ submit, store, loop, scheduler, clock, maxBodyBytes }), { guard, log });
};

/** What is served before the app is asked. */
export const createRawHandlers = ({ controller, guard, log }: RouteDeps): readonly RawHandler[] => {
  const { store, hub, clock, loop } = controller;
  const tenantLimit = (tenantId: string): number => tenantOf(controller.config, tenantId).max_open_streams;
  const streams = createStreamRoute({ guard, store, hub, clock, log, tenantLimit, gapMs: () => loop.gapMs() });
  return [createRawHandler(createTaskRouter({ controller, guard, log })), streams];
};

/** A tenant that the config does not name has the limits of `default`, which reading a config always adds. */
const tenantOf = ({ tenants }: Config, tenantId: string): TenantConfig =>
  (tenants.find(({ id }) => id === tenantId) ?? tenants.find(({ id }) => id === 'default')) as TenantConfig;
