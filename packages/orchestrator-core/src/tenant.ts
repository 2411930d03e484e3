/** One tenant's buckets and running counts. It knows its limits; who may exceed them is decided in admission. */
import type { CoreConfig, TenantSpec } from './model.ts';
import { TokenBucket } from './rate-limit.ts';

export class Tenant {
  /** Dense number, so that per-tenant records are found by index. */
  readonly index: number;
  readonly id: string;
  spec: Omit<TenantSpec, 'tenantId'>;
  requests: TokenBucket | null = null;
  /** Model tokens. */
  tokens: TokenBucket | null = null;
  /** Admitted and not ended. */
  live = 0;
  queued = 0;
  /** Bytes of KV its admitted tasks may need together. */
  kvBytes = 0;
  /** Slot-milliseconds used by attempts that ended. */
  servedMs = 0;

  constructor(index: number, id: string, spec: Omit<TenantSpec, 'tenantId'>, nowMs: number) {
    this.index = index;
    this.id = id;
    this.spec = spec;
    this.configure(spec, nowMs);
  }

  /** Weights and limits of a new config; what was used stays used. */
  configure(spec: Omit<TenantSpec, 'tenantId'>, nowMs: number): void {
    this.spec = spec;
    this.requests = retuned(this.requests, spec.rate, nowMs);
    const perMinute = spec.tokensPerMinute;
    this.tokens = retuned(this.tokens, perMinute === null ? null : { perSecond: perMinute / 60, burst: perMinute }, nowMs);
  }
}

/** All tenants that ever sent a task; as many as are configured or hold a key, so they are kept. */
export class TenantTable {
  readonly #byId = new Map<string, Tenant>();
  #named = new Map<string, TenantSpec>();
  #fallback: Omit<TenantSpec, 'tenantId'>;

  constructor(config: CoreConfig) {
    this.#fallback = config.defaultTenant;
    this.configure(config, 0);
  }

  configure(config: CoreConfig, nowMs: number): void {
    this.#fallback = config.defaultTenant;
    this.#named = new Map(config.tenants.map((tenant) => [tenant.tenantId, tenant]));
    for (const tenant of this.#byId.values()) tenant.configure(this.#named.get(tenant.id) ?? this.#fallback, nowMs);
  }

  get(id: string, nowMs: number): Tenant {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const tenant = new Tenant(this.#byId.size, id, this.#named.get(id) ?? this.#fallback, nowMs);
    this.#byId.set(id, tenant);
    return tenant;
  }

  values(): Iterable<Tenant> {
    return this.#byId.values();
  }
}

/** A bucket for `rate`: the old one retuned, a new one, or none. */
export function retuned(bucket: TokenBucket | null, rate: { perSecond: number; burst: number } | null, nowMs: number): TokenBucket | null {
  if (rate === null) return null;
  if (bucket === null) return new TokenBucket(rate, nowMs);
  bucket.retune(rate, nowMs);
  return bucket;
}
