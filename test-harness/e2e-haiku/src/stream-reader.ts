/**
 * Reads one task's stream while a test does something else: what has come so far, and waiting for more of it. It holds no
 * connection logic; that is the client's.
 */
import type { StreamEnd, StreamStarted } from '@llama-orch/api-types';
import type { OrchClient, StreamOptions, TaskEvent } from '@llama-orch/openapi-client';
import { eventually } from './eventually.ts';

export interface StreamReader {
  /** All events so far but `metrics`, in order. */
  readonly events: readonly TaskEvent[];
  readonly tokenCount: number;
  /** The text of the tokens so far. */
  readonly text: string;
  /** Wait until so many tokens have come. */
  untilTokens(count: number): Promise<void>;
  /** Wait for the `started` event. */
  untilStarted(): Promise<StreamStarted>;
  /**
   * Wait for the `end` event.
   *
   * @throws Error where the stream ends with `error`.
   */
  untilEnd(): Promise<StreamEnd>;
  /** Wait until the stream is over, however it ends. */
  untilOver(): Promise<void>;
}

/** Begin to read; the stream's order and digest are checked by the client. */
export function readStream(client: OrchClient, taskId: string, options: StreamOptions = {}): StreamReader {
  const events: TaskEvent[] = [];
  let text = '';
  let tokenCount = 0;
  let failure: unknown;
  const over = (async () => {
    for await (const event of client.streamTask(taskId, options)) {
      if (event.event === 'metrics') continue;
      events.push(event);
      if (event.event === 'token') {
        text += event.data.t;
        tokenCount += 1;
      }
    }
  })();
  // Kept for whoever waits, so that it is no unhandled rejection before.
  over.catch((error: unknown) => {
    failure = error;
  });
  const until = <Value>(what: string, look: () => Value | undefined | false): Promise<Value> =>
    eventually(what, () => {
      if (failure !== undefined) throw failure;
      return look();
    });
  return {
    events,
    get tokenCount() {
      return tokenCount;
    },
    get text() {
      return text;
    },
    async untilTokens(count) {
      await until(`${count} tokens of task ${taskId}`, () => tokenCount >= count);
    },
    untilStarted: () =>
      until(`task ${taskId} to start`, () => {
        const [first] = events;
        return first?.event === 'started' ? first.data : undefined;
      }),
    async untilEnd() {
      await over;
      const last = events.at(-1);
      if (last?.event !== 'end') throw new Error(`expected \`end\` as the last event of task ${taskId}, got ${JSON.stringify(last)}`);
      return last.data;
    },
    async untilOver() {
      await over;
    },
  };
}
