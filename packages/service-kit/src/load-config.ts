/**
 * Reads a service's config file and the secrets that belong to it; every fault of both at once. It starts nothing and prints
 * nothing.
 */
import { readFileSync } from 'node:fs';
import { type AgentConfig, type Config, type Fault, formatFault, parseAgentConfig, parseConfig } from '@llama-orch/config-schema';
import { type Environment, readSecret, readSecretFile } from './secret.ts';
import { StartError } from './start-error.ts';

export type LoadOptions = {
  /** Path of the YAML file. */
  readonly file: string;
  readonly env: Environment;
};

type Warned = {
  /** Unknown fields that `schema_mode: compat` dropped, one line each, for the log. */
  readonly warnings: readonly string[];
};

export type LoadedController = Warned & {
  readonly config: Config;
  /** Key of the HMAC over API keys; there whenever `config.keys` has any. */
  readonly keySecret: string | undefined;
};

export type LoadedAgent = Warned & {
  readonly config: AgentConfig;
  /** Key of the HMAC over API keys; there whenever `config.keys` has any. */
  readonly keySecret: string | undefined;
  /** The API key that the agent shows the controller. */
  readonly controllerKey: string | undefined;
};

/** Shorter ones could be guessed from a leaked config. */
const minSecretLength = 16;

/**
 * What `orchestratord` needs.
 *
 * @errors {@link StartError} with exit code 2: one line per fault, each with file, line and JSON pointer.
 */
export const loadControllerConfig = ({ file, env }: LoadOptions): LoadedController => {
  const faults: Fault[] = [];
  const parsed = parseConfig(readConfigFile(file), { file });
  if (!parsed.ok) faults.push(...parsed.faults);
  const keySecret = readKeySecret(env, parsed.ok ? parsed.config.keys.length : 0, faults);
  if (!parsed.ok || faults.length > 0) throw faulty(faults);
  return { config: parsed.config, keySecret, warnings: parsed.warnings.map(formatFault) };
};

/**
 * What `pool-managerd` needs. The key for the controller is `ORCH_AGENT_KEY`, else the file in `ORCH_AGENT_KEY_FILE`, else
 * `agent.key_file`.
 *
 * @errors {@link StartError} as {@link loadControllerConfig}.
 */
export const loadAgentConfig = ({ file, env }: LoadOptions): LoadedAgent => {
  const faults: Fault[] = [];
  const parsed = parseAgentConfig(readConfigFile(file), { file });
  if (!parsed.ok) faults.push(...parsed.faults);
  const keySecret = readKeySecret(env, parsed.ok ? parsed.config.keys.length : 0, faults);
  const controllerKey = readControllerKey(env, parsed.ok ? parsed.config.key_file : undefined, faults);
  if (!parsed.ok || faults.length > 0) throw faulty(faults);
  return { config: parsed.config, keySecret, controllerKey, warnings: parsed.warnings.map(formatFault) };
};

const readConfigFile = (file: string): string => {
  try {
    // Invalid UTF-8 would otherwise pass as replacement characters, into ids and paths.
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (cause) {
    throw new StartError(`${file}: cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
};

const readKeySecret = (env: Environment, keyCount: number, faults: Fault[]): string | undefined => {
  const secret = readSecret(env, 'ORCH_KEY_SECRET');
  if (!secret.ok) {
    faults.push(secret.fault);
    return undefined;
  }
  if (secret.value === undefined && keyCount > 0)
    faults.push({
      path: 'ORCH_KEY_SECRET',
      message: 'is needed to check API keys, since the config has `keys`; set it or ORCH_KEY_SECRET_FILE',
    });
  if (secret.value !== undefined && secret.value.length < minSecretLength)
    faults.push({ path: 'ORCH_KEY_SECRET', message: `is too short; use at least ${minSecretLength} characters` });
  return secret.value;
};

const readControllerKey = (env: Environment, keyFile: string | undefined, faults: Fault[]): string | undefined => {
  const fromEnv = readSecret(env, 'ORCH_AGENT_KEY');
  const secret = fromEnv.ok && fromEnv.value === undefined && keyFile !== undefined ? readSecretFile(keyFile, '/agent/key_file') : fromEnv;
  if (secret.ok) return secret.value;
  faults.push(secret.fault);
  return undefined;
};

const faulty = (faults: readonly Fault[]): StartError => new StartError(faults.map(formatFault).join('\n'));
