/**
 * From a checked pool to the plan of its worker, whichever runtime it has. It chooses the planner; it starts nothing.
 */
import type { AuxPorts } from '../launch-template.ts';
import { planCommand } from './command.ts';
import { planEmbedded } from './embedded.ts';
import type { LaunchInput, ProcessLaunch } from './launch.ts';

/** @throws PoolFailure where the plan cannot be made. */
export const planProcess = (input: LaunchInput): ProcessLaunch =>
  input.spec.runtime.kind === 'embedded' ? planEmbedded(input) : planCommand(input);

/** Docker's and podman's rules for names are those of pool ids. */
export const containerName = (poolId: string, startCount: number, nonce: string): string =>
  `llama-orch-${poolId}-${startCount}-${nonce.slice(0, 8)}`;

/** Ports of a worker, the ones it does not have left out. */
export const portsOf = (port: number | null, ports: AuxPorts | null): readonly number[] =>
  [port, ports?.grpc ?? null, ports?.metrics ?? null, ports?.master ?? null].filter((each) => each !== null);
