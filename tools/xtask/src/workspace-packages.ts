/**
 * The packages of the workspace, as their package.json files tell. It reads; it judges nothing.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

export type WorkspacePackage = {
  readonly name: string;
  /** Relative to the root, with `/`. */
  readonly dir: string;
  readonly isPublished: boolean;
  /** Entry points by subpath: `.`, `./conformance`. */
  readonly exports: readonly string[];
  /** Names of every kind of dependency. */
  readonly dependencies: readonly string[];
  /** Names of what it needs where it runs. */
  readonly runtimeDependencies: readonly string[];
};

/** Every package that pnpm-workspace.yaml names, by directory. */
export function readWorkspacePackages(root: string): readonly WorkspacePackage[] {
  const workspace = asRecord(parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')));
  const patterns = Array.isArray(workspace['packages']) ? workspace['packages'].map(String) : [];
  return patterns
    .flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }))
    .toSorted()
    .map((file) => readPackage(root, file));
}

function readPackage(root: string, file: string): WorkspacePackage {
  const manifest = asRecord(JSON.parse(readFileSync(join(root, file), 'utf8')));
  const kinds = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
  return {
    name: String(manifest['name']),
    dir: dirname(file),
    isPublished: manifest['private'] !== true,
    exports: Object.keys(asRecord(manifest['exports'])),
    runtimeDependencies: Object.keys(asRecord(manifest['dependencies'])),
    dependencies: kinds.flatMap((kind) => Object.keys(asRecord(manifest[kind]))),
  };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
