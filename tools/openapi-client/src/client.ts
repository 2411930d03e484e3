/** The client of OrchQueue v1: its operations by name, errors typed, streams that survive lost connections. */
import { randomUUID } from 'node:crypto';
import type { DataPaths, Session, TaskAccepted, TaskRequest, TaskStatus } from '@llama-orch/api-types';
import { type Backoff, defaultBackoff } from './backoff.ts';
import { type CallOptions, given, ofId, retrying, type WaitOptions } from './call.ts';
import { type ControlCalls, createControlCalls } from './control-calls.ts';
import { createHttp, dataOf, type HttpOptions } from './http.ts';
import { pollUntil } from './poll-until.ts';
import { readTaskStream, type StreamOptions, type TaskEvent } from './stream-task.ts';

export type ClientOptions = HttpOptions;

export type AdmitOptions = CallOptions & {
  /** Attempts in all; default 100. */
  readonly maxAttempts?: number | undefined;
  /** Waits where the service advises none. */
  readonly backoff?: Backoff | undefined;
};

/** Every call rejects with `OrchApiError` for a non-2xx answer, and with what `fetch` throws where there is none. */
export type OrchClient = ControlCalls & {
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
};

/** A client; it holds no connection and needs no closing. */
export function createClient(options: ClientOptions): OrchClient {
  const http = createHttp<DataPaths>(options);

  const submit: OrchClient['submit'] = async (request, { signal } = {}) =>
    dataOf(await http.POST('/v1/tasks', { body: request, ...given(signal) }));
  const task: OrchClient['task'] = async (taskId, { signal } = {}) =>
    dataOf(await http.GET('/v1/tasks/{id}', { ...ofId(taskId), ...given(signal) }));

  return {
    ...createControlCalls(options),
    submit,
    async submitWhenAdmitted(request, { signal, maxAttempts = 100, backoff = defaultBackoff } = {}) {
      const named = { ...request, task_id: request.task_id ?? randomUUID() };
      return retrying(() => submit(named, { signal }), { signal, maxAttempts, backoff });
    },
    async cancel(taskId, { signal } = {}) {
      dataOf(await http.POST('/v1/tasks/{id}/cancel', { ...ofId(taskId), ...given(signal) }));
    },
    task,
    async waitForResult(taskId, wait = {}) {
      return pollUntil(() => task(taskId, { signal: wait.signal }), hasEnded, wait);
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
      return dataOf(await http.GET('/v1/sessions/{id}', { ...ofId(sessionId), ...given(signal) }));
    },
    async endSession(sessionId, { signal } = {}) {
      dataOf(await http.DELETE('/v1/sessions/{id}', { ...ofId(sessionId), ...given(signal) }));
    },
  };
}

const hasEnded = ({ state }: TaskStatus): boolean => state === 'succeeded' || state === 'failed' || state === 'canceled';
