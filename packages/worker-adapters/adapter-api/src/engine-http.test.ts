/** Tests of calls and streams against raw sockets that answer, stall, reset and flood as each test says. */
import { getEventListeners } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { EngineHttp, type EngineHttpOptions } from './engine-http.ts';
import type { StreamDecoder } from './event-stream.ts';
import { WorkerError } from './worker-error.ts';

vi.setConfig({ testTimeout: 60_000 });

/** For machines that are busy with other things. */
const patience = { timeout: 10_000 };
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

type Incoming = { readonly socket: Socket; readonly head: string; readonly body: string; readonly connection: number };

/** A server that hands each request to `answer` as text; requests of one connection come one after the other. */
const serve = async (answer: (incoming: Incoming) => void): Promise<{ readonly url: string; readonly sockets: Set<Socket> }> => {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    socket.setNoDelay(true);
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      const split = text.indexOf('\r\n\r\n');
      if (split === -1) return;
      const head = text.slice(0, split);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (text.length < split + 4 + length) return;
      const body = text.slice(split + 4, split + 4 + length);
      text = text.slice(split + 4 + length);
      answer({ socket, head, body, connection });
    });
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanUps.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
};

const connect = (baseUrl: string, changes: Partial<EngineHttpOptions> = {}): EngineHttp => {
  const http = new EngineHttp({
    baseUrl,
    maxConnections: 2,
    callTimeoutMs: 5_000,
    nowMs: () => performance.now(),
    toError: ({ status, body }) => new WorkerError('engine-rejected', `${status} ${body}`, { mayRunAgain: false }),
    ...changes,
  });
  cleanUps.push(() => http.close());
  return http;
};

const ok = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const streamHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (body: string): string => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
const never = (): AbortSignal => new AbortController().signal;
const get = { method: 'GET', path: '/x' } as const;
const post = { method: 'POST', path: '/x', body: { a: 1 } } as const;

/** Every byte is an event; `!` breaks the decoder, `.` must be the last byte. */
class Letters implements StreamDecoder<string> {
  #last = '';

  open(): void {}

  push(bytes: Buffer, out: string[]): void {
    for (const letter of bytes.toString('latin1')) {
      if (letter === '!') throw new WorkerError('worker-reset', 'a bad letter', { mayRunAgain: true });
      this.#last = letter;
      out.push(letter);
    }
  }

  end(): readonly string[] {
    if (this.#last !== '.') throw new WorkerError('worker-reset', 'no full stop', { mayRunAgain: true });
    return ['END'];
  }
}

const stream = (http: EngineHttp, signal = never()): AsyncIterable<readonly string[]> =>
  http.openEventStream(() => post, new Letters(), signal);

const collect = async (events: AsyncIterable<readonly string[]>): Promise<{ batches: string[]; error: unknown }> => {
  const batches: string[] = [];
  try {
    for await (const batch of events) batches.push(batch.join(''));
  } catch (error) {
    return { batches, error };
  }
  return { batches, error: null };
};

test('sends JSON with the engine’s key and reads JSON back', async () => {
  const { url } = await serve(({ socket, head, body }) => socket.write(ok(JSON.stringify({ head, body }))));
  expect(await connect(url, { apiKey: 'secret' }).requestJson(post, { signal: never() })).toMatchObject({
    head: expect.stringMatching(/authorization: Bearer secret[^]*content-type: application\/json/),
    body: '{"a":1}',
  });
});

test('gives refusals to the adapter, and calls a success that is not JSON a broken worker', async () => {
  const { url } = await serve(({ socket, head }) =>
    socket.write(head.startsWith('GET') ? ok('<html>') : 'HTTP/1.1 418 No\r\nContent-Length: 3\r\n\r\ntea'),
  );
  const http = connect(url);
  await expect(http.requestJson(get, { signal: never() })).rejects.toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
  await expect(http.requestJson(post, { signal: never() })).rejects.toMatchObject({ kind: 'engine-rejected', message: '418 tea' });
  expect(await http.request(post, { signal: never() })).toEqual({ status: 418, body: 'tea' });
});

test('repeats a GET once after a reset, and a POST not on a fresh connection', async () => {
  let requests = 0;
  const { url } = await serve(({ socket }) => {
    requests += 1;
    socket.resetAndDestroy();
  });
  const http = connect(url);
  await expect(http.requestJson(get, { signal: never() })).rejects.toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
  expect(requests).toBe(2);
  await expect(http.requestJson(post, { signal: never() })).rejects.toMatchObject({ kind: 'worker-reset' });
  expect(requests).toBe(3);
  await expect(http.requestJson(post, { signal: never(), idempotent: true })).rejects.toMatchObject({ kind: 'worker-reset' });
  expect(requests).toBe(5);
});

test('repeats a POST, and a stream, whose kept-alive connection died under it before any answer', async () => {
  const perConnection = new Map<number, number>();
  const { url } = await serve(({ socket, connection }) => {
    const count = (perConnection.get(connection) ?? 0) + 1;
    perConnection.set(connection, count);
    if (count === 2) socket.resetAndDestroy();
    else socket.write(ok('".'));
  });
  const http = connect(url, { maxConnections: 1 });
  expect(await http.requestText(post, { signal: never() })).toBe('".');
  expect(await http.requestText(post, { signal: never() })).toBe('".');
  for (let each = 0; each < 2; each += 1) expect(await collect(stream(http))).toEqual({ batches: ['".END'], error: null });
  expect([...perConnection.values()]).toEqual([2, 1, 2, 1]);
});

test.each([
  ['ab', `${streamHead}${chunk('ab')}`],
  ['', 'HTTP/1.1 20'],
])('does not repeat once an answer had begun, be it with text (%j)', async (text, begun) => {
  let requests = 0;
  const { url } = await serve(({ socket }) => {
    requests += 1;
    if (requests === 1) socket.write(ok('.'));
    else socket.end(begun);
  });
  const http = connect(url, { maxConnections: 1 });
  await collect(stream(http));
  const { batches, error } = await collect(stream(http));
  expect(batches.join('')).toBe(text);
  expect(error).toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
  expect(requests).toBe(2);
});

test('ends a call at its time limit, its signal, and its size, and lets go of everything', async () => {
  const { url, sockets } = await serve(({ socket, head }) => {
    if (head.startsWith('POST')) socket.write(`${streamHead}${chunk('x'.repeat(2_000))}`);
  });
  const http = connect(url, { callTimeoutMs: 50 });
  await expect(http.requestText(get, { signal: never() })).rejects.toMatchObject({
    kind: 'worker-reset',
    message: expect.stringContaining('50 ms'),
  });
  await expect(http.requestText(post, { signal: never(), maxBodyBytes: 1_000, timeoutMs: null })).rejects.toMatchObject({
    message: expect.stringContaining('1000 bytes'),
  });
  const controller = new AbortController();
  const waiting = http.requestText(get, { signal: controller.signal, timeoutMs: null });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ kind: 'aborted' });
  await expect(http.requestText(get, { signal: controller.signal })).rejects.toMatchObject({ kind: 'aborted' });
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  await http.close();
  await expect.poll(() => sockets.size, patience).toBe(0);
});

