/**
 * Hangs the request guard and the error renderer into a Hono app. It knows no route.
 */
import { OrchError } from '@llama-orch/api-types';
import type { Scope } from '@llama-orch/config-schema';
import type { Context, ErrorHandler, MiddlewareHandler, NotFoundHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Principal } from './api-key.ts';
import type { Logger } from './log.ts';
import { renderError } from './render-error.ts';
import { checkScope, type RequestGuard } from './request-guard.ts';

/** What the guard leaves in a context for the routes behind it. */
export type GuardEnv = {
  Variables: {
    /** There from the first middleware on, in errors too. */
    correlationId: string;
    traceparent: string | undefined;
    /** Absent on open paths. */
    principal: Principal | undefined;
  };
};

export type HonoGuardOptions = {
  readonly guard: RequestGuard;
  /** Exact paths that need no key. */
  readonly openPaths: readonly string[];
  /** Address of the peer, from the server's bindings. */
  readonly remoteOf?: (context: Context) => string | undefined;
};

/**
 * The first middleware of an app: every response carries `X-Correlation-Id`, and nothing but `openPaths` is reached without a key.
 *
 * @req ORCH-2012, ORCH-3035
 */
export const guardRequests = ({ guard, openPaths, remoteOf }: HonoGuardOptions): MiddlewareHandler<GuardEnv> => {
  const open = new Set(openPaths);
  return async (context, next) => {
    const head = { method: context.req.method, header: (name: string) => context.req.header(name), remote: remoteOf?.(context) };
    const result = open.has(context.req.path) ? guard.checkOpen(head) : guard.check(head);
    context.set('correlationId', result.correlationId);
    context.set('traceparent', result.traceparent);
    context.header('X-Correlation-Id', result.correlationId);
    if (!result.ok) throw result.error;
    context.set('principal', result.principal);
    await next();
  };
};

/** Stands before routes that need a right. @req ORCH-3035 */
export const requireScope =
  (scope: Scope): MiddlewareHandler<GuardEnv> =>
  async (context, next) => {
    const error = checkScope(principalOf(context), scope);
    if (error) throw error;
    await next();
  };

/** Who asks. @errors `unauthenticated` on an open path, where nobody was asked. */
export const principalOf = (context: Context<GuardEnv>): Principal => {
  const principal = context.get('principal');
  if (!principal) throw new OrchError('unauthenticated');
  return principal;
};

/** For `app.onError`: every error leaves as an envelope. @req ORCH-2006 */
export const errorHandler =
  (log: Logger): ErrorHandler<GuardEnv> =>
  (error, context) =>
    respond(error, context, log);

/** For `app.notFound`. @req ORCH-2006 */
export const notFoundHandler =
  (log: Logger): NotFoundHandler<GuardEnv> =>
  (context) =>
    respond(new OrchError('not-found'), context, log);

const respond = (error: unknown, context: Context<GuardEnv>, log: Logger): Response => {
  const { status, headers, body } = renderError(ofFramework(error), { correlationId: context.get('correlationId'), log });
  return new Response(JSON.stringify(body), { status, headers });
};

/** Hono's own exceptions blame the request, unless they are 5xx. */
const ofFramework = (error: unknown): unknown => {
  if (!(error instanceof HTTPException) || error.status >= 500) return error;
  if (error.status === 413) return new OrchError('body-too-large', { cause: error });
  return new OrchError(error.status === 404 ? 'not-found' : 'invalid-params', { cause: error });
};
