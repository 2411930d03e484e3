/**
 * What a Markdown file points at inside the repository: its links, and the paths it names in backticks; and the anchors that others
 * may point at. It looks at no disk.
 */
import GithubSlugger from 'github-slugger';
import { toString } from 'mdast-util-to-string';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';

export type Pointer = {
  /** From 1. */
  readonly line: number;
  readonly kind: 'link' | 'path';
  /** As it is written; of a link without its title. */
  readonly target: string;
};

export type MarkdownFile = { readonly pointers: readonly Pointer[]; readonly anchors: ReadonlySet<string> };

const hasScheme = /^[a-z][a-z0-9+.-]*:/i;

/**
 * @param text - The file.
 * @param topLevel - Names of the repository's own top-level files and folders: a word in backticks that begins with one of them, and
 *   has no blank in it, is a path.
 */
export function readMarkdown(text: string, topLevel: ReadonlySet<string>): MarkdownFile {
  const pointers: Pointer[] = [];
  const anchors = new Set<string>();
  const slugs = new GithubSlugger();
  visit(unified().use(remarkParse).use(remarkGfm).parse(text), (node) => {
    const line = node.position?.start.line ?? 1;
    if (node.type === 'heading') anchors.add(slugs.slug(toString(node)));
    if (node.type === 'html') for (const [, id = ''] of node.value.matchAll(/\b(?:id|name)="([^"]+)"/g)) anchors.add(id);
    if ((node.type === 'link' || node.type === 'image' || node.type === 'definition') && !hasScheme.test(node.url)) {
      pointers.push({ line, kind: 'link', target: node.url });
    }
    if (node.type === 'inlineCode' && isPath(node.value, topLevel)) pointers.push({ line, kind: 'path', target: node.value });
  });
  return { pointers, anchors };
}

function isPath(word: string, topLevel: ReadonlySet<string>): boolean {
  if (!/^[\w.@{},*/-]+$/.test(word) || /(^|\/)\.{2,}($|\/)/.test(word)) return false;
  const [first = '', ...rest] = word.split('/');
  // `packages/worker-adapters/NAME` says where a file of the reader's own goes.
  if (rest.some((segment) => /^[A-Z]+$/.test(segment))) return false;
  // A bare word is a path only where it looks like a file: `ci` is a word, `README.md` is not.
  return topLevel.has(first) && (rest.length > 0 || /\.\w+$/.test(first));
}
