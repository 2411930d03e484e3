/**
 * The budgets of the contract under a flood of distinct tenants, keys, sessions and tasks: labels are closed sets, so the number
 * of series stays that of the deployment. It looks at no value but the number of tasks.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { createMockServer, type MockServer } from '@llama-orch/adapter-mock';
import { createKey, eventually, keySecret, modelDigest, type Stack, startStack, type TestKey } from '@llama-orch/e2e-haiku';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readContract } from './contract.ts';
import { parseExposition } from './exposition.ts';
import { lintScrape } from './lint.ts';

/** Distinct sessions, and a task of each. */
const floodSize = 10_000;
/** Of the 10,000 keys that a config may have, two are the operator's and the agent's. */
const keyCount = 9_998;
/** The default of `controller.metrics.max_tenant_labels`; one is of the tenant `default`, which sends nothing here. */
const namedTenants = 100;
/** Requests on the way at a time. */
const atATime = 64;
const agent = new Agent({ keepAlive: true, maxSockets: atATime });

const operator = createKey('operator', 'default', ['control', 'metrics']);
const agentKey = createKey('agent', 'default', ['agent']);
const clients: readonly TestKey[] = Array.from({ length: keyCount }, (_, index) => createKey(`key-${index}`, `tenant-${index}`, ['tasks']));
const contract = readContract();

let engine: MockServer;
let stack: Stack | undefined;

beforeAll(async () => {
  engine = await createMockServer({ slots: 16, modelName: 'haiku-tiny', ctxTokens: 1_024, script: { answerTokens: 1 } });
  stack = await startStack({
    pools: [
      {
        id: 'flooded',
        slots: 16,
        determinism: 'none',
        allow_cpu: false,
        runtime: { kind: 'external', url: engine.url, digest: modelDigest },
      },
    ],
    queueCapacity: floodSize,
    tenants: Array.from({ length: floodSize }, (_, index) => ({ id: `tenant-${index}` })),
    keys: [operator, agentKey, ...clients].map(({ entry }) => entry),
    env: { ORCH_KEY_SECRET: keySecret, ORCH_AGENT_KEY: agentKey.key },
    apiKey: operator.key,
  });
});
afterAll(async () => {
  agent.destroy();
  await stack?.stop();
  await engine.stop();
});

const scrape = async () => parseExposition(await (await fetch(`${stack?.url}/metrics`, { headers: bearer(operator) })).text());
const bearer = ({ key }: TestKey) => ({ authorization: `Bearer ${key}` });

/** With `node:http`, whose requests cost half of what those of `fetch` do. */
async function submit(url: URL, client: TestKey): Promise<number | undefined> {
  const task = { task_id: randomUUID(), session_id: randomUUID(), model_ref: 'haiku-tiny', prompt: 'x', max_tokens: 2 };
  const headers = { ...bearer(client), 'content-type': 'application/json', 'x-correlation-id': randomUUID() };
  const sent = request(url, { method: 'POST', agent, headers }).end(JSON.stringify({ ...task, determinism: 'best_effort' }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

test('[ORCH-3028] no label passes its budget under a flood of 10,000 tenants, keys, sessions and tasks', async () => {
  const tasksUrl = new URL('/v1/tasks', stack?.url);
  const waiting = [...clients, ...clients.slice(0, floodSize - keyCount)];
  const statuses = new Map<number | undefined, number>();
  const sender = async (): Promise<void> => {
    for (let client = waiting.pop(); client !== undefined; client = waiting.pop()) {
      const status = await submit(tasksUrl, client);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atATime }, sender));
  expect(Object.fromEntries(statuses)).toEqual({ 202: floodSize });
  const sum = async (metric: string): Promise<number> =>
    ((await scrape()).get(metric)?.samples ?? []).reduce((total, { value }) => total + value, 0);
  await eventually('all tasks to end', async () => (await sum('tasks_ended_total')) === floodSize, { withinMs: 60_000 });

  const families = await scrape();
  const cardinalities = { V: 1, P: 1, L: 1, T: namedTenants + 1 };
  expect(lintScrape(families, contract.orchestratord, cardinalities)).toEqual([]);
  // The flood did reach the one label that names tenants, and filled it: 99 of them, and all others together.
  const enqueued = families.get('tasks_enqueued_total')?.samples ?? [];
  expect(enqueued).toHaveLength(namedTenants);
  const ofNamed = namedTenants - 1 + (floodSize - keyCount);
  expect(enqueued.find(({ labels }) => labels['tenant'] === 'other')?.value).toBe(floodSize - ofNamed);
  expect(await sum('tasks_enqueued_total')).toBe(floodSize);
});
