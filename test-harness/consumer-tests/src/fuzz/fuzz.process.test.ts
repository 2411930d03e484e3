/** 20,000 requests made from the served contract, fitting and not: no 500, every answer as contracted, the service well afterwards. */
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { startMockEngine } from '@llama-orch/adapter-mock';
import { startStack } from '@llama-orch/e2e-haiku';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Answer, createJudge } from './answers.ts';
import { type Document, operationsOf } from './openapi.ts';
import { type FuzzRequest, requestsOf } from './requests.ts';

const count = 20_000;
/** `FUZZ_SEED` plays another round; the message of a failure names it. */
const seed = Number(process.env['FUZZ_SEED'] ?? 1);
const inFlight = 16;
/** Operations that would change or end what the others are asked about. */
const left = new Set(['drainPool', 'resumePool', 'reloadPool', 'rollbackPool', 'applyConfig', 'rollbackConfig', 'reportAgentStatus']);
const poolId = 'fuzz';
const digest = `sha256:${'f'.repeat(64)}`;
const uuids = (kind: number): readonly string[] =>
  Array.from({ length: 64 }, (_, index) => `0000000${kind}-0000-4000-8000-${String(index).padStart(12, '0')}`);

test('[ORCH-2006] no request, fitting or not, is answered other than contracted', { timeout: 600_000 }, async () => {
  const engine = await startMockEngine({ slots: 8, ctxTokens: 4_096 });
  const stack = await startStack({
    models: { fuzz: { path: 'fuzz.gguf', digest, quant: 'Q8_0', ctx_limit: 4_096 } },
    pools: [
      {
        id: poolId,
        model: 'fuzz',
        runtime: { kind: 'external', url: engine.url, digest },
        allow_cpu: false,
        slots: 8,
        determinism: 'none',
        queue: { capacity: 256, full_policy: 'drop-lru' },
      },
    ],
    controller: { limits: { max_body_bytes: 65_536 } },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  try {
    const document = (await (await fetch(`${stack.url}/openapi.json`)).json()) as Document;
    const known = { taskIds: uuids(1), sessionIds: uuids(2), poolId, agent: 'stranger', model: 'fuzz' };
    const operations = operationsOf(document).filter(({ id }) => !left.has(id));
    // Half of all are tasks: the richest body, and what all else is about.
    const arbitrary = fc.oneof(
      ...operations.map((operation) => ({
        weight: operation.id === 'submitTask' ? operations.length : 1,
        arbitrary: requestsOf(document, operation, known),
      })),
    );
    const requests = fc.sample(arbitrary, { numRuns: count, seed });
    const judge = createJudge(document);
    const statuses = new Map<number, number>();
    const faults: string[] = [];
    const next = requests[Symbol.iterator]();
    const worker = async (): Promise<void> => {
      for (const request of { [Symbol.iterator]: () => next }) {
        const answer = await send(stack.url, agent, request);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const fault = judge(request.operation, answer) ?? surprise(request, answer);
        if (fault !== null) faults.push(`${request.operation.method} ${request.path} ${request.body?.slice(0, 300) ?? ''}\n  → ${fault}`);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    expect(faults.slice(0, 10), `seed ${seed}: ${faults.length} of ${count} answers; again: FUZZ_SEED=${seed}`).toEqual([]);
    // It was no idle round: tasks ran, and every kind of refusal that needs no key was met.
    for (const status of [200, 202, 204, 400, 404, 409, 413, 415])
      expect(statuses.get(status) ?? 0, `answers ${status}`).toBeGreaterThan(0);
    const { task_id: id } = await stack.client.submitWhenAdmitted({
      model_ref: 'fuzz',
      prompt: 'Are you well?',
      determinism: 'best_effort',
    });
    expect((await stack.client.waitForResult(id)).state).toBe('succeeded');
    expect((await fetch(`${stack.url}/readyz`)).status).toBe(200);
  } finally {
    agent.destroy();
    await stack.stop();
    await engine.stop();
  }
});

/** A task that fits in every respect is never called wrong. */
function surprise({ fits, operation }: FuzzRequest, { status, text }: Answer): string | null {
  if (!fits || status !== 400 || operation.id !== 'submitTask') return null;
  // What no schema can say: both or neither of prompt and inputs, and what does not fit the model.
  return /prompt|inputs|tokens|workload|determinism|stop|No pool serves/.test(text)
    ? null
    : `400 for a request that fits: ${text.slice(0, 300)}`;
}

async function send(url: string, agent: Agent, { operation, path, headers, body }: FuzzRequest): Promise<Answer> {
  const outgoing = httpRequest(`${url}${path}`, {
    method: operation.method,
    agent,
    headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
  });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text: Buffer.concat(chunks).toString() };
}
