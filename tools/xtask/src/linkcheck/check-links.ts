/**
 * Every pointer of every Markdown file against the files of the repository. It knows the files by name; what is in the Markdown
 * ones it is told.
 */
import { dirname, join, matchesGlob, normalize } from 'node:path/posix';
import type { Finding } from '@llama-orch/spec-extract';
import { type MarkdownFile, type Pointer, readMarkdown } from './markdown-links.ts';

/**
 * @param files - All files of the repository, relative to its root, with `/`.
 * @param markdown - The text of each Markdown file among them.
 */
export function checkLinks(files: readonly string[], markdown: ReadonlyMap<string, string>): readonly Finding[] {
  const topLevel = new Set(files.map((file) => file.split('/')[0] ?? file));
  const read = new Map(Array.from(markdown, ([file, text]) => [file, readMarkdown(text, topLevel)]));
  const known = new Set(files.flatMap((file) => [file, ...foldersOf(file)]));
  return Array.from(read).flatMap(([file, { pointers }]) =>
    pointers.flatMap((pointer) => {
      const expected = faultOf(file, pointer, { known, read });
      return expected === undefined ? [] : [{ file, line: pointer.line, expected }];
    }),
  );
}

type Tree = { readonly known: ReadonlySet<string>; readonly read: ReadonlyMap<string, MarkdownFile> };

function faultOf(file: string, { kind, target }: Pointer, { known, read }: Tree): string | undefined {
  if (kind === 'path')
    return pathsOf(target).every((path) => exists(path, known)) ? undefined : `a file of this repository, got \`${target}\``;
  const [path = '', anchor] = decodeURI(target).split('#');
  const place = path === '' ? file : trimmed(path.startsWith('/') ? path.slice(1) : normalize(join(dirname(file), path)));
  if (place.startsWith('../')) return `a link that stays in this repository, got ${target}`;
  if (place !== '.' && !known.has(place)) return `a link to a file that exists, got ${target}`;
  if (anchor === undefined) return undefined;
  const anchors = read.get(place)?.anchors;
  if (anchors === undefined) return /^L\d+(-L\d+)?$/.test(anchor) ? undefined : `an anchor only into Markdown, got ${target}`;
  return anchors.has(anchor) ? undefined : `a heading of ${place} for #${anchor}`;
}

/** `a/{b,c}.ts` names two files. */
function pathsOf(target: string): readonly string[] {
  const [whole, list] = /\{([^{}]*)\}/.exec(target) ?? [];
  if (whole === undefined || list === undefined) return [trimmed(target)];
  return list.split(',').flatMap((each) => pathsOf(target.replace(whole, each.trim())));
}

function exists(path: string, known: ReadonlySet<string>): boolean {
  return path.includes('*') ? Array.from(known).some((each) => matchesGlob(each, path)) : known.has(path);
}

const trimmed = (path: string): string => path.replace(/\/+$/, '');

function foldersOf(file: string): readonly string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
