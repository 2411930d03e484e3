/**
 * Reads a stream as bytes come, over as many connections as it takes, and writes down what it saw. It checks nothing: a client that
 * throws at the first fault would hide the second.
 */
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { isTerminal, type StreamEvent } from '@llama-orch/api-types';
import { createSseParser } from '@llama-orch/openapi-client';
import type { Observer } from './observer.ts';
import type { SeenConnection, SeenReader } from './transcript.ts';

export type RawReadOptions = {
  readonly url: string;
  readonly apiKey: string;
  readonly taskId: string;
  readonly isDirect: boolean;
  readonly observe: Observer;
  /** Break off and resume after so many tokens; `null` = stay. */
  readonly dropAfterTokens: number | null;
  /** Leave for good after so many tokens; `null` = stay. */
  readonly leaveAfterTokens: number | null;
  readonly signal: AbortSignal;
};

/** A connection silent for so long is dead; the service sends something every 15 s. */
const silentMs = 20_000;
const reconnectMs = 50;
/** The service closes the connection behind an end; one that does not is closed after this. */
const afterEndMs = 500;

/** @returns once the stream is over or was left; what was seen is in `reader` at any time. */
export async function readRaw(reader: SeenReader, options: RawReadOptions): Promise<void> {
  let lastEventId: string | null = null;
  let tokens = 0;
  let { dropAfterTokens } = options;
  while (!options.signal.aborted) {
    const connection: SeenConnection = { asked: options.observe(), lastEventId, isDirect: options.isDirect, events: [] };
    reader.connections.push(connection);
    const outcome = await readOnce(connection, options, lastEventId, () => {
      tokens += 1;
      if (options.leaveAfterTokens !== null && tokens >= options.leaveAfterTokens) return 'leave';
      if (dropAfterTokens === null || tokens < dropAfterTokens) return 'stay';
      dropAfterTokens = null;
      return 'drop';
    });
    lastEventId = connection.events.at(-1)?.id ?? lastEventId;
    if (outcome === 'over') return;
    if (outcome === 'left') {
      reader.hasLeft = true;
      return;
    }
    if (outcome !== 'broken') {
      reader.failure = outcome;
      return;
    }
    await pause(reconnectMs);
  }
  reader.hasLeft = true;
}

/** `over`, `left`, `broken` where another connection may go on, else why none can. */
async function readOnce(
  { events }: SeenConnection,
  { url, apiKey, taskId, observe, signal }: RawReadOptions,
  lastEventId: string | null,
  onToken: () => 'stay' | 'drop' | 'leave',
): Promise<string> {
  return new Promise((resolve) => {
    const headers = {
      accept: 'text/event-stream',
      authorization: `Bearer ${apiKey}`,
      ...(lastEventId !== null && { 'last-event-id': lastEventId }),
    };
    const request = get(`${url}/v1/tasks/${taskId}/stream`, { agent: false, headers }, onResponse);
    const end = (outcome: string): void => {
      signal.removeEventListener('abort', onAbort);
      request.destroy();
      resolve(outcome);
    };
    const onAbort = (): void => end('broken');
    signal.addEventListener('abort', onAbort, { once: true });
    request.setTimeout(silentMs, () => end('broken'));
    request.on('error', () => end('broken'));

    function onResponse(response: IncomingMessage): void {
      const { statusCode = 0 } = response;
      if (statusCode === 204) {
        end(lastEventId === null ? 'a stream, got 204 for no event id' : 'over');
        return;
      }
      if (statusCode !== 200) {
        // What may pass is tried again; a task that is not known is lost.
        end([429, 502, 503, 504].includes(statusCode) ? 'broken' : `status ${statusCode}`);
        return;
      }
      const parser = createSseParser();
      let isOver = false;
      const onClosed = (): void => end(isOver ? 'over' : 'broken');
      response.on('error', onClosed);
      response.on('close', onClosed);
      response.on('data', (bytes: Buffer) => {
        for (const { event: name, data, id } of parser.push(bytes)) {
          if (name === 'metrics') continue;
          const event = { event: name, data: JSON.parse(data) as unknown } as StreamEvent;
          events.push({ ...observe(), id, event });
          if (isTerminal(event)) {
            isOver = true;
            // Whatever may follow an end would follow now.
            setTimeout(() => end('over'), afterEndMs).unref();
          }
          const wish = event.event === 'token' ? onToken() : 'stay';
          if (wish !== 'stay') {
            end(wish === 'leave' ? 'left' : 'broken');
            return;
          }
        }
      });
    }
  });
}
