/**
 * The generations of the config, the active one last (ORCH-2107). It keeps and numbers them, over restarts too; what a generation
 * changes is not its concern.
 */
import { createHash } from 'node:crypto';
import type { ConfigGeneration } from '@llama-orch/api-types';
import { type Config, validateConfig } from '@llama-orch/config-schema';
import { isEqual } from '../fleet/json-equal.ts';
import { type ServedPool, servedPools } from '../fleet/served-pool.ts';
import type { StateStore, StoredState } from './state-store.ts';

export type ConfigSource = ConfigGeneration['source'];

export type Generation = {
  readonly number: number;
  readonly appliedAtEpochMs: number;
  readonly source: ConfigSource;
  readonly config: Config;
};

type Stored = {
  readonly generations: readonly Generation[];
  /** Of the config file that the newest generation knows. */
  readonly fileDigest: string;
};

const stateKey = 'config';

export class ConfigHistory {
  readonly #store: StateStore;
  #generations: readonly Generation[];
  #fileDigest: string;

  /**
   * 1. Nothing stored: the file is the first generation.
   * 2. The file is as it was when something was stored: the stored generation stays active, whoever made it.
   * 3. Another file: it is a new generation.
   *
   * A stored generation that fits the schema no more is left out.
   */
  constructor(options: { readonly store: StateStore; readonly stored: StoredState; readonly file: Config; readonly epochMs: number }) {
    this.#store = options.store;
    const stored = options.stored.get(stateKey) as Stored | undefined;
    this.#generations = (stored?.generations ?? []).flatMap((generation) => {
      const checked = validateConfig(generation.config);
      return checked.ok ? [{ ...generation, config: checked.config }] : [];
    });
    this.#fileDigest = digestOf(options.file);
    if (this.#generations.length > 0 && stored?.fileDigest === this.#fileDigest) return;
    const last = stored?.generations.at(-1)?.number ?? 0;
    const first: Generation = { number: last + 1, appliedAtEpochMs: options.epochMs, source: 'file', config: options.file };
    this.#generations = [...this.#generations, first];
  }

  get current(): Generation {
    const generation = this.#generations.at(-1);
    if (generation === undefined) throw new Error('There is always a generation.');
    return generation;
  }

  /** What a rollback goes back to. */
  get previous(): Generation | null {
    return this.#generations.at(-2) ?? null;
  }

  /** The pool as it was before its last change; `null` = it never was another. */
  previousOf(poolId: string): ServedPool | null {
    const poolIn = ({ config }: Generation) => servedPools(config).find(({ pool }) => pool.id === poolId);
    const now = poolIn(this.current);
    if (now === undefined) return null;
    for (const generation of this.#generations.toReversed()) {
      const then = poolIn(generation);
      if (then !== undefined && !isEqual({ ...then, canary: null }, { ...now, canary: null })) return then;
    }
    return null;
  }

  /**
   * One more generation. It counts once it is stable.
   *
   * @param file - The config file, where this generation is it.
   */
  async push(generation: Omit<Generation, 'number'>, file: Config | null): Promise<Generation> {
    // A caller waits for this one: better told now than when the disk has room again.
    if (this.#store.fault !== null) throw new Error(this.#store.fault);
    const next: Generation = { ...generation, number: this.current.number + 1 };
    const kept = Math.max(2, next.config.controller.rollout.keep_generations);
    const generations = [...this.#generations, next].slice(-kept);
    const fileDigest = file === null ? this.#fileDigest : digestOf(file);
    await this.#store.save(stateKey, { generations, fileDigest } satisfies Stored);
    this.#generations = generations;
    this.#fileDigest = fileDigest;
    return next;
  }

  /** The file says what is active already: remember that it does. */
  async acknowledge(file: Config): Promise<void> {
    this.#fileDigest = digestOf(file);
    await this.save();
  }

  async save(): Promise<void> {
    await this.#store.save(stateKey, { generations: this.#generations, fileDigest: this.#fileDigest } satisfies Stored);
  }
}

const digestOf = (config: Config): string => createHash('sha256').update(JSON.stringify(config)).digest('hex');
