/**
 * A config without what could be a secret, and back (ORCH-2107, ORCH-3043). Pure. The file holds no secret by its rules; digests of keys,
 * environment variables and arguments of workers might be, or hold, one all the same.
 */
import type { Config } from '@llama-orch/config-schema';

/** In place of what was removed. */
export const removed = '[removed]';

/** A flag whose value nobody else should read: `--api-key X`, `--hf-token=X`. */
const secretFlag = /(?:^|[-_])(?:key|token|secret|password|passwd|credentials?)(?:$|=)/i;

/** @req ORCH-2107, ORCH-3043 */
export const withoutSecrets = (config: Config): Record<string, unknown> => {
  const copy = structuredClone(config) as unknown as Loose;
  for (const key of keysOf(copy)) key['digest'] = removed;
  for (const { runtime } of poolsOf(copy)) {
    if (isRecord(runtime['env'])) for (const name of Object.keys(runtime['env'])) runtime['env'][name] = removed;
    if (Array.isArray(runtime['command'])) runtime['command'] = (runtime['command'] as string[]).map(withoutSecretWord);
  }
  return copy;
};

/**
 * Put back what {@link withoutSecrets} took, from the config in force, so that what was read can be changed and sent. What is not there
 * stays as it is, and then fits no schema.
 */
export const restoreSecrets = (value: unknown, active: Config): unknown => {
  if (!isRecord(value)) return value;
  const copy = structuredClone(value);
  const keys = new Map([...active.keys, ...(active.agent?.keys ?? [])].map(({ id, digest }) => [id, digest]));
  for (const key of keysOf(copy)) if (key['digest'] === removed) key['digest'] = keys.get(String(key['id'])) ?? removed;
  const runtimes = new Map(active.pools.map(({ id, runtime }) => [id, runtime]));
  for (const { id, runtime } of poolsOf(copy)) {
    const known = runtimes.get(id);
    if (known?.kind !== 'command') continue;
    const { env } = runtime;
    if (isRecord(env)) for (const name of Object.keys(env)) if (env[name] === removed) env[name] = known.env?.[name] ?? removed;
    const words = runtime['command'];
    if (!Array.isArray(words) || !isSameButSecrets(words, known.command ?? [])) continue;
    runtime['command'] = [...(known.command ?? [])];
  }
  return copy;
};

/** Pointers to what {@link restoreSecrets} could not put back. */
export const leftRemoved = (value: unknown, path = ''): string[] => {
  if (typeof value === 'string') return value === removed || value.endsWith(`=${removed}`) ? [path] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => leftRemoved(part, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`));
};

const withoutSecretWord = (word: string, index: number, words: readonly string[]): string => {
  const before = words[index - 1];
  if (before !== undefined && before.startsWith('-') && !before.includes('=') && secretFlag.test(before)) return removed;
  const equals = word.indexOf('=');
  return word.startsWith('-') && equals > 0 && secretFlag.test(word.slice(0, equals)) ? `${word.slice(0, equals)}=${removed}` : word;
};

const isSameButSecrets = (words: readonly unknown[], known: readonly string[]): boolean =>
  words.length === known.length && known.map(withoutSecretWord).every((word, index) => word === words[index]);

type Loose = Record<string, unknown>;

const isRecord = (value: unknown): value is Loose => typeof value === 'object' && value !== null && !Array.isArray(value);

const recordsIn = (value: unknown): Loose[] => (Array.isArray(value) ? value.filter(isRecord) : []);

const keysOf = (config: Loose): Loose[] => [
  ...recordsIn(config['keys']),
  ...(isRecord(config['agent']) ? recordsIn(config['agent']['keys']) : []),
];

const poolsOf = (config: Loose): { readonly id: string; readonly runtime: Loose }[] =>
  recordsIn(config['pools']).flatMap(({ id, runtime }) => (isRecord(runtime) ? [{ id: String(id), runtime }] : []));
