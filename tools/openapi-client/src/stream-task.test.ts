/** Streams over real sockets that are cut, split, silent or wrong: the client reads every event once, or says why it cannot. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { OrchApiError, StreamDigestMismatch, StreamLost, StreamProtocolError } from './api-error.ts';
import { pause } from './backoff.ts';
import { createClient } from './client.ts';
import type { StreamOptions, TaskEvent } from './stream-task.ts';

const taskId = '0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10';
const words = ['sof', 't ', '雨🌧', '\n', 'é'];
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const quick = { baseMs: 1, maxMs: 2 };

/** One whole stream of a task as frames with their ids; `metrics` has none. */
function frames(texts: readonly string[] = words): readonly { readonly id: string | null; readonly text: string }[] {
  const list = [
    {
      id: 'm',
      event: 'metrics',
      data: { queue_depth: 1, on_time_probability: null, kv_warmth: null, tokens_out: 0, tokens_per_s: null, budget: null },
    },
    { id: '0', event: 'started', data: { task_id: taskId, seed: 1 } },
    ...texts.map((t, i) => ({ id: `${i + 1}`, event: 'token', data: { t, i } })),
    { id: `${texts.length + 1}`, event: 'end', data: { finish_reason: 'stop', stream_digest: sha256(texts.join('')) } },
  ];
  return list.map(({ id, event, data }) => ({
    id: event === 'metrics' ? null : id,
    text: `${event === 'metrics' ? ': comment\n\n' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
  }));
}

/** The bytes that follow this id: what an honest service would send. */
function after(lastEventId: string | null, all = frames()): Buffer {
  const from = lastEventId === null ? 0 : all.findIndex(({ id }) => id === lastEventId) + 1;
  return Buffer.from(
    all
      .slice(from)
      .map(({ text }) => text)
      .join(''),
  );
}

type Call = { readonly lastEventId: string | null; readonly nth: number; readonly socket: Socket };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** A raw HTTP server; `serve` writes each connection's whole answer. */
async function rawServer(serve: (call: Call) => void): Promise<{ readonly baseUrl: string; readonly calls: (string | null)[] }> {
  const calls: (string | null)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let head = '';
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      head += bytes.toString('latin1');
      if (head.includes('\r\n\r\n')) {
        const lastEventId = /^last-event-id: (.*)\r$/im.exec(head)?.[1] ?? null;
        head = '';
        calls.push(lastEventId);
        serve({ lastEventId, nth: calls.length, socket });
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
    await once(server, 'close');
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

const okHead = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n';

/** Ends cleanly after these bytes: the client cannot tell it from a finished answer. */
const sendClosed = (socket: Socket, body: Buffer): void => void socket.end(Buffer.concat([Buffer.from(`${okHead}\r\n`), body]));

/** Ends in the middle of a chunked answer: the client sees a broken connection. */
const sendBroken = (socket: Socket, body: Buffer): void =>
  void socket.end(Buffer.concat([Buffer.from(`${okHead}transfer-encoding: chunked\r\n\r\n${(body.length + 10).toString(16)}\r\n`), body]));

const sendJson = (socket: Socket, status: string, headers: string, body: object): void =>
  void socket.end(`HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${headers}connection: close\r\n\r\n${JSON.stringify(body)}`);

async function read(baseUrl: string, options: StreamOptions = {}): Promise<readonly TaskEvent[]> {
  const events: TaskEvent[] = [];
  for await (const event of createClient({ baseUrl }).streamTask(taskId, { backoff: quick, ...options })) {
    events.push(event);
  }
  return events;
}

const text = (events: readonly TaskEvent[]): string => events.map((event) => (event.event === 'token' ? event.data.t : '')).join('');
const names = (events: readonly TaskEvent[]): readonly string[] => events.map(({ event }) => event).filter((event) => event !== 'metrics');
const wholeNames = ['started', ...words.map(() => 'token'), 'end'];

test('[ORCH-2002] yields every event of a stream, typed, with the id that resumes after it', async () => {
  const { baseUrl } = await rawServer(({ socket }) => sendClosed(socket, after(null)));
  const events = await read(baseUrl);
  expect(names(events)).toEqual(wholeNames);
  expect(events.map(({ id }) => id)).toEqual([null, '0', '1', '2', '3', '4', '5', '6']);
  expect(text(events)).toBe(words.join(''));
});

test('[ORCH-2002] bytes that come one by one give the same events', async () => {
  const body = after(null);
  const { baseUrl } = await rawServer(({ socket }) => {
    socket.setNoDelay(true);
    socket.write(`${okHead}\r\n`);
    let at = 0;
    const next = (): void => {
      if (at < body.length) {
        socket.write(body.subarray(at, at + 1), next);
        at += 1;
      } else {
        socket.end();
      }
    };
    next();
  });
  expect(text(await read(baseUrl))).toBe(words.join(''));
});

test.each([
  ['closed', sendClosed],
  ['broken', sendBroken],
] as const)(
  '[ORCH-2010] a connection %s at any byte is resumed: nothing lost, nothing twice',
  async (_, send) => {
    const short = frames(['a', '雨']);
    const length = after(null, short).length;
    let cutAt = 0;
    let nth = 0;
    const { baseUrl, calls } = await rawServer(({ lastEventId, socket }) => {
      nth += 1;
      const body = after(lastEventId, short);
      if (nth === 1) {
        send(socket, body.subarray(0, cutAt));
      } else {
        sendClosed(socket, body);
      }
    });
    for (cutAt = 0; cutAt < length; cutAt += 1) {
      nth = 0;
      const events = await read(baseUrl);
      expect(names(events), `cut at byte ${cutAt}`).toEqual(['started', 'token', 'token', 'end']);
      expect(text(events)).toBe('a雨');
    }
    expect(calls).toHaveLength(2 * length);
    expect([...new Set(calls)]).toEqual([null, '0', '1', '2']);
  },
  60_000,
);

test('[ORCH-2010] goes on as long as each connection brings something', async () => {
  const all = frames(Array.from({ length: 40 }, (_, i) => `${i} `));
  const { baseUrl, calls } = await rawServer(({ lastEventId, socket }) => {
    const from = lastEventId === null ? 0 : all.findIndex(({ id }) => id === lastEventId) + 1;
    sendBroken(
      socket,
      Buffer.from(
        all
          .slice(from, from + 2)
          .map((frame) => frame.text)
          .join(''),
      ),
    );
  });
  expect(names(await read(baseUrl, { maxAttempts: 2 }))).toHaveLength(42);
  expect(calls.length).toBeGreaterThan(20);
});

test('[ORCH-2010] gives up after so many attempts without progress, saying where to resume', async () => {
  const { baseUrl, calls } = await rawServer(({ nth, socket }) =>
    nth === 1 ? sendBroken(socket, after(null).subarray(0, after(null).indexOf('id: 3'))) : sendClosed(socket, Buffer.from(': hello\n\n')),
  );
  const failed = read(baseUrl, { maxAttempts: 4 });
  await expect(failed).rejects.toThrow(StreamLost);
  await expect(failed).rejects.toMatchObject({ lastEventId: '2' });
  expect(calls).toEqual([null, '2', '2', '2']);
});

test('[ORCH-2010] a silent connection is dead, and resumed', async () => {
  const { baseUrl, calls } = await rawServer(({ lastEventId, socket }) => {
    if (lastEventId === null) {
      socket.write(Buffer.concat([Buffer.from(`${okHead}\r\n`), after(null).subarray(0, after(null).indexOf('id: 2'))]));
    } else {
      sendClosed(socket, after(lastEventId));
    }
  });
  expect(text(await read(baseUrl, { idleTimeoutMs: 100 }))).toBe(words.join(''));
  expect(calls).toContain('1');
});

test('[ORCH-2010] a reader that is slow is not taken for a silent connection', async () => {
  const half = after(null).indexOf('id: 2');
  let sendRest = (): void => {};
  const { baseUrl, calls } = await rawServer(({ socket }) => {
    socket.write(Buffer.concat([Buffer.from(`${okHead}\r\n`), after(null).subarray(0, half)]));
    sendRest = () => socket.end(after(null).subarray(half));
  });
  let callsAtPause = 0;
  const idleTimeoutMs = 300;
  for await (const event of createClient({ baseUrl }).streamTask(taskId, { idleTimeoutMs, backoff: quick })) {
    if (event.event === 'token' && callsAtPause === 0) {
      callsAtPause = calls.length;
      // Longer than the timeout is the very condition that is tested.
      await pause(idleTimeoutMs + 50, undefined);
      sendRest();
    }
  }
  expect(calls).toHaveLength(callsAtPause);
});

test('[ORCH-2010] resuming by hand continues after that id, without a digest check', async () => {
  const { baseUrl, calls } = await rawServer(({ lastEventId, socket }) => sendClosed(socket, after(lastEventId)));
  const events = await read(baseUrl, { lastEventId: '3' });
  expect(names(events)).toEqual(['token', 'token', 'end']);
  expect(calls).toEqual(['3']);
});

test('[ORCH-2010] after the terminal id nothing follows', async () => {
  const { baseUrl } = await rawServer(({ socket }) => void socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'));
  expect(await read(baseUrl, { lastEventId: '6' })).toEqual([]);
});

test('[ORCH-2006] a refusal that may pass is tried again after the advised wait; another one is thrown', async () => {
  const envelope = (code: string, retriable: boolean) => ({ code, message: 'm', retriable, correlation_id: 'c1' });
  const { baseUrl, calls } = await rawServer(({ nth, lastEventId, socket }) => {
    if (nth === 1) {
      sendJson(socket, '503 Service Unavailable', 'retry-after: 1\r\nx-backoff-ms: 5\r\n', envelope('POOL_UNAVAILABLE', true));
    } else if (nth === 2) {
      socket.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n<html>');
    } else if (nth === 3) {
      sendClosed(socket, after(lastEventId));
    } else {
      sendJson(socket, '404 Not Found', '', envelope('NOT_FOUND', false));
    }
  });
  expect(text(await read(baseUrl))).toBe(words.join(''));
  expect(calls).toHaveLength(3);
  const refused = read(baseUrl);
  await expect(refused).rejects.toThrow(OrchApiError);
  await expect(refused).rejects.toMatchObject({ status: 404, envelope: { code: 'NOT_FOUND', correlation_id: 'c1' } });
  expect(calls).toHaveLength(4);
});

test('[ORCH-2002] an error event ends the stream and is yielded', async () => {
  const error = { code: 'WORKER_RESET', message: 'm', retriable: true, correlation_id: 'c' };
  const { baseUrl } = await rawServer(({ socket }) =>
    sendClosed(socket, Buffer.from(`id: 0\nevent: error\ndata: ${JSON.stringify(error)}\n\n`)),
  );
  expect(await read(baseUrl)).toEqual([{ event: 'error', data: error, id: '0' }]);
});

test('text that is not the text that was hashed is found out', async () => {
  const { baseUrl } = await rawServer(({ socket }) => sendClosed(socket, Buffer.from(after(null).toString().replace('sof', 'sOf'))));
  const failed = read(baseUrl);
  await expect(failed).rejects.toThrow(StreamDigestMismatch);
  await expect(failed).rejects.toMatchObject({ expected: sha256(words.join('')), actual: sha256(words.join('').replace('sof', 'sOf')) });
});

test.each([
  ['a token twice', (body: string) => body.replace('"i":1', '"i":0'), 'expected token 1, got 0'],
  ['a gap', (body: string) => body.replace('"i":1', '"i":2'), 'expected token 1, got 2'],
  ['a token before started', (body: string) => body.replace('event: started', 'event: unknown'), 'expected `started`, got a token'],
  ['started twice', (body: string) => body.replace(/(id: 0[^]*?\n\n)/, '$1$1'), 'expected one `started`'],
  ['no JSON', (body: string) => body.replace('"i":1', 'i:1'), 'expected a JSON object'],
  ['a token without text', (body: string) => body.replace('"t":"sof"', '"t":1'), 'expected `t` and `i`'],
])('[ORCH-2002] %s is a broken stream, not tried again', async (_, change, message) => {
  const { baseUrl, calls } = await rawServer(({ socket }) => sendClosed(socket, Buffer.from(change(after(null).toString()))));
  const failed = read(baseUrl);
  await expect(failed).rejects.toThrow(StreamProtocolError);
  await expect(failed).rejects.toThrow(message);
  expect(calls).toHaveLength(1);
});

test('[ORCH-2010] a stream that says that nothing follows before its end is broken', async () => {
  const { baseUrl } = await rawServer(({ nth, socket }) =>
    nth === 1
      ? sendClosed(socket, after(null).subarray(0, after(null).indexOf('id: 3')))
      : void socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'),
  );
  await expect(read(baseUrl)).rejects.toThrow(StreamProtocolError);
});

test('an unknown kind of event is skipped', async () => {
  const { baseUrl } = await rawServer(({ socket }) =>
    sendClosed(socket, Buffer.concat([Buffer.from('event: later\ndata: x\n\n'), after(null)])),
  );
  expect(names(await read(baseUrl))).toEqual(wholeNames);
});

test('leaving the loop closes the connection', async () => {
  const closed = Promise.withResolvers<void>();
  const { baseUrl } = await rawServer(({ socket }) => {
    socket.on('close', () => closed.resolve());
    socket.write(Buffer.concat([Buffer.from(`${okHead}\r\n`), after(null).subarray(0, -10)]));
  });
  for await (const event of createClient({ baseUrl }).streamTask(taskId)) {
    if (event.event === 'token') {
      break;
    }
  }
  await expect(closed.promise).resolves.toBeUndefined();
});

test.each(['before connecting', 'while reading', 'while waiting for the next attempt'])(
  'an abort %s ends the reading with its reason',
  async (when) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { baseUrl } = await rawServer(({ socket }) => {
      if (when === 'while reading') {
        socket.write(Buffer.concat([Buffer.from(`${okHead}\r\n`), after(null).subarray(0, -10)]));
        setImmediate(() => controller.abort(reason));
      } else {
        socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n', () => setImmediate(() => controller.abort(reason)));
      }
    });
    if (when === 'before connecting') {
      controller.abort(reason);
    }
    await expect(read(baseUrl, { signal: controller.signal, backoff: { baseMs: 60_000, maxMs: 60_000 } })).rejects.toBe(reason);
  },
);
