/**
 * Where the workspace lies, and how its tools are started from here with the pinned Node. It starts nothing itself.
 */
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the root package.json, without a slash at its end. */
export const workspaceRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

const binDir = join(workspaceRoot, 'node_modules', '.bin');

/** The path of a tool of the root's devDependencies. */
export function toolPath(name: string): string {
  return join(binDir, name);
}

/**
 * The environment of a child: the workspace's tools and the pinned Node come first in PATH (pnpm's shims call `node` by
 * name), and nothing phones home.
 */
export function toolEnv(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${binDir}${delimiter}${process.env['PATH'] ?? ''}`,
    DO_NOT_TRACK: '1',
    TURBO_TELEMETRY_DISABLED: '1',
    PACT_DO_NOT_TRACK: 'true',
    ...extra,
  };
}
