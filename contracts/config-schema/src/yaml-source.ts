/**
 * Reads YAML text into a plain value and remembers where each part of it stood. It knows nothing of the schema.
 */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { type Fault, segmentsOf } from './fault.ts';

export type YamlSource = {
  readonly value: unknown;
  /** Position of the deepest part of `path` that the text holds. */
  readonly locate: (path: string) => { readonly line: number; readonly column: number } | undefined;
};

/**
 * Parse one YAML 1.2 document (JSON is one too). Anchors and merge keys work; duplicate keys and further documents are
 * faults.
 */
export const parseYaml = (text: string): YamlSource | { readonly faults: Fault[] } => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  // A tag that is not known would silently become a plain string, so its warning is a fault too.
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0)
    return { faults: problems.map(({ message, pos }) => ({ path: '', message: `not valid YAML: ${message}`, ...at(pos[0]) })) };

  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // Aliases that do not resolve, or that would expand beyond the parser's limit.
    return { faults: [{ path: '', message: `not valid YAML: ${error instanceof Error ? error.message : String(error)}` }] };
  }

  const locate = (path: string) => {
    let node: unknown = document.contents;
    let offset = startOf(document.contents);
    for (const segment of segmentsOf(path)) {
      if (isAlias(node)) node = node.resolve(document);
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === segment);
        if (!pair) break;
        offset = startOf(pair.key) ?? offset;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(segment)];
        offset = startOf(node) ?? offset;
      } else break;
    }
    return offset === undefined ? undefined : at(offset);
  };
  return { value, locate };
};

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);
