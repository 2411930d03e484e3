/**
 * The provider of the pacts, as it runs in production: the program with a config, a scripted engine as another process, and an agent
 * played through the two calls that agents make. Nothing in the controller knows of it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type MockEngine, type MockScript, startMockEngine } from '@llama-orch/adapter-mock';
import type { AgentStatus, PoolState, TaskRequest } from '@llama-orch/api-types';
import { createAgentClient, createClient, type OrchClient } from '@llama-orch/openapi-client';
import { playAgent, playedPool, playedReplica, playedStatus } from '@llama-orch/played-agent';
import { digestKey } from '@llama-orch/service-kit';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const secret = 'a secret for pacts, at least 32 characters long';
const digest = `sha256:${'a'.repeat(64)}`;
const patienceMs = 60_000;

/** Names that the pacts use. */
const host = 'pact-host';
const poolId = 'pact-pool';
const model = 'pact-model';
const next = { model: 'pact-next-model', pool: 'pact-next-pool', canary: 'pact-canary' };

export type ServiceKey = { readonly key: string; readonly tenant: string; readonly scopes: readonly string[] };

export type ServiceOptions = {
  /** Merged over the pool. */
  readonly pool?: Readonly<Record<string, unknown>>;
  readonly controller?: Readonly<Record<string, unknown>>;
  readonly keys?: readonly ServiceKey[];
  /** The pool's model has a canary: a pool of another model, which no agent reports. */
  readonly hasCanary?: boolean;
  /** What the agent says of the pool; default `ready`. `unheard` = no agent reports. */
  readonly poolState?: PoolState | 'unheard';
};

export class ProviderService {
  readonly url: string;
  readonly #engine: MockEngine;
  readonly #client: OrchClient;
  readonly #options: ServiceOptions;
  readonly #stop: () => Promise<void>;
  /** Tasks that were submitted and may not have ended. */
  readonly #open: { readonly id: string; readonly key: string | undefined }[] = [];
  #held = 0;

  private constructor(url: string, engine: MockEngine, options: ServiceOptions, stop: () => Promise<void>) {
    this.url = url;
    this.#engine = engine;
    this.#client = createClient({ baseUrl: url });
    this.#options = options;
    this.#stop = stop;
  }

