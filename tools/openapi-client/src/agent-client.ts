/** The two calls of an agent to its controller. It owns their form; when to call, and what to do with the answer, is the agent's. */
import type { AgentPaths, AgentStatus, AgentStatusAccepted, DesiredState } from '@llama-orch/api-types';
import { createHttp, dataOf, type HttpOptions } from './http.ts';

/** Both calls reject with `OrchApiError` for a non-2xx answer (409: another live instance has this name), and with what `fetch` throws. */
export type AgentClient = {
  reportStatus(name: string, status: AgentStatus, options?: { readonly signal?: AbortSignal | undefined }): Promise<AgentStatusAccepted>;
  /**
   * The desired pools, `null` where `generation` is still the one after `waitMs`.
   *
   * @param generation - The generation the agent has; 0 for none.
   * @param waitMs - 0 to 30,000; default 30,000.
   */
  desiredPools(
    name: string,
    options: { readonly generation: number; readonly waitMs?: number | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<DesiredState | null>;
};

/**
 * A client; it holds no connection and needs no closing.
 *
 * @req ORCH-2109
 */
export function createAgentClient(options: HttpOptions): AgentClient {
  const http = createHttp<AgentPaths>(options);
  return {
    async reportStatus(name, status, { signal } = {}) {
      const init = { params: { path: { name } }, body: status, ...(signal !== undefined && { signal }) };
      return dataOf(await http.POST('/v1/agents/{name}/status', init));
    },
    async desiredPools(name, { generation, waitMs = 30_000, signal }) {
      const init = { params: { path: { name }, query: { generation, wait_ms: waitMs } }, ...(signal !== undefined && { signal }) };
      return dataOf(await http.GET('/v1/agents/{name}/desired', init)) ?? null;
    },
  };
}
