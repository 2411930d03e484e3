/**
 * Which code and which tests name which requirements: `@req` lines of docstrings, and ids in the titles of tests. It
 * knows no requirement.
 */
import type { Finding } from './finding.ts';
import { idsIn, type Place } from './place.ts';
import type { Comment, SourceFile, TestCall } from './source-file.ts';

export type CodeLink = Place & {
  readonly id: string;
  /** The declaration under the docstring; `undefined` where the docstring is the file's. */
  readonly symbol: string | undefined;
};

export type TestLink = Place & {
  readonly id: string;
  readonly call: TestCall;
  /** It stands in a suite that other files run, so its results carry their names. */
  readonly isShared: boolean;
};

/** What an `@req` line holds behind the tag, and where. */
type ReqTag = Place & { readonly list: string; readonly symbol: string | undefined };

/** The `@req` lines of all code but tests, in the files' order. */
export function readCodeLinks(files: readonly SourceFile[]): readonly CodeLink[] {
  return files
    .filter(({ isTest }) => !isTest)
    .flatMap((source) => reqTags(source).flatMap(({ list, ...place }) => idsIn(list).map((id) => ({ id, ...place }))));
}

export function readTestLinks(files: readonly SourceFile[]): readonly TestLink[] {
  return files.flatMap(({ path, tests, isTest }) =>
    tests.flatMap((call) => idsIn(call.title).map((id) => ({ id, file: path, line: call.line, call, isShared: !isTest }))),
  );
}

/** `@req` lines that are no list of ids. */
export function checkReqTags(files: readonly SourceFile[]): readonly Finding[] {
  return files.flatMap((source) =>
    reqTags(source).flatMap(({ file, line, list }) =>
      /^\s+ORCH-\d{4}(\s*,\s*ORCH-\d{4})*[\s.]*$/.test(list)
        ? []
        : [{ file, line, expected: `\`@req ORCH-NNNN, ORCH-NNNN\`, got \`@req${list.trimEnd()}\`` }],
    ),
  );
}

function reqTags({ path, comments }: SourceFile): readonly ReqTag[] {
  return comments.flatMap((comment) => tagsOf(path, comment));
}

function tagsOf(file: string, { text, line, symbol }: Comment): readonly ReqTag[] {
  return text.split('\n').flatMap((row, index) => {
    // A tag opens its line; a sentence about `@req` is none.
    const [, list] = /^[\s*]*@req\b(.*)$/.exec(row) ?? [];
    return list === undefined ? [] : [{ file, line: line + index, list, symbol }];
  });
}
