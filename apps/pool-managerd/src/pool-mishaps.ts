/** What befell the workers of one pool in this agent's life, counted by what metrics and reports tell apart. It decides nothing. */
import type { Failure } from './failure.ts';

export type Mishaps = {
  readonly lastError: { readonly failure: Failure; readonly atMs: number } | null;
  readonly oomEvents: { readonly device: number; readonly host: number };
  readonly driverResetEvents: number;
  readonly eccEvents: number;
};

export const noMishaps: Mishaps = { lastError: null, oomEvents: { device: 0, host: 0 }, driverResetEvents: 0, eccEvents: 0 };

export const withMishap = ({ oomEvents, driverResetEvents, eccEvents }: Mishaps, failure: Failure, atMs: number): Mishaps => {
  const one = (kind: Failure['kind']): number => (failure.kind === kind ? 1 : 0);
  return {
    lastError: { failure, atMs },
    oomEvents: { device: oomEvents.device + one('device-oom'), host: oomEvents.host + one('host-oom') },
    driverResetEvents: driverResetEvents + one('driver-error'),
    eccEvents: eccEvents + one('ecc-error'),
  };
};
