/** A server on its port, or a sentence for the operator. */
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { listenOn } from './listen-on.ts';

test('port 0 gives the port that was picked, and a taken one says what to do', async () => {
  const first = createServer();
  const second = createServer();
  const port = await listenOn(first, { host: '127.0.0.1', port: 0 });
  expect(port).toBeGreaterThan(0);
  await expect(listenOn(second, { host: '127.0.0.1', port })).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining(`127.0.0.1:${port}: the port is taken`),
  });
  first.close();
});
