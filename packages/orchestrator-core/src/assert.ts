/** Guards against our own bugs. Expected outcomes are values; only a broken invariant or a caller's bug throws. */

/** @throws Error when `condition` is false: a bug, never a client's fault. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`scheduler invariant broken: ${message}`);
}

/** Make a `switch` over a union exhaustive for the compiler. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
