/**
 * Public surface: the schema, the types of a read config, and the two functions that read one.
 */
export { type AdmissionConfig, type RateConfig } from './admission.ts';
export { type AgentConfig, agentSchema } from './agent.ts';
export { type CanaryConfig } from './canary.ts';
export { type Config, configSchema } from './config.ts';
export { type ControllerConfig, type LogLevel, logLevels } from './controller.ts';
export { type Fault, formatFault } from './fault.ts';
export { type LauncherName, launcherNames, launcherOf, launchers } from './launcher.ts';
export { type ModelConfig } from './model.ts';
export { didYouMean } from './nearest-name.ts';
export { type DeterminismRow, determinismTable } from './determinism.ts';
export {
  type EngineName,
  engines,
  type PoolConfig,
  type PoolDeterminism,
  type SamplerProfileVersion,
  samplerProfileVersions,
  type Workload,
  workloads,
} from './pool.ts';
export { fullPolicies, type FullPolicy, priorities, type Priority, type QueueConfig } from './queue.ts';
export { type CommandPlaceholder, commandPlaceholders, type RuntimeConfig } from './runtime.ts';
export {
  type ClassesConfig,
  type KeyConfig,
  type Scope,
  scopes,
  type SessionsConfig,
  type SlosConfig,
  type TenantConfig,
} from './tenant.ts';
export { type TimeoutsConfig } from './timeouts.ts';
export { tritonAccessOf } from './triton.ts';
export { parseAgentConfig, parseConfig, type ParseOptions, type ParseResult, validateAgentConfig, validateConfig } from './validate.ts';
