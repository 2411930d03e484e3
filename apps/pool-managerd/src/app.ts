/**
 * The agent's HTTP face: health and metrics, nothing else. It opens no socket and knows no pool; tasks never pass here.
 */
import {
  errorHandler,
  type GuardEnv,
  guardRequests,
  type HonoGuardOptions,
  type Logger,
  notFoundHandler,
  requireScope,
} from '@llama-orch/service-kit';
import { Hono } from 'hono';
import type { Registry } from 'prom-client';

/** Whether the agent does its work; each reason is a sentence. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reasons: readonly string[] };

export type AppDeps = {
  readonly guard: HonoGuardOptions['guard'];
  readonly remoteOf?: NonNullable<HonoGuardOptions['remoteOf']>;
  readonly registry: Registry;
  readonly readiness: () => Readiness;
  readonly log: Logger;
};

/** @req ORCH-2108, ORCH-3035 */
export const createApp = ({ guard, remoteOf, registry, readiness, log }: AppDeps): Hono<GuardEnv> => {
  const app = new Hono<GuardEnv>();
  app.onError(errorHandler(log));
  app.notFound(notFoundHandler(log));
  app.use(guardRequests({ guard, openPaths: ['/healthz', '/readyz'], ...(remoteOf && { remoteOf }) }));
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/readyz', (context) => {
    const now = readiness();
    return now.ready ? context.json({ status: 'ready' }) : context.json({ status: 'unready', reasons: now.reasons }, 503);
  });
  app.get('/metrics', requireScope('metrics'), async (context) =>
    context.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  );
  return app;
};