test('closes its idle connections before an engine would', async () => {
  const { url, sockets } = await serve(({ socket }) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nKeep-Alive: timeout=5, max=100\r\n\r\n1'),
  );
  await connect(url).requestJson(get, { signal: never() });
  expect(sockets.size).toBe(1);
  const startedMs = performance.now();
  await expect.poll(() => sockets.size, patience).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

test('gives one batch for one read, however many chunks it held', async () => {
  const { url } = await serve(({ socket }) =>
    socket.write(`${streamHead}${'abcdefghij'.split('').map(chunk).join('')}${chunk('.')}0\r\n\r\n`),
  );
  expect(await collect(stream(connect(url)))).toEqual({ batches: ['abcdefghij.END'], error: null });
});

test('hands over what came before the decoder failed, then the failure', async () => {
  const { url, sockets } = await serve(({ socket }) => socket.write(`${streamHead}${chunk('ab')}${chunk('c!d')}`));
  const { batches, error } = await collect(stream(connect(url)));
  expect(batches).toEqual(['abc']);
  expect(error).toMatchObject({ kind: 'worker-reset', message: 'a bad letter' });
  await expect.poll(() => sockets.size, patience).toBe(0);
});

test('waits for an end that takes time, and lets an abort cut it short', async () => {
  const { url } = await serve(({ socket }) => socket.write(`${streamHead}${chunk('a.')}0\r\n\r\n`));
  const http = connect(url);
  let finish: (events: readonly string[]) => void = () => {};
  const decoder: StreamDecoder<string> = {
    open: () => {},
    push: (bytes, out) => void out.push(bytes.toString()),
    end: () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  };
  const whole = http.openEventStream(() => post, decoder, never())[Symbol.asyncIterator]();
  expect(await whole.next()).toEqual({ done: false, value: ['a.'] });
  const last = whole.next();
  await new Promise(setImmediate);
  finish(['tail', 'END']);
  expect(await last).toEqual({ done: false, value: ['tail', 'END'] });
  expect(await whole.next()).toEqual({ done: true, value: undefined });
  const controller = new AbortController();
  const cut = http.openEventStream(() => post, decoder, controller.signal)[Symbol.asyncIterator]();
  await cut.next();
  const pending = cut.next();
  controller.abort();
  await expect(pending).rejects.toMatchObject({ kind: 'aborted' });
});

test('pauses the connection for a consumer that does not read, loses nothing, and stays bounded', async () => {
  const pieces = 6_000;
  const piece = chunk('x'.repeat(10_000));
  let written = 0;
  const { url } = await serve(({ socket }) => {
    socket.write(streamHead);
    const pump = (): void => {
      while (written < pieces) {
        written += 1;
        if (!socket.write(piece)) {
          socket.once('drain', pump);
          return;
        }
      }
      socket.write(`${chunk('.')}0\r\n\r\n`);
    };
    pump();
  });
  // Counts bytes only: the property is about what is held, and 60 MB of one-letter events would be held by the test itself.
  const counter: StreamDecoder<number> = { open: () => {}, push: (bytes, out) => void out.push(bytes.length), end: () => [] };
  const batches = connect(url).openEventStream(() => post, counter, never());
  const events = batches[Symbol.asyncIterator]();
  const first = await events.next();
  let before = -1;
  await expect
    .poll(
      () => {
        const still = before === written;
        before = written;
        return still;
      },
      { ...patience, interval: 100 },
    )
    .toBe(true);
  expect(written).toBeLessThan(pieces / 2);
  let bytes = 0;
  let largest = 0;
  for (let next = first; next.done !== true; next = await events.next()) {
    const size = next.value.reduce((sum, part) => sum + part, 0);
    bytes += size;
    largest = Math.max(largest, size);
  }
  expect(bytes).toBe(pieces * 10_000 + 1);
  expect(largest).toBeLessThan(1024 * 1024);
});

test('aborts the request of a consumer that leaves, and gives it nothing more', async () => {
  const { url, sockets } = await serve(({ socket }) => socket.write(`${streamHead}${chunk('abc')}`));
  const events = stream(connect(url))[Symbol.asyncIterator]();
  expect(await events.next()).toEqual({ done: false, value: ['a', 'b', 'c'] });
  await events.return?.();
  expect(await events.next()).toEqual({ done: true, value: undefined });
  await expect.poll(() => sockets.size, patience).toBe(0);
});

test('keeps a refusal of a stream short', async () => {
  const { url } = await serve(({ socket }) => {
    socket.write(`HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('y'.repeat(200_000))}`);
  });
  const { error } = await collect(stream(connect(url)));
  expect(error).toMatchObject({ kind: 'engine-rejected' });
  expect(error instanceof WorkerError && error.message.length).toBeLessThan(70_000);
});

test('sends streams in order over no more connections than it may, each kept for the next', async () => {
  const seen: string[] = [];
  const { url } = await serve(({ socket, head, connection }) => {
    seen.push(`${/x-nth: (\d)/.exec(head)?.[1]} on ${connection}`);
    setImmediate(() => socket.write(ok('.')));
  });
  const http = connect(url, { maxConnections: 1 });
  const streams = [1, 2, 3].map((nth) =>
    http.openEventStream(() => ({ ...post, headers: { 'x-nth': String(nth) } }), new Letters(), never()),
  );
  for (const answer of await Promise.all(streams.map(collect))) expect(answer).toEqual({ batches: ['.END'], error: null });
  expect(seen).toEqual(['1 on 1', '2 on 1', '3 on 1']);
});

test('uses no connection again on which the engine said goodbye, or whose answer was not the end', async () => {
  const seen: number[] = [];
  const { url, sockets } = await serve(({ socket, connection }) => {
    seen.push(connection);
    if (connection === 1) setTimeout(() => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'), 1);
    socket.write(connection === 2 ? `${ok('.')}more` : ok('.'));
  });
  const http = connect(url);
  for (let nth = 1; nth <= 3; nth += 1) {
    expect(await collect(stream(http))).toEqual({ batches: ['.END'], error: null });
    if (nth < 3) await expect.poll(() => sockets.size, patience).toBe(0);
  }
  expect(seen).toEqual([1, 2, 3]);
});

test('takes what is no HTTP for a broken worker, and sends no header that HTTP cannot carry', async () => {
  const { url, sockets } = await serve(({ socket }) => socket.write('* OK IMAP4 ready\r\n'));
  const http = connect(url);
  expect((await collect(stream(http))).error).toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
  await expect.poll(() => sockets.size, patience).toBe(0);
  const split = http.openEventStream(() => ({ ...post, headers: { 'x-a': 'b\r\nx-c: d' } }), new Letters(), never());
  expect((await collect(split)).error).toMatchObject({ kind: 'worker-reset' });
});

test('a stream that is aborted after its answer was whole leaves its connection to the next one', async () => {
  let goOn: () => void = () => {};
  const { url } = await serve(({ socket, head }) => {
    if (head.includes('x-nth: 1')) socket.write(ok('.'));
    else {
      socket.write(`${streamHead}${chunk('a')}`);
      goOn = () => socket.write(`${chunk('.')}0\r\n\r\n`);
    }
  });
  const http = connect(url, { maxConnections: 1 });
  const slowEnd: StreamDecoder<string> = {
    open: () => {},
    push: (bytes, out) => void out.push(bytes.toString()),
    end: () => new Promise(() => {}),
  };
  const controller = new AbortController();
  const first = http.openEventStream(() => ({ ...post, headers: { 'x-nth': '1' } }), slowEnd, controller.signal)[Symbol.asyncIterator]();
  expect(await first.next()).toEqual({ done: false, value: ['.'] });
  const ending = first.next();
  const second = stream(http)[Symbol.asyncIterator]();
  expect(await second.next()).toEqual({ done: false, value: ['a'] });
  controller.abort();
  await expect(ending).rejects.toMatchObject({ kind: 'aborted' });
  goOn();
  expect(await second.next()).toEqual({ done: false, value: ['.', 'END'] });
});
