/**
 * The development engine: llama.cpp inside Node, from an optional package, on the CPU. It finds the package's program and
 * plans; it starts nothing.
 */
import { createRequire } from 'node:module';
import { PoolFailure } from '../failure.ts';
import { fillTemplate, toLaunchFlags, toPlaceholderValues } from '../launch-template.ts';
import { type LaunchInput, type ProcessLaunch, workerEnvironment } from './launch.ts';
import { sharedLlamaFlags } from './llama-server.ts';

const packageName = '@llama-orch/llamacpp-worker';

/**
 * Plan an `embedded` worker.
 *
 * @throws PoolFailure `launcher-missing` where the optional package is not installed.
 * @req ORCH-1102
 */
export const planEmbedded = (input: LaunchInput): ProcessLaunch => {
  const template = [process.execPath, resolveWorkerBin(), ...sharedLlamaFlags(input.spec)];
  const values = toPlaceholderValues(input.spec, input.place, input.plan);
  return {
    kind: 'process',
    argv: fillTemplate(template, values),
    env: workerEnvironment(input, {}, null),
    // Without the program and the script, whose paths differ between hosts.
    launchFlags: toLaunchFlags({ argv: template.slice(1), env: {}, files: [] }, values, input.spec),
    files: [],
    container: null,
  };
};

const resolveWorkerBin = (): string => {
  try {
    return createRequire(import.meta.url).resolve(`${packageName}/bin`);
  } catch {
    throw new PoolFailure(
      'launcher-missing',
      `The embedded engine is not installed: add the package \`${packageName}\` beside the agent, or use \`runtime: { kind: command }\`.`,
    );
  }
};
