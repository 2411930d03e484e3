/**
 * `xtask spec-extract`: holds the specification, the code and the tests against each other, and writes
 * requirements/index.yaml and COMPLIANCE.md. It knows which files there are, and nothing of what is in them.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  checkOutcomes,
  checkReport,
  checkRequirements,
  complianceDocument,
  type Finding,
  formatFinding,
  gatherEvidence,
  outcomeFinder,
  parseTestReport,
  readTree,
  requirementIndex,
} from '@llama-orch/spec-extract';
import { type Command, UsageError } from './command.ts';
import { readWorkspacePackages } from './workspace-packages.ts';
import { workspaceRoot } from './workspace-root.ts';
import { writeGenerated } from './write-generated.ts';

export const specExtract: Command = {
  summary: 'Check every requirement against code and tests; write requirements/index.yaml and COMPLIANCE.md.',
  usage: `[--report FILE] [--check]

  --report FILE  the results of all tests (.reports/tests.json, which \`pnpm vitest\` writes): COMPLIANCE.md too
  --check        write nothing; fail when a file would change

Each finding is \`file:line: what was expected\`; while there is one about the sources, nothing is written.`,
  async run(args) {
    const options = { report: { type: 'string' }, check: { type: 'boolean', default: false } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const { sources, files, findings } = readTree(
      workspaceRoot,
      readWorkspacePackages(workspaceRoot).map(({ dir }) => dir),
    );
    const breaches = [...findings, ...checkRequirements(sources)];
    if (breaches.length > 0) return fail(breaches);
    const evidence = gatherEvidence(sources);
    const written = { isCheck: values.check, command: 'pnpm xtask spec-extract' };
    const indexCode = await writeGenerated(join(workspaceRoot, 'requirements', 'index.yaml'), requirementIndex(evidence), written);
    if (values.report === undefined) return indexCode;
    const results = parseTestReport(values.report, await readReport(values.report));
    const gaps = checkReport(results, files);
    if (gaps.length > 0) return fail(gaps);
    const outcomeOf = outcomeFinder(results);
    const documentCode = await writeGenerated(join(workspaceRoot, 'COMPLIANCE.md'), complianceDocument(evidence, outcomeOf), {
      ...written,
      command: `pnpm xtask spec-extract --report ${values.report}`,
    });
    const unproven = checkOutcomes(evidence, outcomeOf);
    return Math.max(indexCode, documentCode, unproven.length > 0 ? fail(unproven) : 0);
  },
};

function fail(findings: readonly Finding[]): number {
  for (const finding of findings) console.error(formatFinding(finding));
  console.error(`spec-extract: ${findings.length} findings`);
  return 1;
}

async function readReport(path: string): Promise<string> {
  try {
    return await readFile(resolve(workspaceRoot, path), 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--report: expected the results of all tests, which \`pnpm vitest\` writes; ${reason}`);
  }
}
