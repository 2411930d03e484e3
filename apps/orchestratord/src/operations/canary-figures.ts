/**
 * What tasks on each side of a canary got (ORCH-3033): counts since it was seen first, times of the last ones. It decides nothing.
 */
import type { ArmFigures, Canary } from '@llama-orch/api-types';
import type { CanaryConfig } from '@llama-orch/config-schema';
import { SampleWindow } from '../slo-window.ts';
import type { Task } from '../task.ts';

type Arm = {
  counts: Omit<ArmFigures, 'first_token_p95_ms' | 'tokens_64_p95_ms' | 'error_ratio' | 'samples'>;
  readonly window: SampleWindow;
};

/** @req ORCH-3033 */
export class CanaryFigures {
  readonly #arms = new Map<string, Arm>();

  onAdmitted({ canary }: Task): void {
    if (canary === null) return;
    const { counts } = this.#arm(canary.id, canary.arm);
    counts.admitted += 1;
    if (canary.fallback) counts.fallbacks += 1;
  }

  onEnded(task: Task): void {
    const { canary, state } = task;
    if (canary === null || state === 'queued' || state === 'running') return;
    const { counts, window } = this.#arm(canary.id, canary.arm);
    counts[state] += 1;
    if (state === 'canceled') return;
    window.add({ firstTokenMs: task.ttftMs, tokens64Ms: task.tokens64Ms, failed: state === 'failed', decode: task.decode });
  }

  /** Forget canaries that the config has no more. */
  keep(ids: ReadonlySet<string>): void {
    for (const key of this.#arms.keys()) if (!ids.has(key.slice(0, key.lastIndexOf('/')))) this.#arms.delete(key);
  }

  view({ id, model, percent, label, pools }: CanaryConfig): Canary {
    return {
      id,
      model,
      percent,
      label: label ?? null,
      pools: [...pools],
      base: toFigures(this.#arm(id, 'base')),
      canary: toFigures(this.#arm(id, 'canary')),
    };
  }

  #arm(id: string, arm: 'base' | 'canary'): Arm {
    const key = `${id}/${arm}`;
    const known = this.#arms.get(key);
    if (known !== undefined) return known;
    const made: Arm = { counts: { admitted: 0, fallbacks: 0, succeeded: 0, failed: 0, canceled: 0 }, window: new SampleWindow() };
    this.#arms.set(key, made);
    return made;
  }
}

const toFigures = ({ counts, window }: Arm): ArmFigures => {
  const { firstTokenP95Ms, tokens64P95Ms, errorRatio, samples } = window.figures();
  return { ...counts, first_token_p95_ms: firstTokenP95Ms, tokens_64_p95_ms: tokens64P95Ms, error_ratio: errorRatio, samples };
};
