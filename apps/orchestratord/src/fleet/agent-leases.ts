/**
 * Which agent instance owns a name (ORCH-2109), and whether it is still heard. It knows nothing of pools.
 */

export type AgentLease = {
  readonly name: string;
  readonly instanceId: string;
  readonly agentVersion: string;
  readonly intervalMs: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
};

/** `live` within its lease, `silent` after it, `lost` after `silentMs`. */
export type AgentPresence = 'live' | 'silent' | 'lost';

export type LeaseClaim = { readonly name: string; readonly instanceId: string; readonly agentVersion: string; readonly intervalMs: number };

export type ClaimAnswer = { readonly kind: 'held' } | { readonly kind: 'taken'; readonly by: string; readonly freeInMs: number };

/** Statuses missed before a lease ends. */
const leaseIntervals = 3;

/**
 * @req ORCH-2109
 */
export class AgentLeases {
  readonly #leases = new Map<string, AgentLease>();
  readonly #silentMs: number;
  readonly #maxAgents: number;

  /** @param silentMs - After this long without a status an agent counts as lost. */
  constructor(silentMs: number, maxAgents = 100_000) {
    this.#silentMs = silentMs;
    this.#maxAgents = maxAgents;
  }

  has(name: string): boolean {
    return this.#leases.has(name);
  }

  /** Take or renew a name. Another live instance keeps it until its lease ended. */
  claim(claim: LeaseClaim, nowMs: number): ClaimAnswer {
    const held = this.#leases.get(claim.name);
    if (held !== undefined && held.instanceId !== claim.instanceId) {
      const freeInMs = held.lastSeenMs + leaseMs(held.intervalMs) - nowMs;
      if (freeInMs > 0) return { kind: 'taken', by: held.instanceId, freeInMs };
    }
    const isSame = held?.instanceId === claim.instanceId;
    this.#leases.delete(claim.name);
    this.#leases.set(claim.name, { ...claim, firstSeenMs: isSame ? held.firstSeenMs : nowMs, lastSeenMs: nowMs });
    if (this.#leases.size > this.#maxAgents) this.#forgetOldest();
    return { kind: 'held' };
  }

  /** An agent never heard counts from `sinceMs`: it has as long to appear as a silent one to come back. */
  presence(name: string, nowMs: number, sinceMs: number): AgentPresence {
    const lease = this.#leases.get(name);
    if (lease === undefined) return nowMs - sinceMs < this.#silentMs ? 'silent' : 'lost';
    const quietMs = nowMs - lease.lastSeenMs;
    if (quietMs < leaseMs(lease.intervalMs)) return 'live';
    return quietMs < this.#silentMs ? 'silent' : 'lost';
  }

  list(): readonly AgentLease[] {
    return [...this.#leases.values()];
  }

  #forgetOldest(): void {
    const oldest = this.#leases.keys().next();
    if (!oldest.done) this.#leases.delete(oldest.value);
  }
}

export const leaseMs = (intervalMs: number): number => leaseIntervals * intervalMs;
