/**
 * Engines that are not ours: found on the PATH, left by the install script, or named by URL. It looks and starts nothing.
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { workspaceRoot } from '@llama-orch/e2e-haiku';

type Environment = Readonly<Record<string, string | undefined>>;

export const liveEngineNames = ['llama-server', 'vllm', 'tgi', 'triton'] as const;
export type LiveEngineName = (typeof liveEngineNames)[number];

export type LiveEngine =
  /** A program that the agent starts. */
  | { readonly kind: 'program'; readonly name: 'llama-server'; readonly path: string; readonly how: string }
  /** One or two addresses of engines that somebody runs. */
  | { readonly kind: 'urls'; readonly name: LiveEngineName; readonly urls: readonly string[]; readonly how: string }
  | { readonly kind: 'missing'; readonly name: LiveEngineName; readonly reason: string };

const variables: Readonly<Record<LiveEngineName, string>> = {
  'llama-server': 'LLAMA_SERVER',
  vllm: 'VLLM_URL',
  tgi: 'TGI_URL',
  triton: 'TRITON_URL',
};

/** Where `ci/scripts/install_live_engines.sh` leaves the program, or the reason why it could not. */
const installed = join(workspaceRoot, '.cache/live-engines');

/**
 * Every live engine, found or not.
 *
 * - `LLAMA_SERVER`: a URL, or the path of the program; without it `llama-server` on the PATH, then the installed one.
 * - `VLLM_URL`, `TGI_URL`, `TRITON_URL`: one URL, or two with a comma between them.
 *
 * @throws Error where a variable is set to something that cannot be used.
 */
export function findLiveEngines(env: Environment, installedDir = installed): readonly LiveEngine[] {
  return liveEngineNames.map((name) => {
    const variable = variables[name];
    const value = env[variable]?.trim() ?? '';
    if (/^https?:\/\//.test(value)) return { kind: 'urls', name, urls: toUrls(variable, value), how: variable };
    if (name === 'llama-server') return findLlamaServer(value, env['PATH'] ?? '', installedDir);
    if (value !== '') throw new Error(`${variable}: expected http://HOST:PORT, one or two with a comma between them, got \`${value}\``);
    return { kind: 'missing', name, reason: `${variable} is not set` };
  });
}

/** What was found, in a line for each. */
export function describeLiveEngine(engine: LiveEngine): string {
  switch (engine.kind) {
    case 'program':
      return `${engine.name}: ${engine.path} (${engine.how})`;
    case 'urls':
      return `${engine.name}: ${engine.urls.join(', ')} (${engine.how})`;
    case 'missing':
      return `${engine.name}: not found: ${engine.reason}`;
  }
}

function toUrls(variable: string, value: string): readonly string[] {
  const urls = value.split(',').map((each) => each.trim().replace(/\/+$/, ''));
  const isFine = urls.length <= 2 && urls.every((url) => URL.canParse(url) && /^https?:/.test(url));
  if (!isFine) throw new Error(`${variable}: expected http://HOST:PORT, one or two with a comma between them, got \`${value}\``);
  return urls;
}

function findLlamaServer(named: string, path: string, installedDir: string): LiveEngine {
  const name = 'llama-server';
  if (named !== '') {
    // The agent looks for this very name on its PATH.
    if (basename(named) !== name || dirname(named) === '.' || !isProgram(named))
      throw new Error(`LLAMA_SERVER: expected a URL, or the path of a program named ${name}, got \`${named}\``);
    return { kind: 'program', name, path: named, how: 'LLAMA_SERVER' };
  }
  const onPath = path
    .split(delimiter)
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, name))
    .find(isProgram);
  if (onPath !== undefined) return { kind: 'program', name, path: onPath, how: 'on the PATH' };
  const ours = join(installedDir, 'bin', name);
  if (isProgram(ours)) return { kind: 'program', name, path: ours, how: 'installed by ci/scripts/install_live_engines.sh' };
  const note = join(installedDir, 'reason');
  const why = existsSync(note) ? readFileSync(note, 'utf8').trim() : 'ci/scripts/install_live_engines.sh was not run';
  return { kind: 'missing', name, reason: `neither LLAMA_SERVER nor the PATH has it; ${why}` };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
