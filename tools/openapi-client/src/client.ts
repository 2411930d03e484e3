/** The client of OrchQueue v1: its operations by name, errors typed, streams that survive lost connections. */
import { randomUUID } from 'node:crypto';
import type {
  AgentList,
  Capabilities,
  ControlPaths,
  DataPaths,
  PoolHealth,
  ReplicaSetList,
  Session,
  TaskAccepted,
  TaskRequest,
  TaskStatus,
} from '@llama-orch/api-types';
import { OrchApiError } from './api-error.ts';
import { type Backoff, defaultBackoff, pause, waitBeforeRetry } from './backoff.ts';
import { createHttp, dataOf, type HttpOptions } from './http.ts';
import { readTaskStream, type StreamOptions, type TaskEvent } from './stream-task.ts';

export type ClientOptions = HttpOptions;

export type CallOptions = { readonly signal?: AbortSignal | undefined };

export type AdmitOptions = CallOptions & {
  /** Attempts in all; default 100. */
  readonly maxAttempts?: number | undefined;
  /** Waits where the service advises none. */
  readonly backoff?: Backoff | undefined;
};

export type WaitOptions = CallOptions & {
  /** Milliseconds between two looks; default 250. */
  readonly pollMs?: number | undefined;
  /** Failed looks in a row before giving up; default 10. */
  readonly maxAttempts?: number | undefined;
};

/** Every call rejects with `OrchApiError` for a non-2xx answer, and with what `fetch` throws where there is none. */
export type OrchClient = {
  /** Submit once. Without a `task_id`, a repeated call is another task. */
  submit(request: TaskRequest, options?: CallOptions): Promise<TaskAccepted>;
  /**
   * Submit until admitted: a refusal that may pass is repeated after the advised wait, as is a lost connection. The task keeps one
   * `task_id`, so no repetition starts a second task.
   */
  submitWhenAdmitted(request: TaskRequest, options?: AdmitOptions): Promise<TaskAccepted>;
  /** Cancel; once this resolves no token follows. Of no effect for a task that has ended. */
  cancel(taskId: string, options?: CallOptions): Promise<void>;
  task(taskId: string, options?: CallOptions): Promise<TaskStatus>;
  /** The status once the task has succeeded, failed or been canceled; a failed task does not reject. */
  waitForResult(taskId: string, options?: WaitOptions): Promise<TaskStatus>;
  /** The events in order, each once, over reconnections, the digest checked at the end. */
  streamTask(taskId: string, options?: StreamOptions): AsyncGenerator<TaskEvent, void, undefined>;
  session(sessionId: string, options?: CallOptions): Promise<Session>;
  endSession(sessionId: string, options?: CallOptions): Promise<void>;
  capabilities(options?: CallOptions): Promise<Capabilities>;
  replicaSets(options?: CallOptions): Promise<ReplicaSetList>;
  poolHealth(poolId: string, options?: CallOptions): Promise<PoolHealth>;
  agents(options?: CallOptions): Promise<AgentList>;
};

/** A client; it holds no connection and needs no closing. */
export function createClient(options: ClientOptions): OrchClient {
  const http = createHttp<DataPaths & ControlPaths>(options);
  const path = (id: string) => ({ params: { path: { id } } });

  const submit: OrchClient['submit'] = async (request, { signal } = {}) =>
    dataOf(await http.POST('/v1/tasks', { body: request, ...given(signal) }));
  const task: OrchClient['task'] = async (taskId, { signal } = {}) =>
    dataOf(await http.GET('/v1/tasks/{id}', { ...path(taskId), ...given(signal) }));

  return {
    submit,
    async submitWhenAdmitted(request, { signal, maxAttempts = 100, backoff = defaultBackoff } = {}) {
      const named = { ...request, task_id: request.task_id ?? randomUUID() };
      return retrying(() => submit(named, { signal }), { signal, maxAttempts, backoff });
    },
    async cancel(taskId, { signal } = {}) {
      dataOf(await http.POST('/v1/tasks/{id}/cancel', { ...path(taskId), ...given(signal) }));
    },
    task,
    async waitForResult(taskId, { signal, pollMs = 250, maxAttempts = 10 } = {}) {
      for (;;) {
        const status = await retrying(() => task(taskId, { signal }), { signal, maxAttempts, backoff: defaultBackoff });
        if (status.state === 'succeeded' || status.state === 'failed' || status.state === 'canceled') {
          return status;
        }
        await pause(pollMs, signal);
      }
    },
    streamTask(taskId, streamOptions) {
      const connect = async (lastEventId: string | null, signal: AbortSignal) => {
        const result = await http.GET('/v1/tasks/{id}/stream', {
          params: { path: { id: taskId }, ...(lastEventId !== null && { header: { 'Last-Event-ID': lastEventId } }) },
          headers: { Accept: 'text/event-stream' },
          parseAs: 'stream',
          signal,
        });
        return dataOf(result) ?? null;
      };
      return readTaskStream(taskId, connect, streamOptions);
    },
    async session(sessionId, { signal } = {}) {
      return dataOf(await http.GET('/v1/sessions/{id}', { ...path(sessionId), ...given(signal) }));
    },
    async endSession(sessionId, { signal } = {}) {
      dataOf(await http.DELETE('/v1/sessions/{id}', { ...path(sessionId), ...given(signal) }));
    },
    async capabilities({ signal } = {}) {
      return dataOf(await http.GET('/v1/capabilities', given(signal)));
    },
    async replicaSets({ signal } = {}) {
      return dataOf(await http.GET('/v1/replicasets', given(signal)));
    },
    async poolHealth(poolId, { signal } = {}) {
      return dataOf(await http.GET('/v1/pools/{id}/health', { ...path(poolId), ...given(signal) }));
    },
    async agents({ signal } = {}) {
      return dataOf(await http.GET('/v1/agents', given(signal)));
    },
  };
}

/** A field that is absent rather than `undefined`, as `fetch` wants it. */
function given(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Repeats a call that may be repeated, until it succeeds, fails for good, or has been tried `maxAttempts` times. */
async function retrying<Answer>(
  call: () => Promise<Answer>,
  { signal, maxAttempts, backoff }: { readonly signal: AbortSignal | undefined; readonly maxAttempts: number; readonly backoff: Backoff },
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      signal?.throwIfAborted();
      const refusal = error instanceof OrchApiError ? error : null;
      // `fetch` reports every failure of the network as a TypeError.
      const mayPass = refusal === null ? error instanceof TypeError : refusal.retriable;
      if (!mayPass || attempt >= maxAttempts) {
        throw error;
      }
      await waitBeforeRetry(attempt, { backoff, advisedMs: refusal?.retryAfterMs ?? null, signal });
    }
  }
}
