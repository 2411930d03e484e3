/** Reads fields out of an engine's JSON. It owns the typed error for an answer of another shape; it knows no engine. */
import { WorkerError } from './worker-error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * An answer that may lack anything. Each reader throws `worker-reset` naming the field, because an engine that answers
 * in another shape is not the engine that was configured, or is broken.
 */
export class EngineJson {
  readonly #value: unknown;
  /** For messages: `GET /props`, then the path inside. */
  readonly #where: string;

  constructor(value: unknown, where: string) {
    this.#value = value;
    this.#where = where;
  }

  get(name: string): EngineJson {
    return new EngineJson(isJsonObject(this.#value) ? this.#value[name] : undefined, `${this.#where} .${name}`);
  }

  get isMissing(): boolean {
    return this.#value === undefined || this.#value === null;
  }

  integer(): number {
    const value = this.number();
    return Number.isSafeInteger(value) && value >= 0 ? value : this.#fail('a whole number');
  }

  number(): number {
    return typeof this.#value === 'number' && Number.isFinite(this.#value) ? this.#value : this.#fail('a number');
  }

  string(): string {
    return typeof this.#value === 'string' ? this.#value : this.#fail('a string');
  }

  boolean(): boolean {
    return typeof this.#value === 'boolean' ? this.#value : this.#fail('true or false');
  }

  array(): readonly EngineJson[] {
    if (!Array.isArray(this.#value)) return this.#fail('an array');
    return this.#value.map((item: unknown, index) => new EngineJson(item, `${this.#where} [${index}]`));
  }

  /** As `array().map(number)`, without an object for each element: embeddings are long. */
  numbers(): readonly number[] {
    if (!Array.isArray(this.#value)) return this.#fail('an array of numbers');
    const values: readonly unknown[] = this.#value;
    return values.every((value) => typeof value === 'number') ? values : this.#fail('an array of numbers');
  }

  #fail(expected: string): never {
    throw new WorkerError('worker-reset', `The engine answered in another shape: ${this.#where} is not ${expected}.`, {
      mayRunAgain: true,
    });
  }
}

export const isJsonObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON in `text`, `undefined` where it is none. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
