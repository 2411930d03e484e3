/** Seeded randomness: the simulator's only source of chance. Equal seeds give equal numbers on every machine. */

/** One stream of numbers (sfc32); streams of different labels are independent, so one part's draws never shift another's. */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spareNormal = Number.NaN;

  constructor(seed: number, label: string) {
    let hash = (seed ^ 0x9e3779b9) | 0;
    for (let index = 0; index < label.length; index++) hash = Math.imul(hash ^ label.charCodeAt(index), 0x85ebca6b);
    this.#a = hash;
    this.#b = Math.imul(hash, 0xc2b2ae35) ^ seed;
    this.#c = seed | 0;
    for (let round = 0; round < 16; round++) this.next();
  }

  /** Uniform in [0, 1). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  }

  /** Integer in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Exponential with this mean: the gap between two independent events. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  /** Log-normal with this median; `spread` is the standard deviation of the log. */
  logNormal(median: number, spread: number): number {
    return median * Math.exp(spread * this.#normal());
  }

  /** Standard normal: Box and Muller's method gives two at a time. */
  #normal(): number {
    const spare = this.#spareNormal;
    if (!Number.isNaN(spare)) {
      this.#spareNormal = Number.NaN;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}
