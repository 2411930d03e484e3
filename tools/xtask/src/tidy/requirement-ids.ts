/**
 * Holds every requirement id that code, tests and contracts name against the spec. It reads no file.
 */
import type { Finding } from './finding.ts';
import type { SourceFile } from './source-file.ts';

/** The ids of the spec that are in force; a withdrawn one (`-DEPR`) is none. */
export function parseRequirementIds(spec: string): ReadonlySet<string> {
  return new Set(Array.from(spec.matchAll(/^- \*\*\[(ORCH-\d{4})\]/gm), ([, id]) => id ?? ''));
}

/** `@req` lines of docstrings, and `[ORCH-…]` in the titles of tests. */
export function checkRequirementIds(files: readonly SourceFile[], known: ReadonlySet<string>): readonly Finding[] {
  return files.flatMap((file) => [
    ...file.comments.flatMap((comment) => checkReqTags(file.path, comment, known)),
    ...file.tests.flatMap(({ title, line }) => unknownIds(title, known).map((id) => ({ file: file.path, line, expected: unknownId(id) }))),
  ]);
}

/** `x-req-id` of an OpenAPI document. */
export function checkContractIds(path: string, yaml: string, known: ReadonlySet<string>): readonly Finding[] {
  return yaml
    .split('\n')
    .flatMap((text, index) =>
      text.includes('x-req-id') ? unknownIds(text, known).map((id) => ({ file: path, line: index + 1, expected: unknownId(id) })) : [],
    );
}

function checkReqTags(path: string, { text, line }: { text: string; line: number }, known: ReadonlySet<string>): readonly Finding[] {
  return text.split('\n').flatMap((row, index) => {
    const [, list] = /(?:^|\s)@req\b(.*)$/.exec(row) ?? [];
    if (list === undefined) return [];
    const place = { file: path, line: line + index };
    if (!/^\s+ORCH-\d{4}(\s*,\s*ORCH-\d{4})*[\s.]*$/.test(list)) {
      return [{ ...place, expected: `\`@req ORCH-NNNN, ORCH-NNNN\`, got \`@req${list}\`` }];
    }
    return unknownIds(list, known).map((id) => ({ ...place, expected: unknownId(id) }));
  });
}

function unknownIds(text: string, known: ReadonlySet<string>): readonly string[] {
  return Array.from(text.matchAll(/ORCH-\d+/g), ([id]) => id).filter((id) => !known.has(id));
}

function unknownId(id: string): string {
  return `an id of specs/orchestrator-spec.md that is in force, got ${id}`;
}
