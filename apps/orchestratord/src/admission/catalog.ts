/**
 * Which model a `model_ref` means. Names and digests come from the config; nothing is guessed for unknown ones.
 */
import type { Config } from '@llama-orch/config-schema';

export type CatalogModel = {
  readonly digest: string;
  readonly names: readonly string[];
  readonly ctxLimit: number;
  readonly kvBytesPerToken: number | null;
};

export class Catalog {
  readonly #byDigest = new Map<string, CatalogModel>();
  readonly #digestByName = new Map<string, string>();

  constructor(models: Config['models']) {
    for (const [name, model] of Object.entries(models)) {
      this.#digestByName.set(name, model.digest);
      const known = this.#byDigest.get(model.digest);
      this.#byDigest.set(model.digest, {
        digest: model.digest,
        names: [...(known?.names ?? []), name],
        ctxLimit: Math.max(known?.ctxLimit ?? 0, model.ctx_limit),
        kvBytesPerToken: known?.kvBytesPerToken ?? model.kv_bytes_per_token ?? null,
      });
    }
  }

  /** @returns the model of a name or a `sha256:…` digest; `undefined` when there is none. */
  resolve(modelRef: string): CatalogModel | undefined {
    return this.#byDigest.get(this.#digestByName.get(modelRef) ?? modelRef);
  }

  names(): readonly string[] {
    return [...this.#digestByName.keys()];
  }
}
