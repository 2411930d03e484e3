/**
 * How many slots a pool is started with once its devices proved smaller than planned. Pure; the plan itself is
 * `headroom.ts`.
 */

/**
 * Fewer slots after a device ran out of memory: a quarter less, at least one less, never none. Slots are what a pool can give
 * without becoming another one: its context decides which lane it is of, its model what it answers. A pool of one slot keeps it.
 *
 * @req ORCH-3039
 */
export const lowerSlots = (slots: number): number => Math.max(1, Math.min(slots - 1, Math.floor(slots * 0.75)));
