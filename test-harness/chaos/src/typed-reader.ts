/** Reads a stream with the published client, which reconnects by itself and holds the stream to its contract. */
import type { OrchClient } from '@llama-orch/openapi-client';
import type { Observer } from './observer.ts';
import type { SeenConnection, SeenReader } from './transcript.ts';

export type TypedReadOptions = {
  readonly client: OrchClient;
  readonly taskId: string;
  readonly observe: Observer;
  readonly signal: AbortSignal;
};

/** @returns once the stream is over; what was seen is in `reader` at any time. */
export async function readTyped(reader: SeenReader, { client, taskId, observe, signal }: TypedReadOptions): Promise<void> {
  const connection: SeenConnection = { asked: observe(), lastEventId: null, isDirect: false, events: [] };
  reader.connections.push(connection);
  const patience = { maxAttempts: 1_000, idleTimeoutMs: 20_000, backoff: { baseMs: 50, maxMs: 500 } };
  try {
    for await (const { id, ...event } of client.streamTask(taskId, { ...patience, signal })) {
      if (event.event !== 'metrics') connection.events.push({ ...observe(), id, event });
    }
  } catch (error) {
    if (signal.aborted) reader.hasLeft = true;
    else reader.failure = error instanceof Error ? error.message : String(error);
  }
}
