/**
 * The rules of docs/style.md that concern one file alone and that the linter does not know. It reads no file.
 */
import { basename } from 'node:path/posix';
import type { Finding, SourceFile } from '@llama-orch/spec-extract';

const nounless = new Set(['utils', 'util', 'common', 'helpers', 'helper', 'misc', 'types']);

/** What hides a test, or all others. A test that cannot run here says so by `context.skip('why')`. */
const hidingModifiers = new Set(['skip', 'only', 'todo', 'skipIf', 'runIf', 'fails']);

export function checkHouseStyle(files: readonly SourceFile[]): readonly Finding[] {
  return files.flatMap((file) => [...checkName(file), ...checkOpening(file), ...checkMarks(file), ...checkModifiers(file)]);
}

function checkName({ path }: SourceFile): readonly Finding[] {
  const stem = basename(path).replace(/\..*$/, '');
  if (nounless.has(stem)) return [{ file: path, line: 1, expected: `a file named after what it owns, got "${stem}"` }];
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem)) return [{ file: path, line: 1, expected: `a name in kebab-case, got "${stem}"` }];
  return [];
}

function checkOpening({ path, opening, isTest }: SourceFile): readonly Finding[] {
  // The names of tests are sentences already.
  if (isTest) return [];
  const words = opening?.match(/\p{L}+/gu)?.length ?? 0;
  return words >= 4 ? [] : [{ file: path, line: 1, expected: 'a comment that opens the file: what it owns, and what it must not know' }];
}

function checkMarks({ path, comments }: SourceFile): readonly Finding[] {
  return comments.flatMap(({ text, line }) => {
    const mark = /\b(TODO|FIXME|XXX|HACK)\b/.exec(text);
    if (mark === null || /ORCH-\d{4}|#\d+/.test(text)) return [];
    return [{ file: path, line, expected: `an id (ORCH-NNNN or #N) beside \`${mark[1]}\`, or the work done` }];
  });
}

function checkModifiers({ path, tests }: SourceFile): readonly Finding[] {
  return tests.flatMap(({ modifiers, line }) => {
    const hiding = modifiers.find((each) => hidingModifiers.has(each));
    return hiding === undefined
      ? []
      : [{ file: path, line, expected: `a test without \`.${hiding}\`; what cannot run here says why by context.skip('reason')` }];
  });
}
