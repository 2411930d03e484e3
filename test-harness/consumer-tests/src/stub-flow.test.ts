/** The stub answers what the pacts say, to the typed client as to anybody; its transcripts are pinned. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createAgentClient, createClient, type TaskEvent } from '@llama-orch/openapi-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerText, request, sessionId, taskId } from './ids.ts';
import { createHandlers } from './stub/handlers.ts';
import { readPact, type StubInteraction } from './stub/pact-interactions.ts';
import { type StubServer, startStub } from './stub/stub-server.ts';

const directory = fileURLToPath(new URL('../../../contracts/pacts/', import.meta.url));
const interactions: readonly StubInteraction[] = readdirSync(directory).flatMap((name) => readPact(`${directory}${name}`));
let stub: StubServer;

beforeAll(async () => {
  stub = await startStub(createHandlers(interactions));
});
afterAll(() => stub.close());

const client = () => createClient({ baseUrl: stub.url });

test.each(interactions.map((each) => [each.description, each] as const))('the stub answers %s as agreed', async (description, each) => {
  const query = new URLSearchParams(each.query).toString();
  const answer = await fetch(`${stub.url}${each.path}${query === '' ? '' : `?${query}`}`, {
    method: each.method,
    headers: { ...each.headers, 'x-pact-description': description },
    ...(each.body !== undefined && { body: typeof each.body === 'string' ? each.body : JSON.stringify(each.body) }),
  });
  expect([answer.status, await answer.text()]).toEqual([each.status, each.answer ?? '']);
  for (const [name, value] of Object.entries(each.answerHeaders)) expect(answer.headers.get(name)).toBe(value);
});

test('[ORCH-2001] an admission', async () => {
  expect(await client().submit(request(taskId(1), { session_id: sessionId(1), seed: 7 }))).toMatchSnapshot();
});

test('[ORCH-2004] a session', async () => {
  expect(await client().session(sessionId(70))).toMatchSnapshot();
});

test('[ORCH-2002] the transcript of a stream', async () => {
  const answer = await fetch(`${stub.url}/v1/tasks/${taskId(40)}/stream`, { headers: { accept: 'text/event-stream' } });
  expect(await answer.text()).toMatchSnapshot();
  const events: TaskEvent[] = [];
  for await (const event of client().streamTask(taskId(40))) events.push(event);
  expect(events.flatMap((each) => (each.event === 'token' ? [each.data.t] : [])).join('')).toBe(answerText);
});

test('[ORCH-2109] an agent finds its pools', async () => {
  const desired = await createAgentClient({ baseUrl: stub.url }).desiredPools('pact-host', { generation: 0, waitMs: 0 });
  expect(desired?.pools).toHaveLength(1);
});

test('a request that no pact has is told what there is', async () => {
  const answer = await fetch(`${stub.url}/v1/tasks`, { method: 'POST', body: '{}' });
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ code: 'NOT_FOUND', details: { known: expect.any(Array) as unknown } });
});
