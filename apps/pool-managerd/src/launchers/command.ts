/**
 * Workers that are programs of the host or of an image: the pool's own command, or the engine's built-in template, with what
 * its determinism mode adds. It plans and starts nothing.
 */
import { join } from 'node:path';
import { determinismTable, launcherOf, launchers, type LauncherName } from '@llama-orch/config-schema';
import { PoolFailure } from '../failure.ts';
import type { HeadroomPlan } from '../headroom.ts';
import {
  auxPortsOf,
  type AuxPorts,
  fillTemplate,
  fillText,
  type LaunchTemplate,
  toLaunchFlags,
  toPlaceholderValues,
} from '../launch-template.ts';
import { type CommandSpec, type PoolSpec, serverOf } from '../pool-spec.ts';
import { toContainerCommand } from './container.ts';
import { type LaunchInput, type ProcessLaunch, workerEnvironment } from './launch.ts';
import { llamaServerTemplate } from './llama-server.ts';
import { tgiTemplate, tgiVariables } from './tgi.ts';
import { trtllmServeTemplate, tritonserverTemplate } from './triton.ts';
import { vllmTemplate } from './vllm.ts';

/**
 * Plan a `command` worker.
 *
 * 1. The template, its placeholders filled.
 * 2. The environment: the pool's, then what template and mode need, then the key.
 * 3. In a container the same command, with the files it names.
 *
 * @throws PoolFailure `invalid-pool` where the engine refuses the pool's determinism mode.
 */
export const planCommand = (input: LaunchInput): ProcessLaunch => {
  const { spec, place, plan, onCpu } = input;
  const runtime = commandOf(spec);
  // 1
  const template = templateOf(spec, plan, onCpu);
  const values = toPlaceholderValues(spec, place, plan);
  const argv = fillTemplate(template.argv, values);
  const files = template.files.map(({ name, text }) => ({ path: join(place.stateDir, name), text: fillText(text, values) }));
  // 2
  const added: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...runtime.env, ...template.env })) added[name] = fillText(value, values);
  const keyVariable = launchers[programOf(spec)].apiKeyVariable;
  if (input.apiKey !== null && keyVariable !== null) added[keyVariable] = input.apiKey;
  const env = workerEnvironment(input, added, spec.engine === 'tgi' ? tgiVariables : null);
  const launchFlags = toLaunchFlags(template, values, spec);
  // 3
  const { container } = runtime;
  if (container === null) return { kind: 'process', argv, env, launchFlags, files, container: null };
  const draft = spec.speculative?.draftModel?.path;
  return {
    kind: 'process',
    argv: toContainerCommand(argv, {
      spec,
      container,
      name: place.containerName,
      deviceUuids: place.deviceUuids,
      paths: [spec.model.path, ...(draft === undefined ? [] : [draft]), ...files.map(({ path }) => path)],
      variables: [...Object.keys(added), 'CUDA_VISIBLE_DEVICES'],
    }),
    env,
    launchFlags,
    files,
    container: { program: container.program, name: place.containerName },
  };
};

/** The further ports that the pool's worker needs. */
export const auxPortNames = (spec: PoolSpec, plan: HeadroomPlan, onCpu: boolean): readonly (keyof AuxPorts)[] =>
  spec.runtime.kind === 'command' ? auxPortsOf(templateOf(spec, plan, onCpu)) : [];

const commandOf = (spec: PoolSpec): CommandSpec => {
  if (spec.runtime.kind !== 'command') throw new TypeError(`pool ${spec.id} has no command`);
  return spec.runtime;
};

const programOf = (spec: PoolSpec): LauncherName =>
  launcherOf({ engine: spec.engine, runtime: { kind: 'command', server: serverOf(spec) } });

/** Programs that fill the device with KV cache unless they are told how much to take. */
const takesAll: ReadonlySet<LauncherName> = new Set(['vllm serve', 'text-generation-launcher', 'trtllm-serve']);

/** What the mode adds stands behind the template's own words, and its variables cannot be taken back by the pool. */
const templateOf = (spec: PoolSpec, plan: HeadroomPlan, onCpu: boolean): LaunchTemplate => {
  const row = determinismTable[programOf(spec)][spec.determinism];
  if (row.kind === 'refused') throw new PoolFailure('invalid-pool', `Pool \`${spec.id}\`: ${row.reason}.`);
  const { command } = commandOf(spec);
  if (command !== null) return { argv: command, env: row.env, files: [] };
  const template = builtIn(spec, plan, onCpu);
  return { ...template, argv: [...template.argv, ...row.flags], env: { ...template.env, ...row.env } };
};

const builtIn = (spec: PoolSpec, plan: HeadroomPlan, onCpu: boolean): LaunchTemplate => {
  if (takesAll.has(programOf(spec)) && spec.shareDevices && plan.kvBytesPerToken === null)
    throw new PoolFailure(
      'invalid-pool',
      `Pool \`${spec.id}\` shares its devices, and ${programOf(spec)} would take all of their memory: the size of a token’s KV is not known. Set \`kv_bytes_per_token\` of its model.`,
    );
  switch (programOf(spec)) {
    case 'llama-server':
      return llamaServerTemplate(spec, onCpu, plan.namesPooling);
    case 'vllm serve':
      return vllmTemplate(spec, plan.kvBytesPerDevice !== null);
    case 'text-generation-launcher':
      return tgiTemplate(spec, plan.kvBytesPerToken === null ? 0 : Math.floor(spec.prefixCacheBytes / plan.kvBytesPerToken));
    case 'tritonserver':
      return tritonserverTemplate();
    case 'trtllm-serve':
      return trtllmServeTemplate(spec);
  }
};
