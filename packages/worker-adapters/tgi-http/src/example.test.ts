/** Runs the example of the README, so that it cannot rot. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createMockServer } from '@llama-orch/adapter-mock';
import { expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000 });

const example = fileURLToPath(new URL('../examples/use-adapter.ts', import.meta.url));
const run = promisify(execFile);

test('the example streams an answer, and says what is wrong where nothing listens', async () => {
  const server = await createMockServer({
    wire: 'tgi',
    script: {
      steps: [
        { text: 'quiet ', tokens: 1 },
        { text: 'snow', tokens: 1 },
      ],
    },
  });
  const { stdout, stderr } = await run(process.execPath, [example, server.url, 'Write a haiku.']);
  expect(stdout).toBe('quiet snow');
  expect(stderr).toContain('stop: 5 tokens in, 3 out');
  await server.stop();
  await expect(run(process.execPath, [example, server.url])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('worker-reset: Nothing listens'),
  });
});
