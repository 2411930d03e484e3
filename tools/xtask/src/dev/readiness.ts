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
  /** The pool's last error, in its own words. */
  readonly lastError?: string;
};

/**
 * @param onProgress - Called whenever a pool's progress differs from the last time.
 * @returns `ready`, or `given-up` when `signal` aborted before.
 */
export async function waitUntilReady(
  baseUrl: string,
  poolIds: readonly string[],
  signal: AbortSignal,
  onProgress: (pool: PoolProgress) => void,
): Promise<'ready' | 'given-up'> {
  const told = new Map<string, string>();
  while (!signal.aborted) {
    const pools = await Promise.all(poolIds.map((poolId) => askPool(baseUrl, poolId, signal)));
    for (const pool of pools) {
      const news = JSON.stringify(pool);
      if (told.get(pool.poolId) !== news && !signal.aborted) onProgress(pool);
      told.set(pool.poolId, news);
    }
    const isServing = pools.every(({ isReady }) => isReady) && (await ask(`${baseUrl}/readyz`, signal)).status === 200;
    if (isServing) return 'ready';
    await delay(pollMs);
  }
  return 'given-up';
}

async function askPool(baseUrl: string, poolId: string, signal: AbortSignal): Promise<PoolProgress> {
  const { status, body } = await ask(`${baseUrl}/v1/pools/${encodeURIComponent(poolId)}/health`, signal);
  if (status !== 200) return { poolId, isReady: false, state: status === 0 ? 'unreachable' : 'unknown' };
  const health = asRecord(JSON.parse(body));
  const error = asRecord(health['last_error']);
  const words = [error['message'], error['cause']].filter((each) => typeof each === 'string');
  const progress = { poolId, isReady: health['ready'] === true, state: String(health['state']) };
  return words.length === 0 ? progress : { ...progress, lastError: words.join(': ') };
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
