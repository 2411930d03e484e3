/** Scripts of what goes wrong with engines, ready to be named on a command line. It owns data alone. */
import { cudaOutOfMemoryText, type MockScript } from './script.ts';

export const faultScripts: Readonly<Record<string, Partial<MockScript>>> = {
  /** Its own queue is full for everybody. */
  refuse: { fault: { kind: 'refuse', refusal: 'queue-full' } },
  stall: { fault: { kind: 'stall', afterSteps: 8 } },
  'reset-mid-token': { fault: { kind: 'torn', afterSteps: 8 } },
  'garbage-frame': { fault: { kind: 'garbage', afterSteps: 8 } },
  'error-in-stream': { fault: { kind: 'error-event', afterSteps: 8, message: 'CUDA error: an illegal memory access was encountered' } },
  'oom-exit': { fault: { kind: 'exit', afterSteps: 8, code: 1, stderr: cudaOutOfMemoryText } },
  'wrong-version': { engineVersion: '0.0.0-another-build' },
  'slow-start': { loadingMs: 20_000 },
  /** Healthy to whoever asks, and no token ever comes. */
  'lying-health': { health: 'ready', fault: { kind: 'stall', afterSteps: 0 } },
  'flip-token': { flipOneIn: 10_000 },
};
