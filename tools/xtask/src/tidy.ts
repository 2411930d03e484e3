/**
 * `xtask tidy`: the rules of this repository that no other tool holds. It finds the files and hands them to the rules.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import { type Finding, formatFinding } from './tidy/finding.ts';
import { checkHouseStyle } from './tidy/house-style.ts';
import { checkImports } from './tidy/imports-table.ts';
import { checkPackageCycles } from './tidy/package-cycles.ts';
import { checkContractIds, checkRequirementIds, parseRequirementIds } from './tidy/requirement-ids.ts';
import { parseSourceFile, type SourceFile } from './tidy/source-file.ts';
import { readWorkspacePackages } from './workspace-packages.ts';
import { workspaceRoot } from './workspace-root.ts';

export const tidy: Command = {
  summary: 'Check who imports whom, requirement ids, file openings and hidden tests.',
  usage: `

Each finding is \`file:line: what was expected\`.`,
  async run(args) {
    parseArgs({ args: [...args], options: {} });
    const { findings, fileCount } = findAll(workspaceRoot);
    for (const finding of findings) console.error(formatFinding(finding));
    console.log(`tidy: ${fileCount} files, ${findings.length} findings`);
    return findings.length === 0 ? 0 : 1;
  },
};

function findAll(root: string): { findings: readonly Finding[]; fileCount: number } {
  const packages = readWorkspacePackages(root);
  const files = readSourceFiles(root, [...packages.map(({ dir }) => `${dir}/src/**/*.ts`), 'scripts/*.{mjs,ts}']);
  const known = parseRequirementIds(readFileSync(join(root, 'specs', 'orchestrator-spec.md'), 'utf8'));
  const contracts = globSync('contracts/openapi/*.yaml', { cwd: root }).toSorted();
  const findings = [
    ...checkImports(files, packages),
    ...checkPackageCycles(packages),
    ...checkRequirementIds(files, known),
    ...contracts.flatMap((path) => checkContractIds(path, readFileSync(join(root, path), 'utf8'), known)),
    ...checkHouseStyle(files),
  ];
  return { findings, fileCount: files.length };
}

function readSourceFiles(root: string, patterns: readonly string[]): readonly SourceFile[] {
  return globSync([...patterns], { cwd: root })
    .filter((path) => !/(^|\/)generated\/|\.gen\.ts$|\.d\.ts$/.test(path))
    .toSorted()
    .map((path) => parseSourceFile(path, readFileSync(join(root, path), 'utf8')));
}
