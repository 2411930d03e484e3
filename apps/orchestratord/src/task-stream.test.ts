/** Streams on a real socket: one write for a batch, a slow client that costs nothing, a cut that lets nothing through. */
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { TaskLog } from './task-log.ts';
import { TaskStream } from './task-stream.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A client whose response is a stream on `log`. */
const connect = async (log: TaskLog): Promise<{ stream: TaskStream; response: ServerResponse; incoming: IncomingMessage }> => {
  const { promise, resolve } = Promise.withResolvers<{ stream: TaskStream; response: ServerResponse }>();
  const server = createServer((_request, response) => {
    const answer = log.open(null);
    if (answer.kind !== 'cursor') throw new Error('expected a cursor');
    resolve({
      stream: new TaskStream({ response, log, cursor: answer.cursor, nowMs: 0, renderMismatch: () => '', onClose: () => undefined }),
      response,
    });
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const incoming = await new Promise<IncomingMessage>((connected, failed) => {
    get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }, connected).on('error', failed);
  });
  return { ...(await promise), incoming };
};

test('[ORCH-2002] headers come before the first event, and the stream ends with the terminal one', async () => {
  const log = new TaskLog();
  const { incoming } = await connect(log);
  let body = '';
  incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  log.start('{}');
  log.append(['a']);
  await vi.waitFor(() => expect(body).toContain('"t":"a"'));
  expect(body).not.toContain('event: end');
  log.finish({ event: 'end', data: '{}' });
  await vi.waitFor(() => expect(incoming.complete).toBe(true));
  expect(body.endsWith('event: end\ndata: {}\n\n')).toBe(true);
  expect(log.readerCount).toBe(0);
});

test('a batch is one write, and a pending metrics event rides on it without an id', async () => {
  const log = new TaskLog();
  const { stream, response, incoming } = await connect(log);
  incoming.resume();
  log.start('{}');
  await nextTurn();
  const write = vi.spyOn(response.socket as Socket, 'write');
  stream.offerMetrics('{"m":0}');
  log.append(['a', 'b', 'c']);
  expect(write).toHaveBeenCalledTimes(1);
  expect(write.mock.calls[0]?.[0]).toMatch(/"i":2\}\n\nevent: metrics\ndata: \{"m":0\}\n\n\r\n$/);
});

test('started and the text of the same read are one write', async () => {
  const log = new TaskLog();
  const { response, incoming } = await connect(log);
  incoming.resume();
  await nextTurn();
  const write = vi.spyOn(response.socket as Socket, 'write');
  log.start('{}');
  log.append(['a']);
  await nextTurn();
  expect(write).toHaveBeenCalledTimes(1);
  expect(write.mock.calls[0]?.[0]).toMatch(/event: started[^]*"i":0/);
});

test('a client that does not read is not buffered for, and gets everything once it does', async () => {
  const log = new TaskLog();
  const { response, incoming } = await connect(log);
  log.start('{}');
  const piece = 'x'.repeat(4_000);
  for (let index = 0; index < 5_000; index += 1) log.append([`${piece}${index} `]);
  expect(response.writableLength).toBeLessThan(100_000);
  log.finish({ event: 'end', data: '{}' });
  let tokens = 0;
  incoming.setEncoding('utf8').on('data', (chunk: string) => (tokens += chunk.split('event: token').length - 1));
  await vi.waitFor(() => expect(incoming.complete).toBe(true), { timeout: 10_000 });
  // A chunk border may fall inside the marker, never more often than there are chunks.
  expect(tokens).toBeGreaterThan(4_900);
});

test('[ORCH-3026] a cut closes a stream whose socket still holds unsent text', async () => {
  const log = new TaskLog();
  const { response, incoming } = await connect(log);
  incoming.on('error', () => undefined);
  log.start('{}');
  for (let index = 0; index < 2_000; index += 1) log.append(['y'.repeat(4_000)]);
  expect(response.writableLength).toBeGreaterThan(0);
  log.cut();
  expect(response.destroyed).toBe(true);
});

test('a client that goes away is forgotten and changes nothing', async () => {
  const log = new TaskLog();
  const { incoming } = await connect(log);
  incoming.destroy();
  await vi.waitFor(() => expect(log.readerCount).toBe(0));
  expect(log.isOpen).toBe(true);
});

const limits = { keepAliveMs: 14_000, stalledMs: 60_000 };

test('[ORCH-2002] a stream on which nothing was written for the interval gets a comment', async () => {
  const log = new TaskLog();
  const { stream, response, incoming } = await connect(log);
  incoming.resume();
  log.start('{}');
  await nextTurn();
  const write = vi.spyOn(response.socket as Socket, 'write');
  stream.sweep(500, limits);
  stream.sweep(14_400, limits);
  expect(write).not.toHaveBeenCalled();
  stream.sweep(14_500, limits);
  expect(write).toHaveBeenLastCalledWith('3\r\n:\n\n\r\n', 'latin1');
  stream.sweep(28_400, limits);
  expect(write).toHaveBeenCalledOnce();
  stream.sweep(28_500, limits);
  expect(write).toHaveBeenCalledTimes(2);
});

test('a stream whose client takes nothing is closed after its limit, one that is only idle is not', async () => {
  const idle = await connect(new TaskLog());
  const log = new TaskLog();
  const stalled = await connect(log);
  stalled.incoming.on('error', () => undefined);
  log.start('{}');
  for (let index = 0; index < 2_000; index += 1) log.append(['y'.repeat(4_000)]);
  stalled.stream.sweep(1_000, limits);
  stalled.stream.sweep(60_900, limits);
  expect(stalled.response.destroyed).toBe(false);
  stalled.stream.sweep(61_000, limits);
  idle.stream.sweep(61_000, limits);
  expect([stalled.response.destroyed, idle.response.destroyed]).toEqual([true, false]);
});
