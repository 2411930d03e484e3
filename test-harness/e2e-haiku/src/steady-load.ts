/**
 * Clients that keep a stack busy while a test changes it: each sends a task, reads its stream to the end, and sends the next. What they
 * saw is kept; it judges nothing.
 */
import type { TaskRequest } from '@llama-orch/api-types';
import type { OrchClient } from '@llama-orch/openapi-client';
import { eventually } from './eventually.ts';
import { readStream } from './stream-reader.ts';

export interface SteadyLoad {
  /** Tasks that ended with `end`. */
  readonly succeeded: number;
  /** What went wrong, in words. */
  readonly failures: readonly string[];
  /** Texts by seed, each as often as it came. */
  readonly texts: ReadonlyMap<number, ReadonlySet<string>>;
  /** Wait until so many more tasks have ended. */
  untilMore(count: number): Promise<void>;
  /** No more tasks; resolves when all have ended. */
  stop(): Promise<void>;
}

/** @param toRequest - Of the n-th task; tasks of one seed must be alike. */
export function startSteadyLoad(client: OrchClient, clients: number, toRequest: (seed: number) => TaskRequest, seeds: number): SteadyLoad {
  const failures: string[] = [];
  const texts = new Map<number, Set<string>>();
  let succeeded = 0;
  let sent = 0;
  let isStopping = false;

  const runClient = async (): Promise<void> => {
    while (!isStopping) {
      const seed = sent % seeds;
      sent += 1;
      try {
        const { task_id: id } = await client.submitWhenAdmitted(toRequest(seed));
        const reader = readStream(client, id);
        await reader.untilEnd();
        texts.set(seed, (texts.get(seed) ?? new Set()).add(reader.text));
        succeeded += 1;
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  const running = Promise.all(Array.from({ length: clients }, runClient));

  return {
    get succeeded() {
      return succeeded;
    },
    failures,
    texts,
    async untilMore(count) {
      const goal = succeeded + count;
      await eventually(`${count} more tasks to end`, () => succeeded >= goal || failures.length > 0, { withinMs: 60_000 });
    },
    async stop() {
      isStopping = true;
      await running;
    },
  };
}
