/**
 * From a pool to the command line of its worker: the built-in templates and the filling of any template. Pure; nothing is
 * started here.
 */
import { type CommandPlaceholder, commandPlaceholders } from '@llama-orch/config-schema';
import type { PoolSpec } from './pool-spec.ts';

export type PlaceholderValues = Readonly<Record<CommandPlaceholder, string>>;

export type LaunchPlace = {
  /** Address to bind. */
  readonly host: string;
  readonly port: number;
  /** Private directory of this worker. */
  readonly stateDir: string;
  /** The mask by UUID; empty on the CPU. */
  readonly deviceUuids: readonly string[];
};

/** What each placeholder stands for. */
export const toPlaceholderValues = (spec: PoolSpec, place: LaunchPlace): PlaceholderValues => ({
  model: spec.model.path,
  model_name: spec.model.name,
  host: place.host,
  port: String(place.port),
  ctx: String(spec.ctx),
  ctx_total: String(spec.ctx * spec.slots),
  slots: String(spec.slots),
  devices: place.deviceUuids.join(','),
  device_count: String(place.deviceUuids.length),
  tensor_split: (spec.tensorSplit ?? []).join(','),
  kv_type: spec.kvType ?? '',
  state_dir: place.stateDir,
});

/** Fill every known `{placeholder}` once; other braces stay, for engines take JSON on their command lines. */
export const fillTemplate = (template: readonly string[], values: Partial<PlaceholderValues>): readonly string[] =>
  template.map((item) =>
    item.replaceAll(/\{([a-z_]+)\}/g, (whole, name: string) => (isPlaceholder(name) ? (values[name] ?? whole) : whole)),
  );

const isPlaceholder = (name: string): name is CommandPlaceholder => Object.hasOwn(commandPlaceholders, name);

/** Placeholders whose values can change logits; the others are mere names and places. */
const numericPlaceholders = [
  'ctx',
  'ctx_total',
  'slots',
  'device_count',
  'tensor_split',
  'kv_type',
] as const satisfies readonly CommandPlaceholder[];

/**
 * The arguments as far as they can change logits: equal on two hosts that compute alike. The program's own path is left
 * out, for the engine version says what it is.
 *
 * @req ORCH-3007
 */
export const toLaunchFlags = (template: readonly string[], values: PlaceholderValues): readonly string[] =>
  fillTemplate(template.slice(1), Object.fromEntries(numericPlaceholders.map((name) => [name, values[name]])));

/** KV types that llama.cpp computes only with flash attention. */
const quantisedKv = /^(q|iq)\d/;

/**
 * The arguments that `llama-server` and the embedded engine share.
 *
 * - An explicit `-np` splits the KV cache, so that one long request cannot kill the others (`--kv-unified` is never given).
 * - Embeddings and rerank take an input in one physical batch, which must then hold a whole context.
 */
export const sharedLlamaFlags = (spec: PoolSpec): readonly string[] => [
  '-m',
  '{model}',
  '-a',
  '{model_name}',
  '--host',
  '{host}',
  '--port',
  '{port}',
  '-c',
  '{ctx_total}',
  '-np',
  '{slots}',
  '--metrics',
  ...(spec.workloads.includes('embedding') ? ['--embedding'] : []),
  ...(spec.workloads.includes('rerank') ? ['--rerank'] : []),
];

/**
 * The built-in template for `llama-server`. No key stands on it: command lines can be read by every user of the host.
 *
 * - `-fit off`: llama.cpp must not lower ctx or layers by itself; the plan was checked before (ORCH-3003).
 * - `--cache-ram 0`: its prompt cache would take 8 GiB of host RAM that no plan counts.
 * - `--offline`: nothing is downloaded behind the checksum's back.
 *
 * @param onCpu - True under the CPU carve-out.
 */
export const llamaServerTemplate = (spec: PoolSpec, onCpu: boolean): readonly string[] => [
  'llama-server',
  ...sharedLlamaFlags(spec),
  '-fit',
  'off',
  '--cache-ram',
  '0',
  '--offline',
  ...(spec.workloads.includes('completion') ? [] : ['-b', '{ctx}', '-ub', '{ctx}']),
  ...(onCpu ? ['-ngl', '0', '-dev', 'none'] : ['-ngl', 'all']),
  ...(spec.devices.length > 1 ? ['-sm', 'layer'] : []),
  ...(spec.tensorSplit === null ? [] : ['-ts', '{tensor_split}']),
  ...(spec.kvType === null ? [] : ['-ctk', '{kv_type}', '-ctv', '{kv_type}']),
  ...(spec.kvType !== null && quantisedKv.test(spec.kvType) ? ['-fa', 'on'] : []),
];
