/** The end of an exhaustive switch. It owns nothing. */

/** Never called; its type makes the compiler check that a switch over a union is complete. */
export const unreachable = (value: never): never => {
  throw new TypeError(`unexpected value ${JSON.stringify(value)}`);
};
