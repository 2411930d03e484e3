/** Runs the example of the README over each protocol, so that it cannot rot. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createMockServer } from '@llama-orch/adapter-mock';
import { expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000 });

const example = fileURLToPath(new URL('../examples/use-adapter.ts', import.meta.url));
const run = promisify(execFile);

test('the example streams an answer over each protocol, and says what is wrong where nothing listens', async () => {
  for (const [protocol, kind] of [
    ['grpc', 'ensemble'],
    ['http', 'vllm'],
    ['trtllm-serve', null],
  ] as const) {
    const server = await createMockServer({
      wire: kind === null ? 'trtllm-serve' : 'triton',
      ...(kind === null ? {} : { wireOptions: { kind } }),
      script: {
        steps: [
          { text: 'quiet ', tokens: 1 },
          { text: 'snow', tokens: 1 },
        ],
      },
    });
    const env = { ...process.env, TRITON_GRPC_PORT: String(server.ports['grpc']), TRITON_METRICS_PORT: String(server.ports['metrics']) };
    const args = [example, server.url, protocol, 'mock', 'Write a haiku.'];
    const { stdout, stderr } = await run(process.execPath, args, { env });
    expect(stdout).toBe('quiet snow');
    expect(stderr).toContain('stop: 5 tokens in, 3 out');
    await server.stop();
    await expect(run(process.execPath, args, { env })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('worker-reset: Nothing listens'),
    });
  }
});
