/**
 * `GET /v1/tasks/{id}/stream` on raw `node:http`, with the same guard as every other route. It opens a cursor and hands
 * the response over; what is sent is the log's business.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OrchError, toErrorEnvelope } from '@llama-orch/api-types';
import { checkScope, headerReader, type Logger, type RequestGuard } from '@llama-orch/service-kit';
import { tenantKey } from '../admission/accepted-task.ts';
import type { Clock } from '../clock.ts';
import { parseEventId, type LogPosition } from '../event-id.ts';
import { terminalFrame } from '../sse.ts';
import type { StreamHub } from '../stream-hub.ts';
import type { TaskStore } from '../task-store.ts';
import type { RawHandler } from './raw-http.ts';
import { writeError } from './write-error.ts';

const streamPath = /^\/v1\/tasks\/([^/?#]+)\/stream(?:\?.*)?$/;

export type StreamRouteOptions = {
  readonly guard: RequestGuard;
  readonly store: TaskStore;
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly log: Logger;
  /** Streams that a tenant may have open. */
  readonly tenantLimit: (tenantId: string) => number;
  /** How soon another stream may be over, ms, as measured. */
  readonly gapMs: () => number;
};

/** @returns a handler that takes stream requests and leaves all others (`false`) to the web framework. */
export const createStreamRoute =
  (options: StreamRouteOptions): RawHandler =>
  (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const match = streamPath.exec(request.url ?? '');
    if (match === null) return false;
    const taskId = match[1] as string;
    // A request that was sent behind an unfinished answer has no socket yet. It must wait for it: opened now, its answer would pile
    // up here, and one client that asks often and reads nothing could fill the memory.
    if (response.socket === null) response.once('socket', () => answerStream(options, request, response, taskId));
    else answerStream(options, request, response, taskId);
    return true;
  };

const answerStream = (options: StreamRouteOptions, request: IncomingMessage, response: ServerResponse, encodedId: string): void => {
  const caller = options.guard.check({
    method: request.method ?? 'GET',
    header: headerReader(request.headers),
    remote: request.socket.remoteAddress,
  });
  const { correlationId } = caller;
  try {
    if (!caller.ok) throw caller.error;
    const forbidden = checkScope(caller.principal, 'tasks');
    if (forbidden !== undefined) throw forbidden;
    serve(options, request, response, { taskId: decodeId(encodedId), tenantId: caller.principal.tenantId, correlationId });
  } catch (error) {
    writeError(response, error, { correlationId, log: options.log });
  }
};

type StreamRequest = { readonly taskId: string; readonly tenantId: string; readonly correlationId: string };

/** @req ORCH-2002, ORCH-2010, ORCH-3055 */
const serve = (options: StreamRouteOptions, request: IncomingMessage, response: ServerResponse, wanted: StreamRequest): void => {
  const { store, hub, clock } = options;
  const task = store.find(tenantKey(wanted.tenantId, wanted.taskId));
  if (task === undefined) throw new OrchError('not-found', { message: `No task ${JSON.stringify(wanted.taskId)}.` });
  const answer = task.log.open(lastEventId(request));
  const headers = { 'x-correlation-id': wanted.correlationId, 'cache-control': 'no-store' };
  if (answer.kind === 'complete') {
    response.writeHead(204, headers).end();
    return;
  }
  assertRoom(options, wanted.tenantId);
  response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const renderMismatch = (): string => {
    const error = toErrorEnvelope('resume-mismatch', { correlationId: wanted.correlationId, engine: task.effective.engine });
    return terminalFrame('error', answer.cursor.number, answer.cursor.bytes, answer.cursor.crc, JSON.stringify(error));
  };
  hub.open(task, { response, cursor: answer.cursor, renderMismatch }, clock.nowMs());
  forgetHead(request);
};

/** @req ORCH-2007, ORCH-3036 */
const assertRoom = ({ hub, tenantLimit, gapMs }: StreamRouteOptions, tenantId: string): void => {
  const limit = tenantLimit(tenantId);
  if (hub.countOf(tenantId) >= limit) throw tooManyStreams('The tenant has', { name: 'max_open_streams', value: limit }, gapMs());
  if (hub.count >= hub.maxStreams)
    throw tooManyStreams('The controller serves', { name: 'max_subscribers', value: hub.maxStreams }, gapMs());
};

const tooManyStreams = (who: string, limit: { readonly name: string; readonly value: number }, retryAfterMs: number): OrchError =>
  new OrchError('quota-exceeded', {
    message: `${who} its limit of ${limit.value} open streams.`,
    retryAfterMs,
    policyLabel: 'reject',
    details: { limit },
  });

/** The platform keeps a request's head as long as its answer is open, about 1 KB that nobody looks at again. */
const forgetHead = (request: IncomingMessage): void => {
  request.rawHeaders.length = 0;
  request.headers = {};
  request.url = '';
};

const lastEventId = (request: IncomingMessage): LogPosition | null => {
  const id = request.headers['last-event-id'];
  if (id === undefined || id === '') return null;
  const position = typeof id === 'string' ? parseEventId(id) : undefined;
  if (position === undefined) throw new OrchError('bad-last-event-id');
  return position;
};

const decodeId = (encoded: string): string => {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new OrchError('not-found');
  }
};
