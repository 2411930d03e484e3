import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { eventually } from '@llama-orch/e2e-haiku';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startWireProxy, type WireProxy } from './wire-proxy.ts';

let echo: Server;
let wire: WireProxy;
beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  wire = await startWireProxy(() => `http://127.0.0.1:${(echo.address() as AddressInfo).port}`);
});
afterEach(async () => {
  await wire.close();
  echo.close();
});

type Client = { readonly socket: Socket; received: string; error: string | null };

async function open(): Promise<Client> {
  const socket = connect(Number(new URL(wire.url).port), '127.0.0.1');
  const client: Client = { socket, received: '', error: null };
  socket.setEncoding('utf8').on('data', (text: string) => void (client.received += text));
  socket.on('error', (error: Error & { code?: string }) => void (client.error = error.code ?? error.message));
  await once(socket, 'connect');
  return client;
}

test('a cut resets what is open, and what comes after it passes', async () => {
  const client = await open();
  client.socket.write('one');
  await eventually('the echo', () => client.received === 'one');
  expect(wire.cut()).toBe(1);
  await eventually('a reset', () => client.error === 'ECONNRESET');
  const next = await open();
  next.socket.end('two');
  await eventually('the echo', () => next.received === 'two');
});

test('what is stalled stays open and passes later, whole and in order, also on connections that came meanwhile', async () => {
  const before = await open();
  before.socket.write('one');
  await eventually('the echo', () => before.received === 'one');
  wire.stall();
  const during = await open();
  before.socket.write(' two');
  during.socket.write('three');
  // Another wire to the same place shows that bytes had their time.
  const other = await startWireProxy(() => `http://127.0.0.1:${(echo.address() as AddressInfo).port}`);
  const probe = connect(Number(new URL(other.url).port), '127.0.0.1').end('probe');
  await once(probe, 'data');
  await other.close();
  expect([before.received, during.received]).toEqual(['one', '']);
  wire.flow();
  await eventually('what was held', () => before.received === 'one two' && during.received === 'three');
  before.socket.end();
  during.socket.end();
});
