/**
 * What tasks of each replica set got lately, per class (ORCH-3041): the last ended tasks, not all of history. It judges
 * nothing; whoever reads it compares with the config's SLOs.
 */
import type { Priority } from '@llama-orch/orchestrator-core';

/** Ended tasks remembered for each set and class. */
const windowSize = 512;

export type SloSample = {
  /** `null` where no token came. */
  readonly firstTokenMs: number | null;
  /** From admission to the 64th token; `null` where it had fewer. */
  readonly tokens64Ms: number | null;
  readonly failed: boolean;
  /** Of an attempt whose engine told its own decode time; `null` where it did not. */
  readonly decode: { readonly observedMs: number; readonly engineMs: number } | null;
};

export type SloFigures = {
  readonly firstTokenP95Ms: number | null;
  readonly tokens64P95Ms: number | null;
  readonly errorRatio: number | null;
  /** Token rate as it came over the engine's own: 1 = nothing was lost on the way. `null` where no engine told its own. */
  readonly tokenRateRatio: number | null;
  readonly samples: number;
};

/** The last ended tasks of one kind. */
export class SampleWindow {
  readonly #samples: SloSample[] = [];
  #next = 0;

  add(sample: SloSample): void {
    this.#samples[this.#next] = sample;
    this.#next = (this.#next + 1) % windowSize;
  }

  figures(): SloFigures {
    const samples = this.#samples;
    const decodes = samples.map(({ decode }) => decode).filter((decode) => decode !== null);
    const observedMs = decodes.reduce((sum, decode) => sum + decode.observedMs, 0);
    const engineMs = decodes.reduce((sum, decode) => sum + decode.engineMs, 0);
    return {
      firstTokenP95Ms: percentile95(samples.map((sample) => sample.firstTokenMs)),
      tokens64P95Ms: percentile95(samples.map((sample) => sample.tokens64Ms)),
      errorRatio: samples.length === 0 ? null : samples.filter((sample) => sample.failed).length / samples.length,
      tokenRateRatio: observedMs > 0 ? engineMs / observedMs : null,
      samples: samples.length,
    };
  }
}

export class SloWindows {
  readonly #windows = new Map<string, SampleWindow>();

  add(setId: string, priority: Priority, sample: SloSample): void {
    const key = windowKey(setId, priority);
    const window = this.#windows.get(key) ?? new SampleWindow();
    window.add(sample);
    this.#windows.set(key, window);
  }

  figures(setId: string, priority: Priority): SloFigures {
    return (this.#windows.get(windowKey(setId, priority)) ?? new SampleWindow()).figures();
  }

  /** Forget sets that have no replica left. */
  keep(setIds: ReadonlySet<string>): void {
    for (const key of this.#windows.keys()) if (!setIds.has(key.slice(0, key.lastIndexOf(' ')))) this.#windows.delete(key);
  }
}

const windowKey = (setId: string, priority: Priority): string => `${setId} ${priority}`;

const percentile95 = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  return known[Math.ceil(known.length * 0.95) - 1] ?? null;
};
