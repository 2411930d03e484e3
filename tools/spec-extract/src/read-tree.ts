/**
 * Finds and reads the files of a tree that say something about requirements. It judges nothing.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkReqTags, readCodeLinks, readTestLinks } from './code-links.ts';
import { readContractLinks } from './contract-links.ts';
import type { Mention, Sources } from './evidence.ts';
import type { Finding } from './finding.ts';
import { readMetricLinks } from './metric-links.ts';
import { parseNotYet } from './not-yet.ts';
import { idsIn } from './place.ts';
import { parseSourceFile, type SourceFile } from './source-file.ts';
import { parseSpec } from './spec.ts';

export const specPath = 'specs/orchestrator-spec.md';
const notYetPath = 'requirements/not-yet.yaml';

export type Tree = {
  readonly sources: Sources;
  readonly files: readonly SourceFile[];
  /** What is wrong with the form of a file. */
  readonly findings: readonly Finding[];
};

/**
 * @param root - The folder of the workspace.
 * @param packageDirs - Relative to the root.
 */
export function readTree(root: string, packageDirs: readonly string[]): Tree {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const find = (...patterns: string[]): readonly string[] =>
    globSync(patterns, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] }).toSorted();
  const files = readSourceFiles(root, packageDirs);
  const spec = parseSpec(specPath, read(specPath));
  const notYet = parseNotYet(notYetPath, read(notYetPath));
  const contracts = find('contracts/openapi/*.yaml');
  const metrics = find('specs/metrics/*.md');
  // History may name what is withdrawn; generated documents say what their sources say.
  const documents = find('*.md', '{docs,contracts,packages,apps,tools,test-harness,ci}/**/*.md').filter(
    (path) => !/(^|\/)(CHANGELOG[^/]*|COMPLIANCE)\.md$/.test(path),
  );
  return {
    files,
    findings: [...spec.findings, ...notYet.findings, ...checkReqTags(files)],
    sources: {
      requirements: spec.requirements,
      contract: contracts.flatMap((path) => readContractLinks(path, read(path))),
      code: readCodeLinks(files),
      tests: readTestLinks(files),
      metrics: metrics.flatMap((path) => readMetricLinks(path, read(path))),
      notYet: notYet.entries,
      mentions: [
        ...files.flatMap(({ path, comments }) => comments.flatMap(({ text, line }) => mentionsIn(path, text, line))),
        ...spec.requirements.flatMap(({ file, line, text }) => mentionsIn(file, text, line)),
        ...[...contracts, ...metrics, ...documents].flatMap((path) => mentionsIn(path, read(path))),
      ],
    },
  };
}

/** The sources of the given packages and of `scripts/`, without what is generated. */
export function readSourceFiles(root: string, packageDirs: readonly string[]): readonly SourceFile[] {
  return globSync([...packageDirs.map((dir) => `${dir}/src/**/*.ts`), 'scripts/*.{mjs,ts}'], { cwd: root })
    .filter((path) => !/(^|\/)generated\/|\.gen\.ts$|\.d\.ts$/.test(path))
    .toSorted()
    .map((path) => parseSourceFile(path, readFileSync(join(root, path), 'utf8')));
}

function mentionsIn(file: string, text: string, firstLine = 1): readonly Mention[] {
  return text.split('\n').flatMap((row, index) => idsIn(row).map((id) => ({ id, file, line: firstLine + index })));
}
