/**
 * A relay between the controller and a worker that holds the worker's answer back after a number of token events, so that a
 * test knows exactly what the controller can have seen. It forwards bytes as they are and knows only enough of llama.cpp's
 * stream to find the end of a token event.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TokenGate {
  readonly url: string;
  /** Where connections go from now on; before, they are closed at once. */
  openTo(workerUrl: string): void;
  /** The next answers stop after so many tokens with text. */
  holdAfterTokens(count: number): void;
  /** Let what is held, and all that follows, pass. */
  release(): void;
  close(): Promise<void>;
}

/** The end of an event of the worker's chunked answer, one chunk for each event. */
const eventEnd = '\n\n\r\n';
/** What ends a chunked answer. */
const answerEnd = '0\r\n\r\n';
const tokenEvent = /"content":"(?!")/;

export async function startTokenGate(): Promise<TokenGate> {
  let target: URL | undefined;
  let limit = Number.POSITIVE_INFINITY;
  const sockets = new Set<Socket>();
  const held = new Set<() => void>();

  const server = createServer((client) => {
    const { hostname, port } = target ?? {};
    if (hostname === undefined) {
      client.destroy();
      return;
    }
    const worker = connect(Number(port), hostname);
    for (const [one, other] of [
      [client, worker],
      [worker, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    client.on('data', (bytes) => worker.write(bytes));
    let tokens = 0;
    let kept = '';
    let inStream = false;
    const onBytes = (bytes: string): void => {
      kept += bytes;
      inStream ||= kept.startsWith('HTTP/') && kept.includes('text/event-stream');
      while (inStream && tokens < limit) {
        const end = kept.indexOf(eventEnd);
        if (end === -1) break;
        const event = kept.slice(0, end + eventEnd.length);
        if (tokenEvent.test(event)) tokens += 1;
        client.write(event, 'latin1');
        kept = kept.slice(event.length);
      }
      if (inStream && tokens >= limit) {
        worker.pause();
        held.add(pass);
        return;
      }
      // Half an event waits for its other half; all else passes as it is.
      if (inStream && !kept.startsWith(answerEnd)) return;
      client.write(kept, 'latin1');
      kept = '';
      inStream = false;
      tokens = 0;
    };
    const pass = (): void => {
      onBytes('');
      worker.resume();
    };
    // One byte is one character, so that no character is cut.
    worker.setEncoding('latin1').on('data', onBytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    openTo: (workerUrl) => {
      target = new URL(workerUrl);
    },
    holdAfterTokens: (count) => {
      limit = count;
    },
    release: () => {
      limit = Number.POSITIVE_INFINITY;
      for (const pass of held) pass();
      held.clear();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
