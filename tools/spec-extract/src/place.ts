/**
 * Where a text lies, and the requirement ids in it. It knows neither the spec nor what cites it.
 */

export type Place = {
  /** Relative to the root, with `/`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
};

/** Code-unit order, which is the same on every machine. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Every id that a text names, each once, in the order of the text. Ids with too many digits come out as they are. */
export function idsIn(text: string): readonly string[] {
  return Array.from(new Set(Array.from(text.matchAll(/\bORCH-\d+/g), ([id]) => id)));
}
