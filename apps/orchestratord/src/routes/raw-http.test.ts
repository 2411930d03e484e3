/** The raw routes on a real port: what a web framework would have done, byte for byte. */
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { createTestController, settle, type TestController } from '../testing/test-controller.ts';

const open: { close: () => Promise<void> }[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const served of open.splice(0)) await served.close();
});

const serve = async (t: TestController): Promise<string> => {
  const served = await t.serve();
  open.push(served);
  return served.url;
};

/** A connection on which a test writes what it likes. */
const dial = (url: string): { socket: Socket; received: () => string } => {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  sockets.push(socket);
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
  return { socket, received: () => received };
};

const head = (...lines: string[]): string => `${[...lines, 'Host: localhost', 'Content-Type: application/json'].join('\r\n')}\r\n\r\n`;
const body = JSON.stringify({ model_ref: 'm', prompt: '月' });
const length = Buffer.byteLength(body);

test('[ORCH-2001] a body that comes in pieces, split inside a character, is one task', async () => {
  const t = createTestController();
  await t.ready('a');
  const { socket, received } = dial(await serve(t));
  socket.write(head('POST /v1/tasks HTTP/1.1', `Content-Length: ${length}`));
  const bytes = Buffer.from(body);
  const inside = bytes.indexOf(Buffer.from('月')) + 1;
  socket.write(bytes.subarray(0, inside));
  await settle();
  expect(t.workers.requests).toHaveLength(0);
  socket.write(bytes.subarray(inside));
  await vi.waitFor(() =>
    expect(received()).toMatch(/^HTTP\/1\.1 202 Accepted\r\n[^]*location: \/v1\/tasks\/[0-9a-f-]{36}\r\n[^]*\r\n\r\n\{"task_id":/),
  );
  expect(t.workers.last.task).toMatchObject({ prompt: '月' });
});

test('[ORCH-2012] requests that are sent one behind the other are answered in order, each with its own correlation id', async () => {
  const t = createTestController();
  await t.ready('a');
  const { socket, received } = dial(await serve(t));
  socket.write(
    head('POST /v1/tasks HTTP/1.1', 'X-Correlation-Id: one', `Content-Length: ${length}`) +
      body +
      head('GET /v1/tasks/nowhere HTTP/1.1', 'X-Correlation-Id: two') +
      head('GET /v1/capabilities HTTP/1.1', 'X-Correlation-Id: three'),
  );
  await vi.waitFor(() => expect(received()).toContain('three'));
  const heads = [...received().matchAll(/HTTP\/1\.1 (\d+)[^]*?x-correlation-id: (\w+)/gi)].map(([, status, id]) => [status, id]);
  expect(heads).toEqual([
    ['202', 'one'],
    ['404', 'two'],
    ['200', 'three'],
  ]);
});

test('[ORCH-2006] a body above the limit is 413, declared or not, and the connection closes when the rest does not come', async () => {
  const t = createTestController({ controller: { limits: { max_body_bytes: 1_024 } } });
  const url = await serve(t);
  for (const [line, rest] of [
    ['Content-Length: 1025', ''],
    ['Transfer-Encoding: chunked', `401\r\n${'x'.repeat(1_025)}\r\n`],
  ] as const) {
    const { socket, received } = dial(url);
    socket.write(head('POST /v1/tasks HTTP/1.1', line) + rest);
    await vi.waitFor(() => expect(received()).toContain('"max_body_bytes"'));
    expect(received()).toMatch(/^HTTP\/1\.1 413 /);
    await vi.waitFor(() => expect(socket.readableEnded).toBe(true), { timeout: 5_000 });
  }
});

test('[ORCH-2006] a refused request whose body still comes leaves its connection usable', async () => {
  const t = createTestController({ controller: { limits: { max_body_bytes: 1_024 } } });
  const { socket, received } = dial(await serve(t));
  socket.write(head('POST /v1/tasks HTTP/1.1', 'Content-Length: 2000'));
  await vi.waitFor(() => expect(received()).toContain('"max_body_bytes"'));
  socket.write('x'.repeat(2_000) + head('GET /healthz HTTP/1.1'));
  await vi.waitFor(() => expect(received()).toContain('"status":"ok"'));
});

test('a client that leaves in the middle of its body starts nothing and breaks nothing', async () => {
  const t = createTestController();
  await t.ready('a');
  const url = await serve(t);
  const { socket } = dial(url);
  socket.write(head('POST /v1/tasks HTTP/1.1', `Content-Length: ${length}`) + body.slice(0, 5));
  await settle();
  socket.resetAndDestroy();
  const { socket: next, received } = dial(url);
  next.write(head('POST /v1/tasks HTTP/1.1', `Content-Length: ${length}`) + body);
  await vi.waitFor(() => expect(received()).toMatch(/^HTTP\/1\.1 202 /));
  expect(t.workers.requests).toHaveLength(1);
  expect(t.logged().filter(({ level }) => level === 'error')).toEqual([]);
});

test('HEAD answers with the head of GET and no body, of a task and of its stream', async () => {
  const t = createTestController();
  await t.ready('a');
  const url = await serve(t);
  const { task_id: id } = await t.submit();
  const whole = await fetch(`${url}/v1/tasks/${id}`);
  const status = await fetch(`${url}/v1/tasks/${id}`, { method: 'HEAD' });
  expect([status.status, status.headers.get('content-length'), await status.text()]).toEqual([
    200,
    String((await whole.arrayBuffer()).byteLength),
    '',
  ]);
  const stream = await fetch(`${url}/v1/tasks/${id}/stream`, { method: 'HEAD' });
  expect([stream.status, stream.headers.get('content-type'), await stream.text()]).toEqual([200, 'text/event-stream', '']);
  expect(t.controller.hub.count).toBe(0);
  expect((await fetch(`${url}/v1/tasks/nowhere/stream`, { method: 'HEAD' })).status).toBe(404);
});

test('[ORCH-2006] other methods of the same paths are 405 with what is allowed', async () => {
  const t = createTestController();
  const url = await serve(t);
  for (const [method, path, allowed] of [
    ['PUT', '/v1/tasks', 'POST'],
    ['GET', '/v1/tasks', 'POST'],
    ['POST', '/v1/tasks/x', 'GET'],
    ['DELETE', '/v1/tasks/x/stream', 'GET'],
    ['GET', '/v1/tasks/x/cancel', 'POST'],
  ] as const) {
    const answer = await fetch(`${url}${path}`, { method });
    expect([method, path, answer.status, answer.headers.get('allow')]).toEqual([method, path, 405, allowed]);
  }
});

test('[ORCH-3035] [ORCH-2012] a key is asked for before the body is looked at, and its scope too', async () => {
  const keys = [
    { key: 'tasks-key', tenant: 'default', scopes: ['tasks'] },
    { key: 'control-key', tenant: 'default', scopes: ['control'] },
  ];
  const t = createTestController({ keys });
  const ask = async (key: string | null, text: string): Promise<[number, string | null]> => {
    const answer = await t.request('POST', '/v1/tasks', {
      body: text,
      headers: { 'x-correlation-id': 'wide[id]{~}"\'' },
      ...(key !== null && { key }),
    });
    return [answer.status, answer.headers.get('x-correlation-id')];
  };
  expect(await ask(null, '{')).toEqual([401, 'wide[id]{~}"\'']);
  expect(await ask('control-key', '{')).toEqual([403, 'wide[id]{~}"\'']);
  expect(await ask('tasks-key', '{')).toEqual([400, 'wide[id]{~}"\'']);
});
