/**
 * Code as it would be without the part that owns a requirement: every function under its `@req` throws. Pure; whoever calls it decides
 * where the result is written.
 */
import { parseSync, Visitor } from 'oxc-parser';

type Span = { readonly start: number; readonly end: number };
type Fn = Span & { readonly body: Span & { readonly isBlock: boolean } };

const thrown = "throw new Error('disabled by spec-proof');";

/**
 * @param line - Of the `@req` tag, from 1.
 * @param symbol - What stands below the tag's comment; `undefined` where the comment is the file's.
 * @returns `null` where there is no function to disable: a schema or a type.
 */
export function disableCode(
  path: string,
  text: string,
  { line, symbol }: { readonly line: number; readonly symbol: string | undefined },
): string | null {
  const { program } = parseSync(path, text);
  const from = offsetOfLine(text, line);
  const functions: Fn[] = [];
  const declarations: Span[] = [];
  const note = (node: Span & { readonly body: (Span & { readonly type: string }) | null }): void => {
    if (node.body !== null) {
      const { start, end, type } = node.body;
      functions.push({ start: node.start, end: node.end, body: { start, end, isBlock: type === 'BlockStatement' } });
    }
  };
  const declare = ({ start, end }: Span): void => void declarations.push({ start, end });
  new Visitor({
    FunctionDeclaration: (node) => {
      note(node);
      declare(node);
    },
    FunctionExpression: note,
    ArrowFunctionExpression: note,
    VariableDeclaration: declare,
    ClassDeclaration: declare,
    MethodDefinition: declare,
    PropertyDefinition: declare,
    Property: declare,
    TSInterfaceDeclaration: declare,
    TSTypeAliasDeclaration: declare,
  }).visit(program);
  const owner = symbol === undefined ? { start: 0, end: text.length } : firstAfter(declarations, from);
  if (owner === undefined) return null;
  const inside = functions.filter(({ start, end }) => start >= owner.start && end <= owner.end);
  const outermost = inside.filter((each) => !inside.some((other) => other !== each && other.start <= each.start && each.end <= other.end));
  if (outermost.length === 0) return null;
  // From the end, so that the places before stay where they are.
  return outermost
    .toSorted((a, b) => b.start - a.start)
    .reduce((rest, { body }) => {
      if (body.isBlock) return `${rest.slice(0, body.start + 1)} ${thrown}${rest.slice(body.start + 1)}`;
      return `${rest.slice(0, body.start)}{ ${thrown} }${rest.slice(body.end)}`;
    }, text);
}

/** The outermost of those that begin first behind a place. */
function firstAfter(spans: readonly Span[], from: number): Span | undefined {
  const [first] = spans.filter(({ start }) => start >= from).toSorted((a, b) => a.start - b.start || b.end - a.end);
  return first;
}

function offsetOfLine(text: string, line: number): number {
  let offset = 0;
  for (let each = 1; each < line; each += 1) offset = text.indexOf('\n', offset) + 1;
  return offset;
}
