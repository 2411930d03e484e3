/**
 * Streams one completion from a running Triton server, or from `trtllm-serve`, with nothing of this project but the adapter:
 * `node examples/use-adapter.ts http://127.0.0.1:8000 grpc ensemble "Write a haiku."`
 *
 * Ports other than Triton's own come from `TRITON_GRPC_PORT` and `TRITON_METRICS_PORT`.
 */
import { WorkerError } from '@llama-orch/adapter-api';
import { createTritonAdapter } from '@llama-orch/triton';

const [baseUrl, protocol = 'grpc', modelName = 'ensemble', prompt = 'Write a haiku.\n'] = process.argv.slice(2);
if (baseUrl === undefined || (protocol !== 'http' && protocol !== 'grpc' && protocol !== 'trtllm-serve')) {
  process.stderr.write('usage: node examples/use-adapter.ts URL [http|grpc|trtllm-serve [MODEL [PROMPT]]]\n');
  process.exit(2);
}

const { TRITON_API_KEY: apiKey, TRITON_GRPC_PORT: grpcPort, TRITON_METRICS_PORT: metricsPort } = process.env;
const adapter = createTritonAdapter({
  baseUrl,
  ...(apiKey === undefined ? {} : { apiKey }),
  maxConnections: 4,
  callTimeoutMs: 5_000,
  nowMs: () => performance.now(),
  declared: { modelName, ctxTokens: 2_048 },
  access: {
    protocol,
    grpcPort: grpcPort === undefined ? null : Number(grpcPort),
    metricsPort: metricsPort === undefined ? null : Number(metricsPort),
  },
});
const leaving = new AbortController();
process.once('SIGINT', () => leaving.abort());

try {
  const { engineVersion, modelName: served } = await adapter.props(leaving.signal);
  process.stderr.write(`${engineVersion}: ${served}\n`);
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
