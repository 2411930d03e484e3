/**
 * An operator and an agent for tests of the control plane: calls and their answers, and reports about workers that are replaced.
 */
import type { ConfigApplied, ConfigGeneration, DesiredState, PoolOperation, PoolStatus } from '@llama-orch/api-types';
import { settle, type TestController } from './test-controller.ts';

export const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;

/** A second model beside the `m` of every test controller. */
export const otherModel = { n: { path: 'n.gguf', digest: digestOf('b'), quant: 'Q8_0', ctx_limit: 1024 } };

type ReportedWorker = { readonly start: number; readonly digest?: string };
export type ReportedPool = {
  readonly id: string;
  /** `null` = none lives. */
  readonly worker: ReportedWorker | null;
  readonly successor?: ReportedWorker | { readonly kind: string; readonly message: string } | null;
  readonly fields?: Partial<PoolStatus>;
};

type EditablePool = { id: string; host: string; model: string; slots: number; kv_type?: string; queue: { capacity: number } };

/** What tests change of a config as the API gives it; the other fields come and go unseen. */
export type EditableConfig = {
  readonly models: Record<string, { digest: string }>;
  pools: [EditablePool, ...EditablePool[]];
  tenants: { id: string; max_concurrent_tasks?: number }[];
  canaries: unknown[];
  readonly controller: { readonly limits: { max_open_tasks: number }; readonly failover: { max_attempts: number } };
};

export const createOperator = (t: TestController) => {
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows which answer the contract promises
  const call = async <Answer>(method: string, path: string, body?: unknown): Promise<{ status: number; body: Answer }> => {
    const response = await t.request(method, path, body === undefined ? {} : { body });
    return { status: response.status, body: (await response.json()) as Answer };
  };
  const desired = async (): Promise<DesiredState> => (await call<DesiredState>('GET', '/v1/agents/h/desired?generation=0&wait_ms=0')).body;

  const toStatus = ({ id, worker, successor = null, fields = {} }: ReportedPool): PoolStatus => {
    const replicaOf = ({ start, digest = digestOf('a') }: ReportedWorker): PoolStatus['replica'] => {
      const { replica } = t.poolStatus(id, start);
      return replica === null ? null : { ...replica, model_digest: digest, url: `http://${id}-${start}.test` };
    };
    const base = t.poolStatus(id, worker?.start ?? 1);
    const status: PoolStatus =
      worker === null ? { ...base, state: 'unready', replica: null, ...fields } : { ...base, replica: replicaOf(worker), ...fields };
    if (successor === null) return status;
    const next: PoolStatus['successor'] =
      'start' in successor
        ? { state: 'ready', start_count: successor.start, last_error: null, replica: replicaOf(successor) }
        : { state: 'unready', start_count: 2, last_error: errorOf(successor, 1), replica: null };
    return { ...status, successor: next };
  };

  return {
    call,
    desired,
    toStatus,
    /** The agent has applied what is desired, and this is what it runs. */
    async report(...pools: ReportedPool[]): Promise<void> {
      const { generation } = await desired();
      await t.report(pools.map(toStatus), { generation });
      t.controller.loop.tick();
      await settle();
    },
    operation: async (id: string): Promise<PoolOperation> => (await call<PoolOperation>('GET', `/v1/operations/${id}`)).body,
    config: async (): Promise<ConfigGeneration> => (await call<ConfigGeneration>('GET', '/v1/config')).body,
    /** Change the config as it is read, and send it. */
    async change(edit: (config: EditableConfig) => void, rest: object = {}): Promise<{ status: number; body: ConfigApplied }> {
      const { config } = (await call<{ config: EditableConfig }>('GET', '/v1/config')).body;
      edit(config);
      return call<ConfigApplied>('POST', '/v1/config', { config, ...rest });
    },
  };
};

/** @param second - Tells two errors apart. */
export const errorOf = ({ kind, message }: { readonly kind: string; readonly message: string }, second: number) => ({
  code: kind === 'untrusted-artifact' ? ('UNTRUSTED_ARTIFACT' as const) : ('POOL_UNREADY' as const),
  kind,
  message,
  cause: null,
  at: new Date(second * 1_000).toISOString(),
});
