/**
 * The control plane by name: what pools and agents are, and the changes that operators make. Each call is one HTTP call, but for
 * `waitForOperation` and `setCanary`; every change may be sent again, and the service says which of them goes on already.
 */
import type {
  AgentList,
  Canary,
  CanaryList,
  Capabilities,
  ConfigApplied,
  ConfigGeneration,
  ConfigRequest,
  ControlPaths,
  DrainRequest,
  PoolHealth,
  PoolOperation,
  PoolOperationList,
  ReloadRequest,
  ReplicaSetList,
} from '@llama-orch/api-types';
import { type CallOptions, given, ofId, type WaitOptions } from './call.ts';
import { createHttp, dataOf, type HttpOptions } from './http.ts';
import { pollUntil } from './poll-until.ts';

export type OperationWaitOptions = WaitOptions & {
  /** Called with the operation as first seen, and whenever a look finds it otherwise than the last one; the end is the last call. */
  readonly onProgress?: ((operation: PoolOperation) => void) | undefined;
};

/** A canary as the config has it: `percent` of the model's sessions (0 to 100, default 0), and who comes by `label`. */
export type CanarySettings = Pick<Canary, 'id' | 'model' | 'pools'> & { readonly percent?: number; readonly label?: string };

/** Each rejects as those of `OrchClient` do; they need a key of scope `control` where nothing else is said. */
export type ControlCalls = {
  /** Scope `tasks`. */
  capabilities(options?: CallOptions): Promise<Capabilities>;
  replicaSets(options?: CallOptions): Promise<ReplicaSetList>;
  poolHealth(poolId: string, options?: CallOptions): Promise<PoolHealth>;
  agents(options?: CallOptions): Promise<AgentList>;

  /**
   * Stop new dispatch at once; what still runs after `deadline_ms` milliseconds is aborted and placed again. The pool stays drained until
   * `resumePool`. Said again while it drains, the new deadline counts and the operation is the same.
   *
   * @errors 404 no such pool; 409 another operation of the pool goes on.
   * @req ORCH-2101
   */
  drainPool(poolId: string, request: DrainRequest, options?: CallOptions): Promise<PoolOperation>;
  /**
   * Let a drained pool take tasks again; of another pool it changes nothing.
   *
   * @errors 404 no such pool.
   * @req ORCH-2101
   */
  resumePool(poolId: string, options?: CallOptions): Promise<PoolOperation>;
  /**
   * Swap the pool's model by a new worker, or leave the old one serving: then the operation ends as `failed`, `error` with the cause.
   *
   * @errors 400 no such model in the config; 404 no such pool; 409 another operation of the pool goes on.
   * @req ORCH-2102
   */
  reloadPool(poolId: string, request: ReloadRequest, options?: CallOptions): Promise<PoolOperation>;
  /**
   * Return the pool to what it was before its last change; while a reload goes on, end that.
   *
   * @errors 404 no such pool; 409 it never was otherwise, or another operation of it goes on.
   * @req ORCH-2106
   */
  rollbackPool(poolId: string, options?: CallOptions): Promise<PoolOperation>;

  /** Operations that run, and those that ended lately; newest first. */
  operations(options?: CallOptions): Promise<PoolOperationList>;
  /**
   * How far an operation is.
   *
   * @errors 404 none of this id, or it ended long ago.
   */
  operation(operationId: string, options?: CallOptions): Promise<PoolOperation>;
  /**
   * The operation once it has ended; one that failed does not reject: look at `state` and `error`. It may take as long as a model loads or
   * a drain's deadline is; `signal` ends the waiting, not the operation.
   *
   * @errors As `operation`; a restart of the service on the way is waited out as long as `maxAttempts` lasts.
   * @req ORCH-2101, ORCH-2102, ORCH-2106
   */
  waitForOperation(operationId: string, options?: OperationWaitOptions): Promise<PoolOperation>;

  /**
   * The active generation of the config, `[removed]` in place of secrets; such a config can be sent back.
   *
   * @req ORCH-2107
   */
  config(options?: CallOptions): Promise<ConfigGeneration>;
  /**
   * Apply a config whole, or change nothing. With `dry_run` it is only checked and compared; `operations` names what to wait for where
   * workers are replaced.
   *
   * @errors 400 with every fault in `envelope.details.faults`; 409 `expected_generation` is not the active one, or a changed pool has an
   * operation under way.
   * @req ORCH-2107
   */
  applyConfig(request: ConfigRequest, options?: CallOptions): Promise<ConfigApplied>;
  /**
   * Apply the previous generation again, as a new one; said again, it undoes itself.
   *
   * @errors 409 there is no previous one, or a changed pool has an operation under way.
   * @req ORCH-2106
   */
  rollbackConfig(options?: CallOptions): Promise<ConfigApplied>;

  /**
   * The canaries, with the figures of both arms side by side.
   *
   * @req ORCH-3033
   */
  canaries(options?: CallOptions): Promise<CanaryList>;
  /**
   * Add the canary, or put it in place of the one of its id: the config is read, changed and sent with `expected_generation`.
   *
   * @errors As `applyConfig`; 409 where the config was changed meanwhile, and nothing was done.
   * @req ORCH-3033
   */
  setCanary(canary: CanarySettings, options?: CallOptions): Promise<ConfigApplied>;
  /**
   * Every task of the model to the canary's pools from now on.
   *
   * @errors 404 no such canary; 409 another change of the config goes on.
   * @req ORCH-3033
   */
  promoteCanary(canaryId: string, options?: CallOptions): Promise<ConfigApplied>;
  /**
   * No more task to the canary's pools; its sessions go back to the base.
   *
   * @errors As `promoteCanary`.
   * @req ORCH-3033
   */
  abortCanary(canaryId: string, options?: CallOptions): Promise<ConfigApplied>;

  /** Resolves while the process works. No key. */
  liveness(options?: CallOptions): Promise<void>;
  /**
   * Resolves while work is taken. No key.
   *
   * @errors 503 with the reason.
   * @req ORCH-2108
   */
  readiness(options?: CallOptions): Promise<void>;
  /** Prometheus text. Scope `metrics`. */
  metrics(options?: CallOptions): Promise<string>;
  /** The contract as one OpenAPI 3.1 document, without what is planned. No key. */
  openapi(options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  /** The page that shows the contract, as HTML. No key. */
  docs(options?: CallOptions): Promise<string>;
};

export function createControlCalls(options: HttpOptions): ControlCalls {
  const http = createHttp<ControlPaths>(options);

  const operation: ControlCalls['operation'] = async (operationId, { signal } = {}) =>
    dataOf(await http.GET('/v1/operations/{id}', { ...ofId(operationId), ...given(signal) }));
  const config: ControlCalls['config'] = async ({ signal } = {}) => dataOf(await http.GET('/v1/config', given(signal)));
  const applyConfig: ControlCalls['applyConfig'] = async (request, { signal } = {}) =>
    dataOf(await http.POST('/v1/config', { body: request, ...given(signal) }));

  return {
    async capabilities({ signal } = {}) {
      return dataOf(await http.GET('/v1/capabilities', given(signal)));
    },
    async replicaSets({ signal } = {}) {
      return dataOf(await http.GET('/v1/replicasets', given(signal)));
    },
    async poolHealth(poolId, { signal } = {}) {
      return dataOf(await http.GET('/v1/pools/{id}/health', { ...ofId(poolId), ...given(signal) }));
    },
    async agents({ signal } = {}) {
      return dataOf(await http.GET('/v1/agents', given(signal)));
    },

    async drainPool(poolId, request, { signal } = {}) {
      return dataOf(await http.POST('/v1/pools/{id}/drain', { ...ofId(poolId), body: request, ...given(signal) }));
    },
    async resumePool(poolId, { signal } = {}) {
      return dataOf(await http.POST('/v1/pools/{id}/resume', { ...ofId(poolId), ...given(signal) }));
    },
    async reloadPool(poolId, request, { signal } = {}) {
      return dataOf(await http.POST('/v1/pools/{id}/reload', { ...ofId(poolId), body: request, ...given(signal) }));
    },
    async rollbackPool(poolId, { signal } = {}) {
      return dataOf(await http.POST('/v1/pools/{id}/rollback', { ...ofId(poolId), ...given(signal) }));
    },

    async operations({ signal } = {}) {
      return dataOf(await http.GET('/v1/operations', given(signal)));
    },
    operation,
    async waitForOperation(operationId, { onProgress, ...wait } = {}) {
      let shown = '';
      const look = () => operation(operationId, { signal: wait.signal });
      const hasEnded = (seen: PoolOperation): boolean => {
        const found = JSON.stringify(seen);
        if (found !== shown) onProgress?.(seen);
        shown = found;
        return seen.state !== 'running';
      };
      return pollUntil(look, hasEnded, wait);
    },

    config,
    applyConfig,
    async rollbackConfig({ signal } = {}) {
      return dataOf(await http.POST('/v1/config/rollback', given(signal)));
    },

    async canaries({ signal } = {}) {
      return dataOf(await http.GET('/v1/canaries', given(signal)));
    },
    async setCanary(canary, { signal } = {}) {
      const { generation, config: active } = await config({ signal });
      return applyConfig({ config: withCanary(active, canary), expected_generation: generation }, { signal });
    },
    async promoteCanary(canaryId, { signal } = {}) {
      return dataOf(await http.POST('/v1/canaries/{id}/promote', { ...ofId(canaryId), ...given(signal) }));
    },
    async abortCanary(canaryId, { signal } = {}) {
      return dataOf(await http.POST('/v1/canaries/{id}/abort', { ...ofId(canaryId), ...given(signal) }));
    },

    async liveness({ signal } = {}) {
      dataOf(await http.GET('/healthz', given(signal)));
    },
    async readiness({ signal } = {}) {
      dataOf(await http.GET('/readyz', given(signal)));
    },
    async metrics({ signal } = {}) {
      return dataOf(await http.GET('/metrics', { parseAs: 'text', ...given(signal) }));
    },
    async openapi({ signal } = {}) {
      return dataOf(await http.GET('/openapi.json', given(signal)));
    },
    async docs({ signal } = {}) {
      return dataOf(await http.GET('/docs', { parseAs: 'text', ...given(signal) }));
    },
  };
}

/** In its old place where the config has one of its id, else after the others. */
function withCanary(config: Readonly<Record<string, unknown>>, canary: CanarySettings): Record<string, unknown> {
  const known = (config['canaries'] ?? []) as readonly { readonly id: string }[];
  const place = known.findIndex(({ id }) => id === canary.id);
  return { ...config, canaries: place === -1 ? [...known, canary] : known.with(place, canary) };
}
