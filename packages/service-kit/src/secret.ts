/**
 * Secrets from the environment or from files it names. It never prints one.
 */
import { readFileSync } from 'node:fs';
import type { Fault } from '@llama-orch/config-schema';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A secret, none, or why it cannot be had. */
export type SecretResult = { readonly ok: true; readonly value: string | undefined } | { readonly ok: false; readonly fault: Fault };

/**
 * The secret in `NAME`, or in the file that `NAME_FILE` names; both at once is a fault, an empty one too. One line end at the
 * end of a file is not part of it.
 */
export const readSecret = (env: Environment, name: string): SecretResult => {
  const [value, file] = [env[name], env[`${name}_FILE`]];
  if (value !== undefined && file !== undefined) return bad(name, `is set beside ${name}_FILE; set one of them`);
  if (file !== undefined) return readSecretFile(file, `${name}_FILE`);
  return value === '' ? bad(name, 'is set but empty') : { ok: true, value };
};

/** @param source - What named the file, for the fault. */
export const readSecretFile = (path: string, source: string): SecretResult => {
  try {
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    if (value === '') return bad(source, `${path} is empty`);
    return /[\r\n]/.test(value) ? bad(source, `${path} has more than one line`) : { ok: true, value };
  } catch (cause) {
    return bad(source, `cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
};

const bad = (path: string, message: string): SecretResult => ({ ok: false, fault: { path, message } });
