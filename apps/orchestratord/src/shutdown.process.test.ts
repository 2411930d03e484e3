/** SIGTERM as an init system sends it: the service as a process with its journal in a file, an engine that does not come to an end, clients. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type MockEngine, startMockEngine } from '@llama-orch/adapter-mock';
import { createAgentClient, createClient } from '@llama-orch/openapi-client';
import { playAgent, playedPool, playedReplica, playedStatus } from '@llama-orch/played-agent';
import { stringify } from 'yaml';
import { expect, onTestFinished, test, vi } from 'vitest';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
const digest = `sha256:${'a'.repeat(64)}`;
const patience = { timeout: 30_000, interval: 20 };

type Service = { readonly child: ChildProcess; readonly url: string; readonly events: readonly unknown[] };

const setUp = async (deadlineMs: number) => {
  const home = mkdtempSync(join(tmpdir(), 'orch-shutdown-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const sim = await startMockEngine({ wire: 'llamacpp', slots: 1, ctxTokens: 1_024, script: { answerTokens: 30 } });
  onTestFinished(() => sim.stop());
  const file = join(home, 'orchestrator.yaml');
  writeFileSync(
    file,
    stringify({
      models: { m: { path: 'm.gguf', digest, quant: 'Q8_0', ctx_limit: 1_024 } },
      pools: [{ id: 'a', host: 'h', engine: 'llamacpp', model: 'm', runtime: { kind: 'external', url: sim.url, digest } }],
      controller: { shutdown_deadline_ms: deadlineMs },
    }),
  );
  const flags = ['--config', file, '--data-dir', join(home, 'data')];

  const serve = async (listen = '127.0.0.1:0'): Promise<Service> => {
    const child = spawn(process.execPath, [program, ...flags, '--listen', listen], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ORCH_LOG: 'json' },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines: Record<string, unknown>[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Record<string, unknown>));
    const listening = await vi.waitUntil(() => lines.find(({ event }) => event === 'listening'), patience);
    return {
      child,
      url: String(listening['url']),
      get events() {
        return lines.map(({ event }) => event);
      },
    };
  };
  return { sim, serve };
};

/** The pool's agent, which says again and again that the engine is Ready, to whoever listens. */
const play = (url: string, sim: MockEngine): void => {
  const replica = playedReplica('a', 1, { url: sim.url, model_digest: digest, engine_version: 'mock-1', slots_free: 1 });
  const instance = { instance_id: '00000000-0000-4000-8000-000000000001', interval_ms: 200 };
  const over = new AbortController();
  const gone = playAgent(createAgentClient({ baseUrl: url }), {
    name: 'h',
    status: playedStatus({ hostname: 'h' }, [playedPool('a', replica)], instance),
    signal: over.signal,
  });
  onTestFinished(() => {
    over.abort();
    return gone;
  });
};

test('[ORCH-3054] [ORCH-3302] streams that outlast the deadline close without an end, the process exits 0, and after the next start the same client has the same bytes', async () => {
  const { sim, serve } = await setUp(500);
  const first = await serve();
  play(first.url, sim);
  const client = createClient({ baseUrl: first.url });
  const request = { model_ref: 'm', prompt: 'Write a haiku.', max_tokens: 40, seed: 7, determinism: 'strict' } as const;
  const submit = async (prompt: string): Promise<string> => (await client.submit({ ...request, prompt })).task_id;
  const whole = (await client.waitForResult(await submit(request.prompt), { pollMs: 20 })).result?.text ?? '';
  expect(whole).not.toBe('');

  await sim.control.script({ answerTokens: 30, holdAfterSteps: 5 });
  const running = await submit(request.prompt);
  const waiting = await submit('Another one.');
  let text = '';
  const kinds: string[] = [];
  const following = (async () => {
    for await (const event of client.streamTask(running)) {
      kinds.push(event.event);
      if (event.event === 'token') text += event.data.t;
    }
  })();
  const bare = fetch(`${first.url}/v1/tasks/${running}/stream`).then((response) => response.text());
  await vi.waitUntil(() => kinds.filter((kind) => kind === 'token').length >= 5, patience);

  const exited = once(first.child, 'close');
  first.child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(first.events.filter((event) => String(event).startsWith('shutdown'))).toEqual([
    'shutdown_started',
    'shutdown_deadline',
    'shutdown_done',
  ]);
  const cut = await bare;
  expect(cut).toContain('event: token');
  expect(cut).not.toMatch(/^event: (end|error)/m);
  expect(whole.startsWith(text)).toBe(true);
  expect(text.length).toBeLessThan(whole.length);

  await sim.control.script({ answerTokens: 30 });
  await serve(new URL(first.url).host);
  await following;
  expect(text).toBe(whole);
  expect(kinds.filter((kind) => kind !== 'token' && kind !== 'metrics')).toEqual(['started', 'end']);
  expect(await client.waitForResult(waiting, { pollMs: 20 })).toMatchObject({ state: 'succeeded', attempts: 1 });
  expect(await client.task(running)).toMatchObject({ state: 'succeeded', attempts: 2, result: { text: whole } });
});

test('[ORCH-3054] a second signal does not wait for the deadline, and nothing that was promised is lost', async () => {
  const { sim, serve } = await setUp(600_000);
  await sim.control.script({ answerTokens: 30, holdAfterSteps: 5 });
  const first = await serve();
  play(first.url, sim);
  const client = createClient({ baseUrl: first.url });
  const { task_id: id } = await client.submit({ model_ref: 'm', prompt: 'p', seed: 7 });
  await vi.waitUntil(async () => (await sim.control.counters()).held === 1, patience);
  const exited = once(first.child, 'close');
  first.child.kill('SIGTERM');
  await vi.waitUntil(() => first.events.includes('shutdown_started'), patience);
  first.child.kill('SIGTERM');
  expect(await exited).toEqual([1, null]);
  expect(first.events.at(-1)).toBe('shutdown_killed');
  await sim.control.script({ answerTokens: 30 });
  await serve(new URL(first.url).host);
  expect(await client.waitForResult(id, { pollMs: 20 })).toMatchObject({ state: 'succeeded', attempts: 2 });
});
