/**
 * Workers that are programs of the host: the pool's own command, or the engine's built-in template. It plans and starts
 * nothing.
 */
import { PoolFailure } from '../failure.ts';
import { fillTemplate, llamaServerTemplate, toLaunchFlags, toPlaceholderValues } from '../launch-template.ts';
import type { EngineName, PoolSpec } from '../pool-spec.ts';
import { type Launch, type LaunchInput, workerEnvironment } from './launch.ts';

type Template = (spec: PoolSpec, onCpu: boolean) => readonly string[];

/** Engines that need no `runtime.command`. */
const builtIn: Partial<Record<EngineName, Template>> = { llamacpp: llamaServerTemplate };

/**
 * Plan a `command` worker.
 *
 * @throws PoolFailure `launcher-missing` where the engine has no built-in template and the pool no command.
 */
export const planCommand = (input: LaunchInput): Launch => {
  const { spec, place, onCpu } = input;
  const runtime = spec.runtime.kind === 'command' ? spec.runtime : { command: null, env: {} };
  const template = runtime.command ?? builtIn[spec.engine]?.(spec, onCpu);
  if (template === undefined) {
    throw new PoolFailure(
      'launcher-missing',
      `Engine \`${spec.engine}\` has no built-in launch template; set \`runtime.command\` of pool \`${spec.id}\`.`,
    );
  }
  const values = toPlaceholderValues(spec, place);
  return {
    kind: 'process',
    argv: fillTemplate(template, values),
    env: workerEnvironment(input, runtime.env),
    launchFlags: toLaunchFlags(template, values),
  };
};
