/** Every measure, in the order in which a run makes them. */
import type { Measure } from '../measure.ts';
import { relayCpuFast, relayCpuFlood, relayCpuPaced } from './relay-cpu.ts';

export const measures: readonly Measure[] = [relayCpuPaced, relayCpuFast, relayCpuFlood];
