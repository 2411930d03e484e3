/**
 * A whole controller for tests: real core, real routes, real guard, on a clock that the test moves and workers that it
 * plays. Opens no port unless asked.
 */
import type { AgentStatus, PoolStatus, TaskAccepted, TaskStatus } from '@llama-orch/api-types';
import { parseConfig } from '@llama-orch/config-schema';
import { playedPool, playedReplica, playedStatus } from '@llama-orch/played-agent';
import { createKeyring, createLogger, createRequestGuard, digestKey } from '@llama-orch/service-kit';
import { stringify } from 'yaml';
import { createApp, createRawHandlers, createTaskRouter } from '../app.ts';
import type { Clock } from '../clock.ts';
import { Controller, type ControllerOptions } from '../controller.ts';
import type { AdapterTable } from '../fleet/worker.ts';
import { foldRecords, type JournalContents } from '../journal/fold.ts';
import type { StartOfRun } from '../journal/journal-time.ts';
import type { Journal } from '../journal/journal.ts';
import { createMemoryJournal } from '../journal/memory-journal.ts';
import { ConfigHistory } from '../operations/config-history.ts';
import type { StateStore, StoredState } from '../operations/state-store.ts';
import { createServer, listen } from '../server.ts';
import { ScriptedWorkers } from './scripted-worker.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const keySecret = 'a secret that is long enough';

export type TestKey = { readonly key: string; readonly tenant: string; readonly scopes: readonly string[] };

export type TestOptions = {
  readonly pools?: readonly Record<string, unknown>[];
  readonly tenants?: readonly Record<string, unknown>[];
  readonly sessions?: Record<string, unknown>;
  readonly controller?: Record<string, unknown>;
  readonly keys?: readonly TestKey[];
  readonly journal?: Journal;
  readonly models?: Record<string, unknown>;
  readonly canaries?: readonly Record<string, unknown>[];
  /** What an earlier run saved, and where this one does. */
  readonly stored?: StoredState;
  readonly store?: StateStore;
  /** Default: workers that the test plays. */
  readonly adapters?: AdapterTable;
  /** What an earlier run left. */
  readonly contents?: JournalContents;
  readonly createSpanSink?: ControllerOptions['createSpanSink'];
  /** When the machine says that this run begins. */
  readonly start?: StartOfRun;
};

class TestClock implements Clock {
  now = 1_000;
  nowMs(): number {
    return this.now;
  }
  epochMs(): number {
    return 1_700_000_000_000 + this.now;
  }
}

