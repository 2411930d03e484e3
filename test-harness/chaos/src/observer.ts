/** The one order and the one clock of all that clients see. */
import type { Moment } from './transcript.ts';

export type Observer = () => Moment;

export function createObserver(): Observer {
  let seq = 0;
  return () => {
    seq += 1;
    return { seq, atMs: performance.now() };
  };
}
