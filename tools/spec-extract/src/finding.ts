/**
 * One place where the tree is not as it should be. It knows no rule.
 */

export type Finding = {
  /** Relative to the root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What was expected there, and what was found. */
  readonly expected: string;
};

/** `file:line: expected …`, as editors can follow it. */
export function formatFinding({ file, line, expected }: Finding): string {
  return `${file}:${line}: ${expected}`;
}
