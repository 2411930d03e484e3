/**
 * Agents that were heard: the lease that each holds on its name, and what it said last. It knows pools only as they are reported.
 */
import type { AgentStatus } from '@llama-orch/api-types';
import type { Logger } from '@llama-orch/service-kit';
import type { Clock } from '../clock.ts';
import { type AgentLease, AgentLeases, type AgentPresence, type ClaimAnswer } from './agent-leases.ts';

export type AgentView = AgentLease & { readonly presence: AgentPresence; readonly status: AgentStatus };

export type HeardAgentsOptions = {
  /** An agent that is not heard for this long is lost, ms. */
  readonly silentMs: number;
  readonly clock: Clock;
  readonly log: Logger;
};

export class HeardAgents {
  readonly #options: HeardAgentsOptions;
  readonly #leases: AgentLeases;
  readonly #statuses = new Map<string, AgentStatus>();
  readonly #startedAtMs: number;

  constructor(options: HeardAgentsOptions) {
    this.#options = options;
    this.#leases = new AgentLeases(options.silentMs);
    this.#startedAtMs = options.clock.nowMs();
  }

  /**
   * @returns `taken` while another live instance holds the name; then nothing of the report counts.
   * @req ORCH-2109
   */
  onStatus(name: string, status: AgentStatus): ClaimAnswer {
    const { clock, log } = this.#options;
    const claim = { name, instanceId: status.instance_id, agentVersion: status.agent_version, intervalMs: status.interval_ms };
    const isNew = !this.#leases.has(name);
    const answer = this.#leases.claim(claim, clock.nowMs());
    if (answer.kind === 'taken') return answer;
    if (isNew) log.info({ event: 'agent_registered', agent: name, instance_id: status.instance_id }, 'agent registered');
    this.#statuses.set(name, status);
    return answer;
  }

  presence(agent: string): AgentPresence {
    return this.#leases.presence(agent, this.#options.clock.nowMs(), this.#startedAtMs);
  }

  /** What it said last; `undefined` before it was heard. */
  status(agent: string): AgentStatus | undefined {
    return this.#statuses.get(agent);
  }

  list(): readonly AgentView[] {
    return this.#leases.list().flatMap((lease) => {
      const status = this.#statuses.get(lease.name);
      return status === undefined ? [] : [{ ...lease, status, presence: this.presence(lease.name) }];
    });
  }
}
