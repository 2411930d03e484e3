/** The calls that every agent makes, made for as long as it is played. It starts no worker, and what is desired changes nothing for it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AgentStatus } from '@llama-orch/api-types';

/** What it needs of an agent's client. */
export interface AgentCalls {
  reportStatus(name: string, status: AgentStatus, options: { readonly signal: AbortSignal }): Promise<unknown>;
  desiredPools(
    name: string,
    options: { readonly generation: number; readonly signal: AbortSignal },
  ): Promise<{ readonly generation: number } | null>;
}

const retryMs = 100;

/**
 * Report as often as the status says, and hold the long poll, as an agent does, until `signal`. A call that fails is made again: a
 * controller that is busy may lose a connection, and an agent does not mind.
 *
 * @returns once no call is under way any more; it never rejects.
 */
export async function playAgent(
  calls: AgentCalls,
  { name, status, signal }: { readonly name: string; readonly status: AgentStatus; readonly signal: AbortSignal },
): Promise<void> {
  let generation = 0;
  const report = async (): Promise<void> => {
    await calls.reportStatus(name, status, { signal });
    await pause(status.interval_ms, undefined, { signal });
  };
  const poll = async (): Promise<void> => {
    const desired = await calls.desiredPools(name, { generation, signal });
    generation = desired?.generation ?? generation;
  };
  await Promise.all([repeat(report, signal), repeat(poll, signal)]);
}

async function repeat(call: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await call().catch(() => pause(retryMs));
}
