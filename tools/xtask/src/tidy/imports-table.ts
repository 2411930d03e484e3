/**
 * Who may import whom: the one place where it is written down, and its check. It reads no file.
 */
import { isBuiltin } from 'node:module';
import { dirname, join, matchesGlob } from 'node:path/posix';
import type { Finding, Import, SourceFile } from '@llama-orch/spec-extract';
import type { WorkspacePackage } from '../workspace-packages.ts';

type ImportRule = {
  /** Directories of packages; the first rule that fits decides. */
  readonly who: string;
  /** Directories of our packages that it may import. */
  readonly may: readonly string[];
  /** What only its tests may import besides. */
  readonly testsMay?: readonly string[];
  /** It imports types only, and nothing of Node or of the registry. */
  readonly isPure?: true;
};

export const importsTable: readonly ImportRule[] = [
  { who: 'contracts/*', may: [] },
  { who: 'packages/plugins/policy-sdk', may: [] },
  { who: 'packages/plugins/policy-host', may: ['packages/plugins/policy-sdk'] },
  { who: 'packages/orchestrator-core', may: ['contracts/api-types'], isPure: true },
  // It is played against the real controller, and speaks to it through what it is given.
  { who: 'packages/played-agent', may: ['contracts/api-types'] },
  { who: 'packages/service-kit', may: ['contracts/*'] },
  { who: 'packages/worker-adapters/adapter-api', may: ['contracts/api-types'] },
  // An adapter never imports another one; the scripted engine is the test double of all of them.
  { who: 'packages/worker-adapters/*', may: ['packages/worker-adapters/adapter-api'], testsMay: ['packages/worker-adapters/mock'] },
  // Apps compose. They speak HTTP with each other, so no app is in this list.
  { who: 'apps/*', may: ['contracts/*', 'packages/**', 'tools/openapi-client'] },
  // It starts programs and imports none of them; only this one is a library, since tidy reads the same sources.
  { who: 'tools/xtask', may: ['contracts/*', 'tools/spec-extract'] },
  { who: 'tools/*', may: ['contracts/*'] },
  { who: 'test-harness/*', may: ['contracts/*', 'packages/**', 'tools/openapi-client', 'test-harness/*'] },
];

/** Every import that the table, or a package's `exports`, does not allow. */
export function checkImports(files: readonly SourceFile[], packages: readonly WorkspacePackage[]): readonly Finding[] {
  return files.flatMap((file) => {
    const owner = packages.find(({ dir }) => file.path.startsWith(`${dir}/`));
    if (owner === undefined) return [];
    const rule = importsTable.find(({ who }) => matchesGlob(owner.dir, who));
    if (rule === undefined)
      return [
        { file: file.path, line: 1, expected: `a line for ${owner.dir} in the imports table (tools/xtask/src/tidy/imports-table.ts)` },
      ];
    return file.imports.flatMap((each) => {
      const expected = faultOf(each, { file, owner, rule, packages });
      return expected === undefined ? [] : [{ file: file.path, line: each.line, expected }];
    });
  });
}

type Context = {
  readonly file: SourceFile;
  readonly owner: WorkspacePackage;
  readonly rule: ImportRule;
  readonly packages: readonly WorkspacePackage[];
};

/** @returns What was expected instead, or `undefined` where the import is allowed. */
function faultOf({ specifier, isTypeOnly }: Import, { file, owner, rule, packages }: Context): string | undefined {
  if (specifier.startsWith('.')) {
    const target = join(dirname(file.path), specifier);
    return target.startsWith(`${owner.dir}/`)
      ? undefined
      : `the import of another package by its name, got "${specifier}", which leaves ${owner.dir}`;
  }
  const target = packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
  if (target === undefined) {
    if (specifier.startsWith('@llama-orch/')) return `a package of this workspace, got "${specifier}"`;
    if (rule.isPure !== true || file.isTest) return undefined;
    return `no import from ${isBuiltin(specifier) ? 'Node' : 'the registry'} in ${owner.dir}, which is pure; got "${specifier}"`;
  }
  if (target === owner) return undefined;
  const allowed = file.isTest ? [...rule.may, ...(rule.testsMay ?? [])] : rule.may;
  if (!allowed.some((pattern) => matchesGlob(target.dir, pattern))) {
    return `${owner.dir} to import only ${allowed.length === 0 ? 'nothing of ours' : allowed.join(', ')}; got "${specifier}"`;
  }
  if (rule.isPure === true && !isTypeOnly && !file.isTest)
    return `\`import type\`, since ${owner.dir} is pure; got a value import of "${specifier}"`;
  const subpath = `.${specifier.slice(target.name.length)}`;
  return target.exports.includes(subpath)
    ? undefined
    : `a public entry of ${target.name} (${target.exports.join(', ')}), got "${specifier}"`;
}
