/**
 * What every service answers about itself: liveness, readiness, metrics, its API document and the page that renders it.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { OrchError, openapiDocument } from '@llama-orch/api-types';
import type { GuardEnv } from '@llama-orch/service-kit';
import { Hono } from 'hono';
import type { Metrics } from '../metrics.ts';

export type ServiceRouteDeps = {
  readonly metrics: Metrics;
  /** Why no task could be admitted now; `null` = one could. */
  readonly notReady: () => string | null;
};

/** The files of the page's renderer that it needs; nothing else of the package is served. */
const docsAssets: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>OrchQueue v1</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
const docsStart = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#ui', validatorUrl: null });\n`;
/** Everything comes from here: the page must work on a host that reaches nothing else. */
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";

export const createServiceRoutes = ({ metrics, notReady }: ServiceRouteDeps): Hono<GuardEnv> => {
  const routes = new Hono<GuardEnv>();

  /** @req ORCH-2108 */
  routes.get('/healthz', (c) => c.json({ status: 'ok' as const }));

  /** @req ORCH-2108 */
  routes.get('/readyz', (c) => {
    const reason = notReady();
    if (reason !== null) throw new OrchError('pool-unavailable', { message: reason, retryAfterMs: 1_000 });
    return c.json({ status: 'ready' as const });
  });

  /** @req ORCH-2108, ORCH-3028 */
  routes.get('/metrics', async (c) => c.body(await metrics.expose(), 200, { 'content-type': metrics.registry.contentType }));

  /** @req ORCH-2105, ORCH-3044 */
  routes.get('/openapi.json', (c) => c.json(openapiDocument));

  routes.get('/docs', (c) => c.body(docsPage, 200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': docsPolicy }));
  routes.get('/docs/start.js', (c) => c.body(docsStart, 200, { 'content-type': 'text/javascript; charset=utf-8' }));
  routes.get('/docs/:asset', async (c) => {
    const type = docsAssets[c.req.param('asset')];
    if (type === undefined) throw new OrchError('not-found');
    const file = await readFile(join(docsDirectory(), c.req.param('asset')));
    return c.body(new Uint8Array(file), 200, { 'content-type': type, 'cache-control': 'max-age=3600' });
  });

  return routes;
};

const docsDirectory = (): string => dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
