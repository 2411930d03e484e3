/**
 * The journal for those who accept that a controller's death loses its tasks: a record is as stable as the process, so
 * it counts as stable once made, and the task itself is the only copy of it.
 */
import type { Journal } from './journal.ts';

const stable = Promise.resolve();

export const createMemoryJournal = (): Journal => ({
  isDurable: false,
  fault: null,
  isStuck: false,
  pending: 0,
  append: () => stable,
  forget: () => undefined,
  close: () => stable,
});
