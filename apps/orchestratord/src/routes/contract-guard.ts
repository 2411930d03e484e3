/**
 * The first middleware of the app: correlation id, key, and the scope that the contract gives the operation. No route can
 * forget it, because it reads the generated table and not the routes.
 */
import { OrchError } from '@llama-orch/api-types';
import { checkScope, type GuardEnv, type Logger, renderError, type RequestGuard } from '@llama-orch/service-kit';
import type { Context, MiddlewareHandler } from 'hono';
import { matchOperation } from './operation-match.ts';

export type ContractGuardOptions = {
  readonly guard: RequestGuard;
  readonly log: Logger;
  readonly remoteOf: (c: Context) => string | undefined;
};

/** Files of the API page: public like the page itself, and no operations of the contract. */
const isDocsAsset = (path: string): boolean => path.startsWith('/docs/');

/** @req ORCH-1103, ORCH-2012, ORCH-3035 */
export const contractGuard =
  ({ guard, log, remoteOf }: ContractGuardOptions): MiddlewareHandler<GuardEnv> =>
  async (c, next) => {
    const match = matchOperation(c.req.method, c.req.path);
    const scope = match.kind === 'operation' ? match.operation.scope : isDocsAsset(c.req.path) ? 'none' : undefined;
    const head = { method: c.req.method, header: (name: string) => c.req.header(name), remote: remoteOf(c) };
    const caller = scope === 'none' ? guard.checkOpen(head) : guard.check(head);
    c.set('correlationId', caller.correlationId);
    c.set('traceparent', caller.traceparent);
    c.header('X-Correlation-Id', caller.correlationId);
    if (!caller.ok) throw caller.error;
    if ('principal' in caller && caller.principal !== undefined) {
      c.set('principal', caller.principal);
      const forbidden = scope === undefined || scope === 'none' ? undefined : checkScope(caller.principal, scope);
      if (forbidden !== undefined) throw forbidden;
    }
    if (match.kind === 'method-not-allowed') {
      const error = new OrchError('method-not-allowed', {
        message: `${c.req.method} is not served here; use ${match.allowed.join(' or ')}.`,
      });
      const { status, headers, body } = renderError(error, { correlationId: caller.correlationId, log });
      return new Response(JSON.stringify(body), { status, headers: { ...headers, allow: match.allowed.join(', ') } });
    }
    return next();
  };