export const createTestController = (options: TestOptions = {}) => {
  const yaml = stringify({
    models: { m: { path: 'm.gguf', digest, quant: 'Q8_0', ctx_limit: 1024 }, ...options.models },
    ...(options.canaries !== undefined && { canaries: options.canaries }),
    pools: (options.pools ?? [{ id: 'a' }]).map((pool) => ({
      host: 'h',
      engine: 'llamacpp',
      model: 'm',
      devices: [],
      runtime: { kind: 'embedded' },
      allow_cpu: true,
      ...pool,
    })),
    ...(options.tenants !== undefined && { tenants: options.tenants }),
    ...(options.sessions !== undefined && { sessions: options.sessions }),
    ...(options.controller !== undefined && { controller: options.controller }),
    ...(options.keys !== undefined && {
      keys: options.keys.map(({ key, tenant, scopes }, index) => ({ id: `k${index}`, digest: digestKey(keySecret, key), tenant, scopes })),
    }),
  });
  const parsed = parseConfig(yaml);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults, null, 2));
  const { config } = parsed;
  const clock = new TestClock();
  const workers = new ScriptedWorkers();
  const lines: string[] = [];
  const log = createLogger({ service: 'test', level: 'debug', pretty: false, stream: { write: (line) => void lines.push(line) } });
  const store = options.store ?? { save: () => Promise.resolve(), forget: () => undefined, fault: null };
  const stored = options.stored ?? new Map<string, unknown>();
  const generations = new ConfigHistory({ store, stored, file: config, epochMs: clock.epochMs() });
  const controller = new Controller({
    generations,
    store,
    stored,
    adapters: options.adapters ?? { llamacpp: workers.createAdapter },
    journal: options.journal ?? createMemoryJournal(),
    ...(options.createSpanSink !== undefined && { createSpanSink: options.createSpanSink }),
    clock,
    log,
    history: {
      contents: options.contents ?? foldRecords([]),
      start: options.start ?? { bootId: null, uptimeMs: 0, epochMs: clock.epochMs() },
    },
  });
  const guard = createRequestGuard({ keyring: createKeyring({ keys: config.keys, secret: keySecret }), allowedHosts: [] });
  const app = createApp({ controller, guard, log, remoteOf: () => '127.0.0.1' });
  const router = createTaskRouter({ controller, guard, log });

  /** Ask, and let what the answer left to do be done. */
  const request = async (
    method: string,
    path: string,
    init: { body?: unknown; headers?: Record<string, string>; key?: string } = {},
  ): Promise<Response> => {
    const headers = new Headers({
      host: 'localhost',
      ...(init.body !== undefined && { 'content-type': 'application/json' }),
      ...(init.key !== undefined && { authorization: `Bearer ${init.key}` }),
      ...init.headers,
    });
    const body = init.body === undefined || typeof init.body === 'string' ? init.body : JSON.stringify(init.body);
    const plain = await router({
      method,
      url: path,
      header: (name) => headers.get(name) ?? undefined,
      remote: '127.0.0.1',
      readBody: async () => Buffer.from(body ?? ''),
    });
    const response =
      plain === undefined
        ? await app.request(`http://localhost${path}`, { method, headers, ...(body !== undefined && { body }) })
        : new Response(plain.body === '' ? null : plain.body, plain);
    await settle();
    return response;
  };

  const poolStatus = (poolId: string, startCount: number, fields: Partial<PoolStatus> = {}): PoolStatus => {
    const worker = { url: `http://${poolId}.test`, model_digest: digest, engine_version: 'scripted', slots_free: 1, numerics: digest };
    const replica = playedReplica(poolId, startCount, { ...worker, cpu_carve_out: true, pid: 1 });
    return playedPool(poolId, replica, { start_count: startCount, ...fields });
  };

  const report = (pools: readonly PoolStatus[], fields: Partial<AgentStatus> = {}, init: { key?: string } = {}): Promise<Response> => {
    const instance = { instance_id: '00000000-0000-4000-8000-000000000001' };
    const host = { hostname: 'h', ram_total_bytes: 1, ram_available_bytes: 1, allow_cpu: true };
    return request('POST', '/v1/agents/h/status', { body: playedStatus(host, pools, { ...instance, ...fields }), ...init });
  };

  return {
    controller,
    clock,
    workers,
    request,
    report,
    poolStatus,
    /** Log lines so far, parsed. */
    logged: (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    /** Make each pool Ready with its first worker. */
    ready: (...poolIds: string[]): Promise<Response> => report(poolIds.map((id) => poolStatus(id, 1))),
    submit: async (body: Record<string, unknown> = {}, key?: string): Promise<TaskAccepted> => {
      const response = await request('POST', '/v1/tasks', {
        body: { model_ref: 'm', prompt: 'p', ...body },
        ...(key !== undefined && { key }),
      });
      if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
      return (await response.json()) as TaskAccepted;
    },
    status: async (taskId: string): Promise<TaskStatus> => (await (await request('GET', `/v1/tasks/${taskId}`)).json()) as TaskStatus,
    /** One counter or gauge from `/metrics`; 0 where it is not there. */
    metric: async (series: RegExp): Promise<number> => {
      const text = await (await request('GET', '/metrics')).text();
      const line = text.split('\n').find((candidate) => !candidate.startsWith('#') && series.test(candidate));
      return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
    },
    /** Put it on a port, for streams. */
    serve: async () => {
      const server = createServer({
        fetch: (incoming, bindings) => app.fetch(incoming, bindings),
        raw: createRawHandlers({ controller, guard, log }),
        limits: config.controller.limits,
        log,
      });
      const listening = await listen(server, { host: '127.0.0.1', port: 0 });
      return {
        url: `http://127.0.0.1:${listening.port}`,
        close: async () => {
          controller.hub.closeAll();
          server.closeAllConnections();
          await listening.close();
        },
      };
    },
  };
};

export type TestController = ReturnType<typeof createTestController>;

/** Let everything that is already due run. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
