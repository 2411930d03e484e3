/** What a body is on the wire: framed for HTTP/1.1, bare for HTTP/1.0, in order, and no more than the client takes. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { StreamBody } from './stream-body.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** The client's end of one answer that `answer` writes, with all bytes so far. */
async function request(head: string, answer: (response: ServerResponse) => void): Promise<{ socket: Socket; bytes: () => string }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    answer(response);
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  sockets.push(socket);
  let bytes = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (bytes += chunk));
  socket.write(`${head}\r\nHost: x\r\n\r\n`);
  return { socket, bytes: () => bytes };
}

const bodyOf = (bytes: string): string => bytes.slice(bytes.indexOf('\r\n\r\n') + 4);

test('pieces written in one tick arrive in order, head first, each a chunk of its bytes', async () => {
  const { bytes } = await request('GET / HTTP/1.1', (response) => {
    const body = new StreamBody(response, () => undefined);
    for (const piece of ['one', 'zwölf', '月🌊']) expect(body.write(piece)).toBe(true);
    body.end('end');
  });
  await vi.waitFor(() => expect(bytes().endsWith('0\r\n\r\n')).toBe(true));
  expect(bodyOf(bytes())).toBe('3\r\none\r\n6\r\nzwölf\r\n7\r\n月🌊\r\n3\r\nend\r\n0\r\n\r\n');
});

test('a head that is sent alone is followed by chunks', async () => {
  let body: StreamBody | null = null;
  const { bytes } = await request('GET / HTTP/1.1', (response) => {
    body = new StreamBody(response, () => undefined);
    body.begin();
  });
  await vi.waitFor(() => expect(bytes().endsWith('\r\n\r\n')).toBe(true));
  (body as StreamBody | null)?.write('é');
  (body as StreamBody | null)?.end();
  await vi.waitFor(() => expect(bodyOf(bytes())).toBe('2\r\né\r\n0\r\n\r\n'));
});

test('a client of HTTP/1.0 gets the bytes without frames', async () => {
  const { socket, bytes } = await request('GET / HTTP/1.0', (response) => {
    const body = new StreamBody(response, () => undefined);
    body.write('one');
    body.write('zwölf');
    body.end('end');
  });
  await vi.waitFor(() => expect(socket.readableEnded).toBe(true));
  expect(bodyOf(bytes())).toBe('onezwölfend');
});

test('behind an answer that is not out yet, pieces wait in order', async () => {
  let first: ServerResponse | null = null;
  const { socket, bytes } = await request('GET /1 HTTP/1.1', (response) => {
    if (first === null) {
      first = response;
      return;
    }
    const body = new StreamBody(response, () => undefined);
    body.write('one');
    body.write('two');
    first.end();
    body.write('three');
    body.end();
  });
  socket.write('GET /2 HTTP/1.1\r\nHost: x\r\n\r\n');
  await vi.waitFor(() => expect(bytes().endsWith('3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n')).toBe(true));
});

test('a slow client stops the writer until it has read', async () => {
  let written = 0;
  let drained = 0;
  const piece = 'x'.repeat(10_000);
  const { socket, bytes } = await request('GET / HTTP/1.1', (response) => {
    const go = (): void => {
      while (written < 2_000) {
        written += 1;
        if (!body.write(piece)) return;
      }
      body.end();
    };
    const body = new StreamBody(response, () => {
      drained += 1;
      go();
    });
    go();
  });
  socket.pause();
  await vi.waitFor(() => expect(written).toBeGreaterThan(0));
  expect(written).toBeLessThan(2_000);
  socket.resume();
  await vi.waitFor(() => expect(bytes().endsWith('0\r\n\r\n')).toBe(true), { timeout: 10_000 });
  expect(drained).toBeGreaterThan(0);
  expect(bytes().split(piece)).toHaveLength(2_001);
});
