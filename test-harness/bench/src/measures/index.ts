/** Every measure, in the order in which a run makes them. */
import type { Measure } from '../measure.ts';
import { admission } from './admission.ts';
import { coreQueue } from './core-queue.ts';
import { firstToken } from './first-token.ts';
import { idleMemory } from './idle-memory.ts';
import { recovery } from './recovery.ts';
import { relayCpuFast, relayCpuFlood, relayCpuPaced } from './relay-cpu.ts';

export const measures: readonly Measure[] = [
  firstToken,
  relayCpuPaced,
  relayCpuFast,
  relayCpuFlood,
  idleMemory,
  admission,
  coreQueue,
  recovery,
];
