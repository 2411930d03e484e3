/** Which lanes serve whom: by model, and by canary. It holds what a config says, and knows nothing of workers. */
import type { Lane } from './lane.ts';
import type { CanarySpec } from './model.ts';

export class LaneDirectory {
  readonly #byDigest = new Map<string, Lane[]>();
  readonly #byCanary = new Map<string, Lane[]>();
  /** By the digest whose tasks they split. */
  readonly #canaries = new Map<string, CanarySpec>();

  /** Lanes of one model, in config order; not those that only a canary fills. */
  lanesOf(modelDigest: string): readonly Lane[] {
    return this.#byDigest.get(modelDigest) ?? [];
  }

  canaryOf(modelDigest: string): CanarySpec | undefined {
    return this.#canaries.get(modelDigest);
  }

  lanesOfCanary(canaryId: string): readonly Lane[] {
    return this.#byCanary.get(canaryId) ?? [];
  }

  /** @param lanes - Those that a pool of the config is in. */
  configure(canaries: readonly CanarySpec[], lanes: readonly Lane[]): void {
    this.#byDigest.clear();
    this.#byCanary.clear();
    this.#canaries.clear();
    for (const canary of canaries) this.#canaries.set(canary.modelDigest, canary);
    for (const lane of lanes) {
      const { canary, modelDigest } = lane.shape;
      if (canary !== null) pushTo(this.#byCanary, canary, lane);
      // Who asks for the canary's own model by its name gets it.
      if (canary === null || this.#canaries.get(modelDigest)?.id !== canary) pushTo(this.#byDigest, modelDigest, lane);
    }
  }
}

function pushTo(lanes: Map<string, Lane[]>, key: string, lane: Lane): void {
  const list = lanes.get(key);
  if (list === undefined) lanes.set(key, [lane]);
  else list.push(lane);
}
