/**
 * The filling of a launch template: what each placeholder stands for, and what of a command line can change logits. Pure; the
 * templates themselves are in `launchers/`.
 */
import type { CommandPlaceholder } from '@llama-orch/config-schema';
import { commandPlaceholders } from '@llama-orch/config-schema';
import type { HeadroomPlan } from './headroom.ts';
import type { PoolSpec } from './pool-spec.ts';

export type PlaceholderValues = Readonly<Record<CommandPlaceholder, string>>;

/** Ports beside the main one; `null` = the template names none of the kind. */
export type AuxPorts = { readonly grpc: number | null; readonly metrics: number | null; readonly master: number | null };

export const noAuxPorts: AuxPorts = { grpc: null, metrics: null, master: null };

export type LaunchPlace = {
  /** Address to bind. */
  readonly host: string;
  readonly port: number;
  readonly ports: AuxPorts;
  /** Private directory of this worker. */
  readonly stateDir: string;
  /** The mask by UUID; empty on the CPU. */
  readonly deviceUuids: readonly string[];
  /** Name of its container, where it has one. */
  readonly containerName: string;
};

/** Commands are not run by a shell, so a program's own configuration file is written for it. */
export type TemplateFile = { readonly name: string; readonly text: string };

export type LaunchTemplate = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly TemplateFile[];
};

/** What each placeholder stands for. */
export const toPlaceholderValues = (spec: PoolSpec, place: LaunchPlace, plan: HeadroomPlan): PlaceholderValues => ({
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
  kv_bytes: plan.kvBytesPerDevice === null ? '' : String(plan.kvBytesPerDevice),
  memory_fraction: plan.memoryFraction.toFixed(2),
  kv_fraction: plan.kvFraction.toFixed(2),
  draft_model: spec.speculative?.draftModel?.path ?? '',
  draft_tokens: spec.speculative === null ? '' : String(spec.speculative.draftTokens),
  grpc_port: String(place.ports.grpc ?? ''),
  metrics_port: String(place.ports.metrics ?? ''),
  master_port: String(place.ports.master ?? ''),
  // A worker that drains to the last moment would be killed in the middle of its goodbye.
  stop_grace_s: String(Math.floor((spec.timeouts.stopGraceMs / 1_000) * 0.8)),
  state_dir: place.stateDir,
});

/** Fill every known `{placeholder}` of a text once; other braces stay, for engines take JSON on their command lines. */
export const fillText = (text: string, values: Partial<PlaceholderValues>): string =>
  text.replaceAll(/\{([a-z_]+)\}/g, (whole, name: string) => (isPlaceholder(name) ? (values[name] ?? whole) : whole));

export const fillTemplate = (template: readonly string[], values: Partial<PlaceholderValues>): readonly string[] =>
  template.map((item) => fillText(item, values));

const isPlaceholder = (name: string): name is CommandPlaceholder => Object.hasOwn(commandPlaceholders, name);

/** The further ports that a template names. */
export const auxPortsOf = ({ argv, env, files }: LaunchTemplate): readonly (keyof AuxPorts)[] => {
  const text = [...argv, ...Object.values(env), ...files.map((file) => file.text)].join(' ');
  return (['grpc', 'metrics', 'master'] as const).filter((name) => text.includes(`{${name}_port}`));
};

/** Placeholders whose values can change logits; the others are mere names, places and sizes. */
const numericPlaceholders = [
  'ctx',
  'ctx_total',
  'slots',
  'device_count',
  'tensor_split',
  'kv_type',
  'draft_tokens',
] as const satisfies readonly CommandPlaceholder[];

/**
 * What a worker is told as far as it can change logits: equal on two hosts that compute alike. The program's own path is left
 * out, for the engine version says what it is.
 *
 * @req ORCH-3007
 */
export const toLaunchFlags = (template: LaunchTemplate, values: PlaceholderValues, spec: PoolSpec): readonly string[] => {
  const numeric = Object.fromEntries(numericPlaceholders.map((name) => [name, values[name]]));
  const draft = spec.speculative?.draftModel?.digest;
  return [
    ...fillTemplate(template.argv.slice(1), numeric),
    ...Object.entries(template.env).map(([name, value]) => `${name}=${fillText(value, numeric)}`),
    ...template.files.map(({ text }) => fillText(text, numeric)),
    ...(draft === undefined ? [] : [`draft ${draft}`]),
  ];
};
