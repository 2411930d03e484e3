import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createPortPicker } from './port-picker.ts';

test('gives every caller another port', async () => {
  const ports = createPortPicker('127.0.0.1', null);
  const picked = await Promise.all(Array.from({ length: 20 }, () => ports.pick()));
  expect(new Set(picked).size).toBe(20);
});

test('keeps to its range, skips what is bound or claimed, and says when all are taken', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    const ports = createPortPicker('127.0.0.1', { first: port, last: port });
    await expect(ports.pick()).rejects.toMatchObject({ failure: { kind: 'port-in-use' } });
  } finally {
    server.close();
    await once(server, 'close');
  }
  const ports = createPortPicker('127.0.0.1', { first: port, last: port });
  ports.claim(port);
  await expect(ports.pick()).rejects.toThrow(/port_range/);
  ports.release(port);
  expect(await ports.pick()).toBe(port);
});
