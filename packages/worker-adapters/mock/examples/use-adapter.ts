/**
 * Streams one completion from a scripted engine with the mock's own wire, with nothing of this project but the adapter:
 * `node examples/use-adapter.ts http://127.0.0.1:41723 "Write a haiku."`
 */
import { createMockAdapter } from '@llama-orch/adapter-mock';

const [baseUrl, prompt = 'Write a haiku.\n'] = process.argv.slice(2);
if (baseUrl === undefined) {
  process.stderr.write('usage: node examples/use-adapter.ts URL [PROMPT]\n');
  process.exit(2);
}

const adapter = createMockAdapter({ baseUrl, maxConnections: 4, callTimeoutMs: 5_000, nowMs: () => performance.now() });
try {
  const task = {
    workload: 'completion',
    taskId: crypto.randomUUID(),
    prompt,
    maxTokens: 128,
    seed: 7,
    stop: [],
    samplerProfileVersion: 'v1',
    kvReuse: false,
  } as const;
  for await (const batch of adapter.submit(task, { signal: new AbortController().signal })) {
    for (const event of batch) if (event.kind === 'token') process.stdout.write(event.text);
  }
} finally {
  await adapter.close();
}
