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
};

export type SloFigures = {
  readonly firstTokenP95Ms: number | null;
  readonly tokens64P95Ms: number | null;
  readonly errorRatio: number | null;
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
    return {
      firstTokenP95Ms: percentile95(samples.map((sample) => sample.firstTokenMs)),
      tokens64P95Ms: percentile95(samples.map((sample) => sample.tokens64Ms)),
      errorRatio: samples.length === 0 ? null : samples.filter((sample) => sample.failed).length / samples.length,
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