  /** @returns once the pool is as the options say. */
  static async start(options: ServiceOptions = {}): Promise<ProviderService> {
    const dir = await mkdtemp(join(tmpdir(), 'llama-orch-provider-'));
    const engine = await startMockEngine({ ctxTokens: 1_024 });
    const config = join(dir, 'orchestrator.json');
    // JSON is YAML.
    await writeFile(config, JSON.stringify(toConfig(engine.url, options)));
    const child = spawn(process.execPath, [main, '--config', config, '--listen', '127.0.0.1:0', '--data-dir', join(dir, 'data')], {
      env: { ...process.env, ORCH_LOG: 'json', ORCH_KEY_SECRET: secret },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = once(child, 'exit');
    const over = new AbortController();
    const url = await new Promise<string>((resolve, reject) => {
      void gone.then(() => reject(new Error('the controller ended before it listened')));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [, found] = /"url":"(http:[^"]+)"/.exec(line) ?? [];
        if (found !== undefined && line.includes('"listening"')) resolve(found);
      });
    });
    const calls = createAgentClient({ baseUrl: url, apiKey: agentKeyOf(options) });
    const status = toStatus(engine.url, options, '33333333-0000-4000-8000-000000000001');
    const agent = options.poolState === 'unheard' ? null : playAgent(calls, { name: host, status, signal: over.signal });
    const service = new ProviderService(url, engine, options, async () => {
      over.abort();
      await agent;
      child.kill('SIGKILL');
      await gone;
      await engine.stop();
      await rm(dir, { recursive: true, force: true });
    });
    if ((options.poolState ?? 'ready') === 'ready') await service.#untilFree();
    else if (agent !== null) await service.#until('the agent to be heard', async () => (await service.#get('/v1/agents')).includes(host));
    return service;
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  /** End what earlier states left, and make the engine answer as it should. */
  async idle(): Promise<void> {
    for (const { id, key } of this.#open.splice(0)) await this.#call('POST', `/v1/tasks/${id}/cancel`, key);
    await this.script();
    if (this.#held > 0) await this.#engine.control.release(Number.POSITIVE_INFINITY);
    this.#held = 0;
    if (this.#options.hasCanary === true) await this.#undoChanges();
    if ((this.#options.poolState ?? 'ready') === 'ready') await this.#untilFree();
  }

  /** The engine answers the text of the pacts, but for these changes. */
  script(changes: Partial<MockScript> = {}): Promise<void> {
    return this.#engine.control.script({ steps, ...changes });
  }

  /** Take the only slot with a task that stops after its first token. */
  async takeSlot(key?: string): Promise<void> {
    await this.script({ holdAfterSteps: 1 });
    this.#held += 1;
    const id = await this.submit({ model_ref: model, prompt: 'Hold the slot.' }, key);
    await this.untilState(id, 'running', key);
  }

  /** @returns the task's id. */
  async submit(request: TaskRequest, key?: string): Promise<string> {
    const answer = await this.#call('POST', '/v1/tasks', key, request);
    const text = await answer.text();
    if (answer.status !== 202) throw new Error(`expected a 202, got ${answer.status}: ${text}`);
    const { task_id: id } = JSON.parse(text) as { readonly task_id: string };
    this.#open.push({ id, key });
    return id;
  }

  async cancel(id: string, key?: string): Promise<void> {
    await this.#call('POST', `/v1/tasks/${id}/cancel`, key);
  }

  async untilState(id: string, state: string, key?: string): Promise<void> {
    await this.#until(`${id} to be ${state}`, async () => {
      const task = (await (await this.#call('GET', `/v1/tasks/${id}`, key)).json()) as { readonly state: string };
      return task.state === state;
    });
  }

  /** Drain the pool. @returns the operation's id, once it has ended. */
  async drain(): Promise<string> {
    const { operation_id: id } = await this.#client.drainPool(poolId, { deadline_ms: 0 });
    await this.#client.waitForOperation(id, { pollMs: 10 });
    return id;
  }

  /** Begin a reload that goes on until it is ended: the agent starts no worker. */
  async reload(): Promise<void> {
    await this.#client.reloadPool(poolId, { new_model_ref: next.model });
  }

  /** Have another config in force, in which the pool has a longer queue. */
  async changeConfig(): Promise<void> {
    const { config } = await this.#client.config();
    const [first, ...others] = config['pools'] as [{ readonly queue: { readonly capacity: number } }];
    const changed = { ...first, queue: { ...first.queue, capacity: first.queue.capacity + 1 } };
    await this.#client.applyConfig({ config: { ...config, pools: [changed, ...others] } });
  }

  /** The canary is as at the start. */
  async setCanary(): Promise<void> {
    await this.#client.setCanary(canaryOfModel);
  }

  async #undoChanges(): Promise<void> {
    const { operations } = await this.#client.operations();
    if (operations.some(({ kind, state }) => kind === 'reload' && state === 'running')) await this.#client.rollbackPool(poolId);
    await this.#client.resumePool(poolId);
  }

  async report(name: string, instanceId: string): Promise<void> {
    const status = toStatus(this.#engine.url, { poolState: 'ready' }, instanceId);
    await this.#call('POST', `/v1/agents/${name}/status`, this.#agentKey(), { ...status, pools: [], interval_ms: 10_000 });
  }

  async #untilFree(): Promise<void> {
    const key = this.#options.keys?.find(({ scopes }) => scopes.includes('control'))?.key;
    await this.#until('the slot to be free', async () => {
      const health = (await (await this.#call('GET', `/v1/pools/${poolId}/health`, key)).json()) as {
        readonly ready?: boolean;
        readonly replica?: { readonly slots: { readonly free: number } } | null;
      };
      return health.ready === true && health.replica?.slots.free === 1;
    });
  }

  #agentKey(): string | undefined {
    return agentKeyOf(this.#options);
  }

  async #get(path: string): Promise<string> {
    return (await this.#call('GET', path)).text();
  }

  #call(method: string, path: string, key?: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async #until(what: string, look: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + patienceMs;
    while (!(await look())) {
      if (performance.now() > deadlineMs) throw new Error(`expected ${what} within ${patienceMs} ms`);
      await pause(10);
    }
  }
}

/** One engine is one pool; no agent reports this one. */
const nowhere = 'http://127.0.0.1:9';
const canaryOfModel = { id: next.canary, model, pools: [next.pool], percent: 10 };

/** What the engine answers: the text that the pacts name. */
const steps = [
  { text: 'soft ', tokens: 1 },
  { text: 'rain', tokens: 1 },
] as const;

const agentKeyOf = ({ keys }: ServiceOptions): string | undefined => keys?.find(({ scopes }) => scopes.includes('agent'))?.key;

function toConfig(engineUrl: string, { pool, controller, keys, hasCanary = false }: ServiceOptions): unknown {
  const nextDigest = `sha256:${'b'.repeat(64)}`;
  return {
    models: {
      [model]: { path: 'pact.gguf', digest, quant: 'Q8_0', ctx_limit: 1_024 },
      ...(hasCanary && { [next.model]: { path: 'next.gguf', digest: nextDigest, quant: 'Q8_0', ctx_limit: 1_024 } }),
    },
    pools: [
      {
        id: poolId,
        host,
        engine: 'llamacpp',
        model: model,
        runtime: { kind: 'external', url: engineUrl, digest },
        timeouts: { cancel_grace_ms: 30_000 },
        ...pool,
      },
      ...(hasCanary
        ? [{ id: next.pool, host, engine: 'llamacpp', model: next.model, runtime: { kind: 'external', url: nowhere, digest: nextDigest } }]
        : []),
    ],
    ...(hasCanary && { canaries: [canaryOfModel] }),
    controller: {
      shutdown_deadline_ms: 100,
      agent_lease: { interval_ms: 200 },
      journal: { kind: 'memory' },
      // States break the engine again and again; the next one would wait for its pause.
      breaker: { enabled: false },
      ...controller,
    },
    ...(keys !== undefined && {
      tenants: Array.from(new Set(keys.map(({ tenant }) => tenant)), (id) => ({ id })),
      keys: keys.map(({ key, tenant, scopes }, index) => ({ id: `k${index}`, digest: digestKey(secret, key), tenant, scopes })),
    }),
  };
}

function toStatus(engineUrl: string, { poolState: said = 'ready' }: ServiceOptions, instanceId: string): AgentStatus {
  const state = said === 'unheard' ? 'stopped' : said;
  const worker = { url: engineUrl, model_digest: digest, engine_version: 'mock-1', slots_free: 1 };
  const pool = playedPool(poolId, state === 'ready' ? playedReplica(poolId, 1, worker) : null, { state });
  return playedStatus({ hostname: host }, [pool], { instance_id: instanceId, interval_ms: 200 });
}
