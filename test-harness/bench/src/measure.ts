/** What a measure is. */
import type { Bench } from './bench.ts';
import type { Findings } from './figure.ts';

export type Measure = {
  /** For `--only`. */
  readonly name: string;
  readonly summary: string;
  run(bench: Bench): Promise<Findings>;
};
