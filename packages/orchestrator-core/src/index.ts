/** Public surface of the scheduler core. */
export type * from './effect.ts';
export type * from './event.ts';
export type * from './model.ts';
export type * from './ports.ts';
export { createScheduler } from './scheduler.ts';
