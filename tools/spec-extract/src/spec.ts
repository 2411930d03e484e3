/**
 * The requirements of the specification, read from its Markdown tree. It knows nothing of what builds or proves them.
 */
import GithubSlugger from 'github-slugger';
import type { ListItem, Paragraph, Root, RootContent, Strong } from 'mdast';
import { toString } from 'mdast-util-to-string';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import type { Finding } from './finding.ts';

/** RFC 2119's words, the strongest first. */
export const levels = ['MUST', 'SHOULD', 'MAY'] as const;
export type Level = (typeof levels)[number];

export type Requirement = {
  /** `ORCH-NNNN`, without the `-DEPR` of a withdrawn one. */
  readonly id: string;
  readonly isWithdrawn: boolean;
  readonly title: string;
  /** Everything behind the title, as Markdown on one line. */
  readonly text: string;
  /** The heading above it. */
  readonly section: string;
  /** The strongest word of the text; a withdrawn requirement may have none. */
  readonly level: Level | undefined;
  readonly file: string;
  readonly line: number;
  /** Relative to the root, with the anchor of its section. */
  readonly link: string;
};

export type Spec = { readonly requirements: readonly Requirement[]; readonly findings: readonly Finding[] };

const form = /^\[(ORCH-\d{4})(-DEPR)?\] (\S.*)\.$/s;
const expectedForm = 'a list item that begins with `**[ORCH-NNNN] Title.**`';

/**
 * Read every list item of the form `- **[ORCH-NNNN] Title.** Text with MUST, SHOULD or MAY.`
 *
 * @returns The requirements in the document's order, and a finding for each id that is used twice, has no level or has
 *   another form. Where an id is used twice, the first one counts.
 */
export function parseSpec(file: string, text: string): Spec {
  const requirements: Requirement[] = [];
  const findings: Finding[] = [];
  const lineOf = new Map<string, number>();
  const slugs = new GithubSlugger();
  let section = { title: '', link: file };
  for (const node of parseMarkdown(text).children) {
    if (node.type === 'heading') section = { title: toString(node), link: `${file}#${slugs.slug(toString(node))}` };
    for (const opening of openings(node)) {
      const { line } = opening;
      const [, id, suffix, title] = form.exec(opening.item === undefined ? '' : opening.label) ?? [];
      if (id === undefined || title === undefined) {
        findings.push({ file, line, expected: `${expectedForm}, got "${opening.label}"` });
        continue;
      }
      const firstLine = lineOf.get(id);
      if (firstLine !== undefined) {
        findings.push({ file, line, expected: `an id that is new, since none is ever reused; ${id} is that of line ${firstLine}` });
        continue;
      }
      lineOf.set(id, line);
      const level = strongestLevel(opening.item === undefined ? '' : toString(opening.item));
      if (level === undefined && suffix === undefined) findings.push({ file, line, expected: `MUST, SHOULD or MAY in the text of ${id}` });
      requirements.push({
        id,
        isWithdrawn: suffix !== undefined,
        title: title.replaceAll(/\s+/g, ' '),
        text: text.slice(opening.labelEnd, opening.itemEnd).replaceAll(/\s+/g, ' ').trim(),
        section: section.title,
        level,
        file,
        line,
        link: section.link,
      });
    }
  }
  return { requirements, findings };
}

/** GitHub's Markdown, tables included. */
export function parseMarkdown(text: string): Root {
  return unified().use(remarkParse).use(remarkGfm).parse(text);
}

/** A place where a requirement begins, or seems to. */
type Opening = {
  /** The text of the bold words; the begin of the text where there are none. */
  readonly label: string;
  /** `undefined` where it is no list item that begins so. */
  readonly item: ListItem | undefined;
  readonly line: number;
  /** Offsets into the document. */
  readonly labelEnd: number;
  readonly itemEnd: number;
};

function openings(node: RootContent): readonly Opening[] {
  const found: Opening[] = [];
  const seen = new Set<Paragraph>();
  visit(node, (each) => {
    if (each.type === 'listItem') {
      const [first] = each.children;
      if (first?.type !== 'paragraph') return;
      seen.add(first);
      const [lead] = first.children;
      if (lead?.type === 'strong' && isIdLike(toString(lead))) found.push(opening(lead, each));
      else if (isIdLike(toString(first))) found.push(opening(first, undefined));
    } else if ((each.type === 'paragraph' && !seen.has(each)) || each.type === 'heading') {
      if (isIdLike(toString(each))) found.push(opening(each, undefined));
    }
  });
  return found;
}

function opening(label: Strong | RootContent, item: ListItem | undefined): Opening {
  return {
    label: toString(label),
    item,
    line: label.position?.start.line ?? 1,
    labelEnd: label.position?.end.offset ?? 0,
    itemEnd: item?.position?.end.offset ?? 0,
  };
}

/** Whether a text begins like a requirement, rightly or wrongly written. */
function isIdLike(text: string): boolean {
  return /^\s*(\[\s*orch|orch[-_]?\d)/i.test(text);
}

function strongestLevel(text: string): Level | undefined {
  return levels.find((level) => new RegExp(`\\b${level}\\b`).test(text));
}
