/**
 * `xtask tidy`: the rules of this repository that no other tool holds. It hands the files to the rules; those about requirements are spec-extract's.
 */
import { parseArgs } from 'node:util';
import { type Finding, formatFinding, readSourceFiles } from '@llama-orch/spec-extract';
import type { Command } from './command.ts';
import { checkHouseStyle } from './tidy/house-style.ts';
import { checkImports } from './tidy/imports-table.ts';
import { checkPackageCycles } from './tidy/package-cycles.ts';
import { readWorkspacePackages } from './workspace-packages.ts';
import { workspaceRoot } from './workspace-root.ts';

export const tidy: Command = {
  summary: 'Check who imports whom, file openings and hidden tests.',
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
  const files = readSourceFiles(
    root,
    packages.map(({ dir }) => dir),
  );
  const findings = [...checkImports(files, packages), ...checkPackageCycles(packages), ...checkHouseStyle(files)];
  return { findings, fileCount: files.length };
}
