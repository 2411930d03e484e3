/**
 * Routes of the busiest operations without a web framework: correlation id, key, scope, handler, answer. It knows neither
 * `node:http` nor what a task is; `raw-http.ts` puts it on a port.
 */
import { OrchError, operations } from '@llama-orch/api-types';
import type { Scope } from '@llama-orch/config-schema';
import { checkScope, type Logger, type Principal, renderError, type RequestGuard, type RequestHead } from '@llama-orch/service-kit';

export type PlainRequest = RequestHead & {
  /** As the client sent it, with its query. */
  readonly url: string;
  /** @throws OrchError `body-too-large`. */
  readonly readBody: (maxBytes: number) => Promise<Buffer>;
};

export type PlainAnswer = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** A request that passed the guard. */
export type PlainCall = {
  readonly request: PlainRequest;
  /** The `{id}` of the path, decoded; empty where the path has none. */
  readonly id: string;
  readonly principal: Principal;
  readonly correlationId: string;
  readonly traceparent: string | undefined;
};

export type PlainRoute = {
  readonly method: 'GET' | 'POST';
  /** A path of the contract, with at most one `{id}`. */
  readonly path: string;
  /** What it throws becomes the envelope of an error. */
  readonly handle: (call: PlainCall) => PlainAnswer | Promise<PlainAnswer>;
};

/** @returns `undefined` for a request that is none of its routes'. */
export type PlainRouter = (request: PlainRequest) => PlainAnswer | Promise<PlainAnswer> | undefined;

type Compiled = PlainRoute & { readonly before: string; readonly after: string | null; readonly scope: Scope };

/**
 * Other methods of its paths are not its own: the framework's guard answers them 405.
 *
 * @req ORCH-1103, ORCH-2012, ORCH-3035
 */
export const createPlainRouter = (routes: readonly PlainRoute[], context: { readonly guard: RequestGuard; readonly log: Logger }) => {
  const compiled = routes.map(compile);
  return (request: PlainRequest): PlainAnswer | Promise<PlainAnswer> | undefined => {
    const path = pathOf(request.url);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    for (const route of compiled) {
      const id = route.method === method ? idIn(route, path) : null;
      if (id !== null) return serve(route, request, id, context);
    }
    return undefined;
  };
};

/** The scope comes from the generated table, so that no route can be served under another one than the contract's. */
const compile = (route: PlainRoute): Compiled => {
  const operation = operations.find(({ method, path, status }) => method === route.method && path === route.path && status === 'served');
  if (operation === undefined || operation.scope === 'none')
    throw new Error(`${route.method} ${route.path} needs an operation with a scope.`);
  const [before = '', after = null] = route.path.split('{id}');
  return { ...route, before, after, scope: operation.scope };
};

const pathOf = (url: string): string => {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
};

/** The path's id, still encoded; empty where the route has none; `null` where the path is another's. */
const idIn = ({ before, after }: Compiled, path: string): string | null => {
  if (after === null) return path === before ? '' : null;
  if (!path.startsWith(before) || !path.endsWith(after)) return null;
  const id = path.slice(before.length, path.length - after.length);
  return id === '' || id.includes('/') ? null : id;
};

const serve = (
  route: Compiled,
  request: PlainRequest,
  encodedId: string,
  { guard, log }: { readonly guard: RequestGuard; readonly log: Logger },
): PlainAnswer | Promise<PlainAnswer> => {
  const caller = guard.check(request);
  const { correlationId, traceparent } = caller;
  const refuse = (error: unknown): PlainAnswer => {
    const { status, headers, body } = renderError(error, { correlationId, log });
    return { status, headers, body: JSON.stringify(body) };
  };
  const answerWith = (answer: PlainAnswer): PlainAnswer => ({
    ...answer,
    headers: { 'x-correlation-id': correlationId, ...answer.headers },
  });
  try {
    if (!caller.ok) throw caller.error;
    const forbidden = checkScope(caller.principal, route.scope);
    if (forbidden !== undefined) throw forbidden;
    const answer = route.handle({ request, id: decodeId(encodedId), principal: caller.principal, correlationId, traceparent });
    return answer instanceof Promise ? answer.then(answerWith).catch(refuse) : answerWith(answer);
  } catch (error) {
    return refuse(error);
  }
};

const decodeId = (encoded: string): string => {
  if (!encoded.includes('%')) return encoded;
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new OrchError('not-found');
  }
};
