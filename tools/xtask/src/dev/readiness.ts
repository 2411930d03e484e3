/**
 * Waits until a controller can serve tasks on every pool of its config, and tells what it waits for. It starts nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 150;

export type PoolProgress = {
  readonly poolId: string;
  readonly isReady: boolean;
  /** The agent's word for what the pool does now; `unknown` before its first report. */
  readonly state: string;
  /** What keeps it from being ready, in its own words, where something does. */
  readonly trouble?: string;
};

/**
 * @param onProgress - Called whenever a pool's progress differs from the last time.
 * @returns `ready`; a pool that the agent refuses, which waiting does not change; or `given-up` when `signal` aborted before.
 */
export async function waitUntilReady(
  baseUrl: string,
  poolIds: readonly string[],
  signal: AbortSignal,
  onProgress: (pool: PoolProgress) => void,
): Promise<'ready' | 'given-up' | PoolProgress> {
  const told = new Map<string, string>();
  while (!signal.aborted) {
    const pools = await Promise.all(poolIds.map((poolId) => askPool(baseUrl, poolId, signal)));
    for (const pool of pools) {
      const news = JSON.stringify(pool);
      if (told.get(pool.poolId) !== news && !signal.aborted) onProgress(pool);
      told.set(pool.poolId, news);
    }
    const refused = pools.find(({ state }) => state === 'refused');
    if (refused !== undefined) return refused;
    const isServing = pools.every(({ isReady }) => isReady) && (await ask(`${baseUrl}/readyz`, signal)).status === 200;
    if (isServing) return 'ready';
    await delay(pollMs);
  }
  return 'given-up';
}

/** Resolves when `/readyz` is 200, or when `signal` aborts. */
export async function waitForReadyz(baseUrl: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await ask(`${baseUrl}/readyz`, signal)).status !== 200) await delay(pollMs);
}

async function askPool(baseUrl: string, poolId: string, signal: AbortSignal): Promise<PoolProgress> {
  const { status, body } = await ask(`${baseUrl}/v1/pools/${encodeURIComponent(poolId)}/health`, signal);
  if (status !== 200) return { poolId, isReady: false, state: status === 0 ? 'unreachable' : 'unknown' };
  const health = asRecord(JSON.parse(body));
  const state = String(health['state']);
  const progress = { poolId, isReady: health['ready'] === true, state };
  // A pool that starts or stops as it should has a last error, too: the reason why it is not ready at the moment.
  if (state !== 'unready' && state !== 'refused') return progress;
  const { message, cause } = asRecord(health['last_error']);
  return { ...progress, trouble: [message, cause].filter((each) => typeof each === 'string').join(': ') };
}

/** @returns Status 0 where there is no answer; whether the service still lives is for its process to say. */
async function ask(url: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
  try {
    const response = await fetch(url, { signal });
    return { status: response.status, body: await response.text() };
  } catch {
    // Not there yet, not there any more, or the wait is over.
    return { status: 0, body: '' };
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
