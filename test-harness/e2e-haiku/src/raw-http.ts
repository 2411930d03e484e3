/**
 * HTTP as bytes on a socket, for what no client library would send, and for knowing exactly what had arrived when. It knows no
 * route.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

export type RawAnswer = {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
};

export interface RawConnection {
  readonly socket: Socket;
  /** All bytes so far, as text. */
  readonly received: string;
  readonly isClosed: boolean;
  send(bytes: string | Buffer): void;
  close(): void;
}

/** Open a connection and collect what comes. */
export async function openRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = '';
  let isClosed = false;
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
  });
  socket
    .on('error', () => socket.destroy())
    .on('close', () => {
      isClosed = true;
    });
  await once(socket, 'connect');
  return {
    socket,
    get received() {
      return received;
    },
    get isClosed() {
      return isClosed;
    },
    send: (bytes) => void socket.write(bytes),
    close: () => socket.destroy(),
  };
}

/**
 * Let everything in that had reached this machine: on loopback, what another process wrote before an answer that we have read
 * lies in the socket's buffer by then, and the next turns of the event loop read it.
 */
export async function drainArrived(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
}

/** One answer from the bytes of a connection; `undefined` while it is not whole. */
export function parseAnswer(bytes: string): RawAnswer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine = '', ...fields] = bytes.slice(0, headEnd).split('\r\n');
  const headers = new Map(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
    }),
  );
  const rest = bytes.slice(headEnd + 4);
  const length = Number(headers.get('content-length') ?? 0);
  const body = headers.get('transfer-encoding') === 'chunked' ? joinChunks(rest) : Buffer.byteLength(rest) >= length ? rest : undefined;
  return body === undefined ? undefined : { status: Number(statusLine.split(' ')[1]), headers, body };
}

/** For short answers in ASCII: a chunk's length is counted in characters. */
function joinChunks(bytes: string): string | undefined {
  let body = '';
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.slice(at, lineEnd), 16);
    if (size === 0) return body;
    if (bytes.length < lineEnd + 2 + size + 2) return undefined;
    body += bytes.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}
