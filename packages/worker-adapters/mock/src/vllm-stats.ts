/**
 * The gauges of vLLM's engine as its metrics show them. It owns a known fault of many releases (vLLM issue 29928): they are set by the
 * steps of the engine, so they stand still when the last request is aborted and no step follows.
 */
import type { ScriptedEngine } from './engine.ts';

export class VllmStats {
  readonly #engine: ScriptedEngine;
  readonly #standsStill: boolean;
  #running = 0;
  #waiting = 0;

  constructor(engine: ScriptedEngine, standsStill: boolean) {
    this.#engine = engine;
    this.#standsStill = standsStill;
  }

  /** The engine took a step. */
  onStep(): void {
    this.#running = this.#engine.busy;
    this.#waiting = this.#engine.queued;
  }

  get running(): number {
    return this.#standsStill ? this.#running : this.#engine.busy;
  }

  get waiting(): number {
    return this.#standsStill ? this.#waiting : this.#engine.queued;
  }
}
