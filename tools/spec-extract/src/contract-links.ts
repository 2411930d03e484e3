/**
 * Which parts of the OpenAPI documents name which requirements (`x-req-id`). It knows no requirement.
 */
import { isPair, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { idsIn, type Place } from './place.ts';

export type ContractLink = Place & {
  readonly id: string;
  /** `POST /v1/tasks` or `response TooManyRequests`. */
  readonly part: string;
};

const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);

/** Every id of every `x-req-id`, in the document's order. */
export function readContractLinks(file: string, text: string): readonly ContractLink[] {
  const lines = new LineCounter();
  const links: ContractLink[] = [];
  visit(parseDocument(text, { lineCounter: lines }), {
    Pair(_, pair, ancestors) {
      if (!isScalar(pair.key) || pair.key.value !== 'x-req-id' || pair.value === null) return;
      const keys = ancestors.flatMap((each) => (isPair(each) && isScalar(each.key) ? [String(each.key.value)] : []));
      visit(pair.value as Node, {
        Scalar(_, scalar) {
          const { line } = lines.linePos(scalar.range?.[0] ?? 0);
          for (const id of idsIn(String(scalar.value))) links.push({ id, file, line, part: partName(keys) });
        },
      });
    },
  });
  return links;
}

function partName(keys: readonly string[]): string {
  const [top, name, kind] = keys;
  if (top === 'paths' && name !== undefined) return kind !== undefined && methods.has(kind) ? `${kind.toUpperCase()} ${name}` : name;
  if (top === 'components' && name !== undefined && kind !== undefined) return `${name.replace(/s$/, '')} ${kind}`;
  return keys.join(' ') || 'the document';
}
