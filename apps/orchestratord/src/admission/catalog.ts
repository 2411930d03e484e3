/**
 * Which model a `model_ref` means. Names and digests come from the config; nothing is guessed for unknown ones.
 */
import type { Config } from '@llama-orch/config-schema';
import type { ServedPool } from '../fleet/served-pool.ts';

export type CatalogModel = {
  readonly digest: string;
  readonly names: readonly string[];
  readonly ctxLimit: number;
  readonly kvBytesPerToken: number | null;
  /** Smallest context of a pool that serves it; Infinity = none does. */
  readonly leastPoolCtx: number;
};

export class Catalog {
  readonly #byDigest = new Map<string, CatalogModel>();
  readonly #digestByName = new Map<string, string>();

  constructor(models: Config['models'], pools: readonly ServedPool[]) {
    this.configure(models, pools);
  }

  /**
   * Other models and pools from now on. A name whose digest a new config changed means what pools of that name still serve, until the
   * first of them serves the new one: so no task of it is refused while the change is rolled out.
   */
  configure(models: Config['models'], pools: readonly ServedPool[]): void {
    this.#byDigest.clear();
    this.#digestByName.clear();
    const byName = Map.groupBy(pools, ({ pool }) => pool.model);
    for (const [name, model] of Object.entries(models)) {
      const serving = byName.get(name) ?? [];
      const isServed = serving.length === 0 || serving.some((served) => served.model.digest === model.digest);
      this.#add(name, isServed ? model : (serving[0] as ServedPool).model, pools);
    }
  }

  #add(name: string, model: Config['models'][string], pools: readonly ServedPool[]): void {
    this.#digestByName.set(name, model.digest);
    const known = this.#byDigest.get(model.digest);
    const contexts = pools.filter((served) => served.model.digest === model.digest).map(({ pool }) => pool.ctx);
    this.#byDigest.set(model.digest, {
      digest: model.digest,
      names: [...(known?.names ?? []), name],
      ctxLimit: Math.max(known?.ctxLimit ?? 0, model.ctx_limit),
      kvBytesPerToken: known?.kvBytesPerToken ?? model.kv_bytes_per_token ?? null,
      leastPoolCtx: Math.min(...contexts),
    });
  }

  /** @returns the model of a name or a `sha256:…` digest; `undefined` when there is none. */
  resolve(modelRef: string): CatalogModel | undefined {
    return this.#byDigest.get(this.#digestByName.get(modelRef) ?? modelRef);
  }

  names(): readonly string[] {
    return [...this.#digestByName.keys()];
  }
}
