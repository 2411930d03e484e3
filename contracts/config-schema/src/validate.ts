/**
 * From text to a config that can be trusted, or to every fault in it. It is pure: reading the file, printing the faults and
 * exiting are the caller's.
 */
import assert from 'node:assert/strict';
import { Ajv, type ValidateFunction } from 'ajv';
import { type AgentConfig, agentSchema } from './agent.ts';
import { type Config, configSchema } from './config.ts';
import { checkAgent, checkConfig } from './consistency.ts';
import type { Fault } from './fault.ts';
import { describe, isRecord, isUnknownField, toFault, unknownNameOf } from './schema-fault.ts';
import { type TenantConfig, tenantSchema } from './tenant.ts';
import { parseYaml } from './yaml-source.ts';

/** What reading gave: the config and what was dropped from it (`schema_mode: compat`), or every fault. */
export type ParseResult<Value> =
  | { readonly ok: true; readonly config: Value; readonly warnings: readonly Fault[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export type ParseOptions = {
  /** Named in the faults. */
  readonly file?: string;
};

/**
 * Read the whole config, as the controller does.
 *
 * @returns The config with defaults applied and derived fields filled in, deeply frozen.
 * @req ORCH-3030
 */
export const parseConfig = (yamlText: string, options: ParseOptions = {}): ParseResult<Config> => parse(yamlText, options, validateConfig);

/**
 * Read only the `agent` part, as the agent does. The file may be the controller's: its other parts are not looked at,
 * but a top-level name that nobody knows is still a fault.
 *
 * @req ORCH-3030
 */
export const parseAgentConfig = (yamlText: string, options: ParseOptions = {}): ParseResult<AgentConfig> =>
  parse(yamlText, options, validateAgentConfig);

/** {@link parseConfig} for a value that is already parsed; the value is not changed. */
export const validateConfig = (value: unknown): ParseResult<Config> => {
  const checked = checkForm(ajv.compile<Config>(configSchema), value);
  if (!checked.ok) return checked;
  const config = completeConfig(checked.config);
  const faults = checkConfig(config);
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config: freeze(config), warnings: checked.warnings };
};

/** {@link parseAgentConfig} for a value that is already parsed; the value is not changed. */
export const validateAgentConfig = (value: unknown): ParseResult<AgentConfig> => {
  const checked = checkForm(ajv.compile<{ agent: AgentConfig }>(agentFileSchema), value);
  if (!checked.ok) return checked;
  const config = completeAgent(checked.config.agent);
  const faults = checkAgent(config);
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config: freeze(config), warnings: checked.warnings };
};

// It keeps what it compiled by schema object, so a second `compile` is a look-up.
const ajv = new Ajv({ strict: true, allErrors: true, verbose: true, useDefaults: true, discriminator: true });

const agentFileSchema = {
  type: 'object',
  properties: {
    ...Object.fromEntries(Object.keys(configSchema.properties).map((name) => [name, true])),
    schema_mode: configSchema.properties.schema_mode,
    agent: agentSchema,
  },
  required: ['agent'],
  additionalProperties: false,
};

const parse = <Value>(yamlText: string, { file }: ParseOptions, validate: (value: unknown) => ParseResult<Value>): ParseResult<Value> => {
  const named = (fault: Fault): Fault => (file === undefined ? fault : { file, ...fault });
  const source = parseYaml(yamlText);
  if ('faults' in source) return { ok: false, faults: source.faults.map(named) };
  const placed = (fault: Fault): Fault => named({ ...source.locate(fault.path), ...fault });
  const result = validate(source.value);
  return result.ok ? { ...result, warnings: result.warnings.map(placed) } : { ok: false, faults: result.faults.map(placed) };
};

/** Check a copy of `value` against the schema and apply its defaults. In `compat` mode unknown fields are dropped and told. */
const checkForm = <Value>(validate: ValidateFunction<Value>, value: unknown): ParseResult<Value> => {
  const copy: unknown = structuredClone(value);
  if (!isRecord(copy)) return { ok: false, faults: [{ path: '', message: `must be a mapping of fields, got ${describe(copy)}` }] };
  const warnings = copy['schema_mode'] === 'compat' ? dropUnknownFields(validate, copy) : [];
  if (validate(copy)) return { ok: true, config: copy, warnings };
  return { ok: false, faults: (validate.errors ?? []).map(toFault) };
};

const dropUnknownFields = (validate: ValidateFunction, value: object): Fault[] => {
  if (validate(value)) return [];
  const unknown = (validate.errors ?? []).filter(isUnknownField);
  for (const error of unknown) if (isRecord(error.data)) delete error.data[unknownNameOf(error)];
  return unknown.map(toFault);
};

/** Fill in what the file may leave out because other fields say it. */
const completeConfig = (config: Config): Config => ({
  ...config,
  pools: config.pools.map((pool) => {
    const model = Object.hasOwn(config.models, pool.model) ? config.models[pool.model] : undefined;
    // An unknown model is a fault of its own; its pool still gets values, so that the other checks can run.
    return { ...pool, quant: pool.quant ?? model?.quant ?? '', ctx: pool.ctx ?? model?.ctx_limit ?? 1 };
  }),
  tenants: config.tenants.some(({ id }) => id === 'default') ? config.tenants : [...config.tenants, defaultTenant()],
  ...(config.agent ? { agent: completeAgent(config.agent) } : {}),
});

const completeAgent = (agent: AgentConfig): AgentConfig => ({ ...agent, data_dir: agent.data_dir ?? `.orch/agent-${agent.name}` });

const defaultTenant = (): TenantConfig => {
  const tenant: unknown = { id: 'default' };
  const validate = ajv.compile<TenantConfig>(tenantSchema);
  assert(validate(tenant), 'every field of a tenant but its id has a default');
  return tenant;
};

const freeze = <Value>(value: Value): Value => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freeze(part);
  }
  return value;
};
