/**
 * A controller for tests: a real HTTP server with the agent's two calls, which checks every status against the contract.
 * It decides nothing; the test says what is desired.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AgentStatus, type DesiredPool, type DesiredState, type PoolStatus, validate } from '@llama-orch/api-types';

export type FakeController = {
  readonly url: string;
  /** Every status taken, oldest first. */
  readonly statuses: readonly AgentStatus[];
  /** What was wrong with statuses or calls; a test expects none. */
  readonly faults: readonly string[];
  setPools(pools: readonly DesiredPool[]): void;
  /** Answer statuses with this HTTP status instead; `null` = take them. */
  refuseWith(status: number | null): void;
  /** The first status at or after the call for which it holds; rejects after `withinMs`. */
  waitFor(what: string, holds: (status: AgentStatus) => boolean, withinMs?: number): Promise<AgentStatus>;
  waitForPool(poolId: string, what: string, holds: (pool: PoolStatus) => boolean, withinMs?: number): Promise<PoolStatus>;
  close(): Promise<void>;
};

/**
 * @param options - `port`: 0 picks one; the port of an earlier one to take its place. `firstGeneration`: of one that takes a place, another
 *   than the agent has, as a real controller counts from the time of its start.
 */
export const startFakeController = async (
  options: { readonly port?: number; readonly intervalMs?: number; readonly firstGeneration?: number } = {},
): Promise<FakeController> => {
  const { port = 0, intervalMs = 200, firstGeneration = 1 } = options;
  const statuses: AgentStatus[] = [];
  const faults: string[] = [];
  const listeners = new Set<(status: AgentStatus) => void>();
  const polls = new Set<() => void>();
  let desired: DesiredState = { generation: 0, pools: [] };
  let refusal: number | null = null;

  const answer = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === null ? undefined : JSON.stringify(body));
  };

  const onStatus = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (refusal !== null) {
      const code = refusal === 409 ? 'INVALID_PARAMS' : 'INTERNAL';
      return answer(response, refusal, { code, message: 'refused by the test', retriable: false, correlation_id: 'test' });
    }
    const checked = validate('AgentStatus', JSON.parse(Buffer.concat(chunks).toString('utf8')));
    if (checked.ok) {
      statuses.push(checked.value);
      for (const listener of listeners) listener(checked.value);
    } else faults.push(...checked.faults.map(({ path, message }) => `${path}: ${message}`));
    answer(response, 200, { generation: desired.generation, lease_ms: 3 * intervalMs, interval_ms: intervalMs });
  };

  const onPoll = (url: URL, response: ServerResponse): void => {
    const known = Number(url.searchParams.get('generation'));
    const settle = (): boolean => {
      if (desired.generation === known) return false;
      answer(response, 200, desired);
      return true;
    };
    if (settle()) return;
    const onChange = (): void => {
      if (!settle()) return;
      polls.delete(onChange);
      clearTimeout(timer);
    };
    const timer = setTimeout(
      () => {
        polls.delete(onChange);
        answer(response, 204, null);
      },
      Number(url.searchParams.get('wait_ms')),
    );
    response.on('close', () => {
      polls.delete(onChange);
      clearTimeout(timer);
    });
    polls.add(onChange);
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://controller');
    if (request.method === 'POST' && /^\/v1\/agents\/[^/]+\/status$/.test(url.pathname)) {
      onStatus(request, response).catch((error: unknown) => faults.push(String(error)));
    } else if (request.method === 'GET' && /^\/v1\/agents\/[^/]+\/desired$/.test(url.pathname)) onPoll(url, response);
    else {
      faults.push(`unexpected call ${request.method} ${request.url}`);
      answer(response, 404, null);
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : 0;

  const waitFor: FakeController['waitFor'] = (what, holds, withinMs = 40_000) =>
    new Promise((resolve, reject) => {
      const settle = (status: AgentStatus): void => {
        if (!holds(status)) return;
        listeners.delete(settle);
        clearTimeout(timer);
        resolve(status);
      };
      const timer = setTimeout(() => {
        listeners.delete(settle);
        reject(new Error(`no status with ${what} within ${withinMs} ms; the last was ${JSON.stringify(statuses.at(-1)?.pools, null, 1)}`));
      }, withinMs);
      listeners.add(settle);
    });

  return {
    url: `http://127.0.0.1:${boundPort}`,
    statuses,
    faults,
    setPools(pools) {
      desired = { generation: Math.max(firstGeneration, desired.generation + 1), pools: [...pools] };
      for (const poll of polls) poll();
    },
    refuseWith(status) {
      refusal = status;
    },
    waitFor,
    async waitForPool(poolId, what, holds, withinMs) {
      const find = (status: AgentStatus) => status.pools.find((pool) => pool.pool_id === poolId && holds(pool));
      const status = await waitFor(`${poolId}: ${what}`, (candidate) => find(candidate) !== undefined, withinMs);
      const pool = find(status);
      if (pool === undefined) throw new Error(`${poolId} vanished`);
      return pool;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
};
