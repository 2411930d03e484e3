/** How attempts went lately: counts over a sliding time, in parts that are forgotten one by one. It judges nothing. */

/** Parts of a window: it forgets in steps of a tenth. */
const PARTS = 10;

/** `incidents`: failures of attempts that began after the failure before; what one mishap broke at once is one incident. */
export type OutcomeCounts = { succeeded: number; failed: number; incidents: number; inTime: number; late: number };

type Part = OutcomeCounts & { index: number };

export class OutcomeWindow {
  readonly #parts: Part[] = Array.from({ length: PARTS }, () => ({ index: -1, ...nothing() }));

  add(what: keyof OutcomeCounts, windowMs: number, nowMs: number): void {
    const index = Math.floor(nowMs / (windowMs / PARTS));
    const part = this.#parts[index % PARTS] as Part;
    if (part.index !== index) Object.assign(part, nothing(), { index });
    part[what] += 1;
  }

  counts(windowMs: number, nowMs: number): Readonly<OutcomeCounts> {
    const newest = Math.floor(nowMs / (windowMs / PARTS));
    const sum = nothing();
    for (const part of this.#parts) {
      if (part.index <= newest - PARTS || part.index > newest) continue;
      sum.succeeded += part.succeeded;
      sum.failed += part.failed;
      sum.incidents += part.incidents;
      sum.inTime += part.inTime;
      sum.late += part.late;
    }
    return sum;
  }

  clear(): void {
    for (const part of this.#parts) part.index = -1;
  }
}

const nothing = (): OutcomeCounts => ({ succeeded: 0, failed: 0, incidents: 0, inTime: 0, late: 0 });
