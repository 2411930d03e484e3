/**
 * The first thing that happens to a request: its correlation id, then who asks. It knows headers, not routes and no
 * framework, so that a bare `node:http` handler can use it too.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { OrchError } from '@llama-orch/api-types';
import type { Scope } from '@llama-orch/config-schema';
import { anonymousPrincipal, type Keyring, type Principal } from './api-key.ts';
import { isLoopbackHost } from './listen-address.ts';

/** As much of a request as the guard looks at. */
export type RequestHead = {
  readonly method: string;
  /** Value of one header, by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** Address of the peer, where known. */
  readonly remote?: string | undefined;
};

/** What is known of every request, whether it may pass or not. */
export type RequestTrace = {
  /** The caller's, or a new UUID (ORCH-2012). */
  readonly correlationId: string;
  /** The caller's W3C trace context, if it sent a valid one. */
  readonly traceparent: string | undefined;
};

export type Admitted = RequestTrace & { readonly ok: true; readonly principal: Principal };
/** Let through without asking who it is. */
export type Opened = RequestTrace & { readonly ok: true; readonly principal?: undefined };
export type Refused = RequestTrace & { readonly ok: false; readonly error: OrchError };

export interface RequestGuard {
  /** For operations that need a key. */
  check(head: RequestHead): Admitted | Refused;
  /** For operations open to everybody, such as `/healthz`: all but the key is checked. */
  checkOpen(head: RequestHead): Opened | Refused;
}

export type GuardOptions = {
  /** Empty = nobody needs a key, and only this machine may ask. */
  readonly keyring: Keyring;
  /** Names accepted in `Host` besides loopback ones while there are no keys. */
  readonly allowedHosts: readonly string[];
};

/**
 * The order of its checks:
 * 1. correlation id and trace context, so that refusals carry them too;
 * 2. a body must be JSON (415);
 * 3. without keys: loopback peer, `Host` and, for what changes something, `Origin` (400), then everybody is anonymous;
 * 4. with keys: `Authorization: Bearer KEY` (401).
 *
 * @req ORCH-2012, ORCH-3035
 */
export const createRequestGuard = ({ keyring, allowedHosts }: GuardOptions): RequestGuard => {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const identify = (head: RequestHead): Principal | undefined => {
    if (keyring.size === 0) return anonymousPrincipal;
    const key = bearerOf(head.header('authorization'));
    return key === undefined ? undefined : keyring.verify(key);
  };
  const checkForm = (head: RequestHead): OrchError | undefined =>
    checkBodyType(head) ?? (keyring.size === 0 ? checkLocal(head, allowed) : undefined);

  return {
    check: (head) => {
      const trace = traceOf(head);
      const error = checkForm(head);
      if (error) return { ...trace, ok: false, error };
      const principal = identify(head);
      return principal ? { ...trace, ok: true, principal } : { ...trace, ok: false, error: new OrchError('unauthenticated') };
    },
    checkOpen: (head) => {
      const trace = traceOf(head);
      const error = checkForm(head);
      return error ? { ...trace, ok: false, error } : { ...trace, ok: true };
    },
  };
};

/** The error of a key without the right; `undefined` where it has it. */
export const checkScope = (principal: Principal, scope: Scope): OrchError | undefined =>
  principal.scopes.includes(scope) ? undefined : new OrchError('forbidden', { details: { required_scope: scope } });

/** Headers of `node:http`, for {@link RequestHead}. A repeated header counts only where `node:http` joins it. */
export const headerReader =
  (headers: IncomingHttpHeaders): RequestHead['header'] =>
  (name) => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };

const traceOf = ({ header }: RequestHead): RequestTrace => {
  const given = header('x-correlation-id');
  const traceparent = header('traceparent');
  return {
    correlationId: given !== undefined && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID(),
    traceparent: traceparent !== undefined && isTraceparent(traceparent) ? traceparent : undefined,
  };
};

/** W3C trace context: a version other than `ff`, ids that are not all zero; a later version may have more parts. */
const isTraceparent = (text: string): boolean =>
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\w-]{1,200})?$/.test(text) &&
  (!text.startsWith('00') || text.length === 55);

const checkBodyType = ({ header }: RequestHead): OrchError | undefined => {
  const hasBody = header('transfer-encoding') !== undefined || Number(header('content-length') ?? 0) !== 0;
  const isJson = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(header('content-type') ?? '');
  return hasBody && !isJson ? new OrchError('unsupported-media-type') : undefined;
};

/** That no web page of another site can drive a service without keys: neither by DNS rebinding nor by a plain form. */
const checkLocal = ({ method, header, remote }: RequestHead, allowed: ReadonlySet<string>): OrchError | undefined => {
  if (remote !== undefined && !isLoopbackHost(remote.replace(/^::ffff:/, ''))) return new OrchError('unauthenticated');
  const isAllowed = (authority: string): boolean => {
    const host = hostOf(authority);
    return host !== undefined && (isLoopbackHost(host) || allowed.has(host) || allowed.has(authority.toLowerCase()));
  };
  const host = header('host');
  if (host === undefined || !isAllowed(host)) return new OrchError('host-not-allowed');
  if (method === 'GET' || method === 'HEAD') return undefined;

  // Browsers send `Origin` with everything that is not a plain read; other clients need not send it.
  const origin = header('origin');
  const isForeign = origin !== undefined && !(origin.includes('://') && isAllowed(origin.slice(origin.indexOf('://') + 3)));
  if (isForeign || header('sec-fetch-site') === 'cross-site')
    return new OrchError('host-not-allowed', {
      message: 'A web page of another site may not change anything here while no API keys are set.',
    });
  return undefined;
};

/** Host of `HOST[:PORT]` in lower case, without brackets. */
const hostOf = (authority: string): string | undefined => {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?$/.exec(authority);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
};

const bearerOf = (authorization: string | undefined): string | undefined => /^Bearer +(\S{1,512})$/i.exec(authorization ?? '')?.[1];
