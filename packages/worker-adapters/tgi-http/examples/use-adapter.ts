/**
 * Streams one completion from a running text-generation-inference server, with nothing of this project but the adapter:
 * `node examples/use-adapter.ts http://127.0.0.1:3000 "Write a haiku."`
 */
import { WorkerError } from '@llama-orch/adapter-api';
import { createTgiAdapter } from '@llama-orch/tgi-http';

const [baseUrl, prompt = 'Write a haiku.\n'] = process.argv.slice(2);
if (baseUrl === undefined) {
  process.stderr.write('usage: node examples/use-adapter.ts URL [PROMPT]\n');
  process.exit(2);
}

const { TGI_API_KEY: apiKey } = process.env;
const adapter = createTgiAdapter({
  baseUrl,
  ...(apiKey === undefined ? {} : { apiKey }),
  maxConnections: 4,
  callTimeoutMs: 5_000,
  nowMs: () => performance.now(),
});
const leaving = new AbortController();
process.once('SIGINT', () => leaving.abort());

try {
  const { engineVersion, modelName, ctxTokens, requestsMax } = await adapter.props(leaving.signal);
  process.stderr.write(`TGI ${engineVersion}: ${modelName}, ${ctxTokens} tokens of context, ${requestsMax} requests at most\n`);
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
  for await (const batch of adapter.submit(task, { signal: leaving.signal })) {
    for (const event of batch) {
      if (event.kind === 'token') process.stdout.write(event.text);
      if (event.kind === 'end') process.stderr.write(`\n${event.finishReason}: ${event.tokensIn} tokens in, ${event.tokensOut} out\n`);
    }
  }
} catch (thrown) {
  if (!(thrown instanceof WorkerError)) throw thrown;
  process.stderr.write(`\n${thrown.kind}: ${thrown.message}\n`);
  process.exitCode = 1;
} finally {
  await adapter.close();
}
