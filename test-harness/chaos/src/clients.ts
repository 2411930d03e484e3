/**
 * The clients: each planned task is submitted in its time, read, polled, canceled as planned, whatever happens to the service
 * meanwhile. They write down what they see and judge nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { TaskAccepted, TaskStatus } from '@llama-orch/api-types';
import { drainArrived } from '@llama-orch/e2e-haiku';
import { createClient } from '@llama-orch/openapi-client';
import type { FleetKeys } from './fleet-config.ts';
import type { PlannedReader, PlannedTask } from './load-plan.ts';
import { createObserver } from './observer.ts';
import { readRaw } from './raw-reader.ts';
import { acceptedOf, hasEnded, type SeenReader, type SeenTask } from './transcript.ts';
import { readTyped } from './typed-reader.ts';

export type ClientsOptions = {
  /** Of the controller itself, and of the wire in front of it. */
  readonly directUrl: string;
  readonly wireUrl: string;
  readonly keys: FleetKeys;
};

export interface Clients {
  readonly tasks: readonly SeenTask[];
  /** Tasks whose clients still wait for something. */
  readonly busy: number;
  /** Send all of them, each in its time; resolves when the last is sent. */
  send(plan: readonly PlannedTask[]): Promise<void>;
  /** Resolves when every client is done; those that are not by then are told to give up. */
  settle(withinMs: number): Promise<void>;
  /** Ask once more for each task and read its stream once more from the start. */
  lookBack(): Promise<void>;
}

/** What clients expect of a task at most; a fault may hold it up for long. */
export const deadlineMs = 90_000;
const callMs = 15_000;
const retryMs = 200;
const pollMs = 500;
const lookBackAtOnce = 8;

export function createClients({ directUrl, wireUrl, keys }: ClientsOptions): Clients {
  const observe = createObserver();
  const tasks: SeenTask[] = [];
  const running = new Set<Promise<void>>();
  const over = new AbortController();

  const call = async (task: Pick<SeenTask, 'tenant'>, url: string, method: string, path: string, body?: unknown) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${keyOf(task)}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(callMs),
    });
    return { status: response.status, body: await response.text() };
  };
  const keyOf = ({ tenant }: Pick<SeenTask, 'tenant'>): string => keys[tenant as 'steady'].key;

  /** Until there is an answer that stands, under one id. */
  const submit = async (task: SeenTask, { form, isDirect }: PlannedTask): Promise<TaskAccepted | null> => {
    const { taskId, priority, determinism } = task;
    const body = { ...form.request, task_id: taskId, priority, determinism, deadline_ms: deadlineMs };
    for (const giveUpMs = performance.now() + deadlineMs; performance.now() < giveUpMs && !over.signal.aborted; ) {
      const sent = observe();
      try {
        const answer = await call(task, isDirect ? directUrl : wireUrl, 'POST', '/v1/tasks', body);
        task.submits.push({ sent, answered: observe(), ...answer });
        if (answer.status === 202) return JSON.parse(answer.body) as TaskAccepted;
        // What is refused for its quota or a full queue is not asked for again: that is what a refusal is for.
        if (answer.status < 500) return null;
      } catch {
        // No answer: nobody knows whether the task is there, and the same id may be sent again.
      }
      await pause(retryMs);
    }
    return null;
  };

  const read = async (task: SeenTask, { kind, isDirect, dropAfterTokens, leaveAfterTokens }: PlannedReader): Promise<void> => {
    const reader: SeenReader = { kind, connections: [], failure: null, hasLeft: false };
    task.readers.push(reader);
    const url = isDirect ? directUrl : wireUrl;
    const common = { taskId: task.taskId, observe, signal: over.signal };
    if (kind === 'raw') await readRaw(reader, { ...common, url, isDirect, apiKey: keyOf(task), dropAfterTokens, leaveAfterTokens });
    else await readTyped(reader, { ...common, client: createClient({ baseUrl: url, apiKey: keyOf(task) }) });
  };

  const poll = async (task: SeenTask): Promise<void> => {
    while (!over.signal.aborted) {
      const sent = observe();
      const status = await look(task);
      if (typeof status === 'object' && status !== null) {
        task.polls.push({ sent, answered: observe(), status });
        if (hasEnded(status)) return;
      }
      // A task that is not known now never will be.
      if (status === 404) return;
      await pause(pollMs);
    }
  };

  /** The status, the HTTP status of a refusal that stands, or `null` where there was no answer. */
  const look = async (task: SeenTask): Promise<TaskStatus | number | null> => {
    try {
      const { status, body } = await call(task, directUrl, 'GET', `/v1/tasks/${task.taskId}`);
      return status === 200 ? (JSON.parse(body) as TaskStatus) : status;
    } catch {
      return null;
    }
  };

  const cancel = async (task: SeenTask, afterMs: number): Promise<void> => {
    await pause(afterMs);
    while (!over.signal.aborted) {
      const sent = observe();
      try {
        const { status } = await call(task, directUrl, 'POST', `/v1/tasks/${task.taskId}/cancel`);
        if (status === 204) {
          // What had been sent before the answer lies in our sockets now, and is read first.
          await drainArrived();
          task.canceled = { sent, answered: observe() };
          return;
        }
      } catch {
        // No answer; a cancel may be sent again.
      }
      await pause(retryMs);
    }
  };

  const live = async (planned: PlannedTask): Promise<void> => {
    const { taskId, tenant, priority, determinism, form } = planned;
    const model = form.request.model_ref;
    const task: SeenTask = {
      taskId,
      tenant,
      priority,
      determinism,
      model,
      promptKey: form.key,
      deadlineMs,
      firstSent: observe(),
      submits: [],
      readers: [],
      canceled: null,
      polls: [],
      last: null,
    };
    tasks.push(task);
    if ((await submit(task, planned)) === null) return;
    const { cancelAfterMs } = planned;
    await Promise.all([
      ...planned.readers.map((reader) => read(task, reader)),
      poll(task),
      ...(cancelAfterMs === null ? [] : [cancel(task, cancelAfterMs)]),
    ]);
  };

  return {
    tasks,
    get busy() {
      return running.size;
    },
    async send(plan) {
      const startedMs = performance.now();
      for (const planned of plan) {
        const waitMs = startedMs + planned.atMs - performance.now();
        if (waitMs > 0) await pause(waitMs);
        const done = live(planned);
        running.add(done);
        void done.finally(() => running.delete(done));
      }
    },
    async settle(withinMs) {
      const giveUpMs = performance.now() + withinMs;
      while (running.size > 0 && performance.now() < giveUpMs) await pause(50);
      if (running.size === 0) return;
      over.abort();
      await Promise.all(running);
    },
    async lookBack() {
      const accepted = tasks.filter((task) => acceptedOf(task) !== undefined);
      const queue = accepted.values();
      await Promise.all(
        Array.from({ length: lookBackAtOnce }, async () => {
          for (const task of queue) {
            task.last = await look(task);
            if (typeof task.last === 'number') continue;
            await read(task, { kind: 'raw', isDirect: true, dropAfterTokens: null, leaveAfterTokens: null });
          }
        }),
      );
    },
  };
}
