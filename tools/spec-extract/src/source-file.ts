/**
 * One source file, parsed once: its imports, comments, declarations and tests with their places. It judges nothing.
 */
import { type CallExpression, type Expression, parseSync, Visitor } from 'oxc-parser';

export type Import = {
  readonly specifier: string;
  readonly line: number;
  /** Nothing of it is left at run time: `import type`, `export type … from`, `import('x').T`. */
  readonly isTypeOnly: boolean;
};

export type Comment = {
  readonly text: string;
  readonly line: number;
  /** The name of the declaration, member or field that this comment stands before, or `undefined`. */
  readonly symbol: string | undefined;
};

/** A call of `test`, `it` or `describe`, also through `.each`, `.skip` and the like. */
export type TestCall = {
  /** The literal text of its title; `…` stands for each part that is computed. */
  readonly title: string;
  /** Matches the titles under which it runs, whatever the computed parts and the rows of `.each` are. */
  readonly pattern: RegExp;
  /** The names behind the dot: `test.skip.each(…)` has `skip` and `each`. */
  readonly modifiers: readonly string[];
  readonly line: number;
};

export type SourceFile = {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly isTest: boolean;
  readonly imports: readonly Import[];
  readonly comments: readonly Comment[];
  readonly tests: readonly TestCall[];
  /** The comment before the first statement, or `undefined`. */
  readonly opening: string | undefined;
};

/** @throws Error naming the file and the fault when the text is no TypeScript. */
export function parseSourceFile(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text);
  const [fault] = errors;
  if (fault !== undefined) throw new Error(`${path}: ${fault.message}`);
  const lineAt = lineFinder(text);
  const imports: Import[] = [];
  const tests: TestCall[] = [];
  const symbols: Symbol[] = [];
  const makers = new Set<CallExpression>();
  const note = (source: { value: unknown } | null, start: number, isTypeOnly: boolean): void => {
    if (source !== null && typeof source.value === 'string') imports.push({ specifier: source.value, line: lineAt(start), isTypeOnly });
  };
  const declare = (name: Named | null): void => {
    const text = name === null ? undefined : (name.name ?? name.value);
    if (name !== null && typeof text === 'string') symbols.push({ name: text, start: name.start });
  };
  new Visitor({
    FunctionDeclaration: (node) => declare(node.id),
    ClassDeclaration: (node) => declare(node.id),
    TSInterfaceDeclaration: (node) => declare(node.id),
    TSTypeAliasDeclaration: (node) => declare(node.id),
    VariableDeclarator: (node) => declare(node.id),
    MethodDefinition: (node) => declare(node.key),
    PropertyDefinition: (node) => declare(node.key),
    TSPropertySignature: (node) => declare(node.key),
    TSMethodSignature: (node) => declare(node.key),
    Property: (node) => declare(node.key),
    ImportDeclaration: (node) => note(node.source, node.start, node.importKind === 'type'),
    ExportNamedDeclaration: (node) => note(node.source, node.start, node.exportKind === 'type'),
    ExportAllDeclaration: (node) => note(node.source, node.start, node.exportKind === 'type'),
    ImportExpression: (node) => note(node.source.type === 'Literal' ? node.source : null, node.start, false),
    TSImportType: (node) => note(node.source, node.start, true),
    CallExpression: (node) => {
      // `test.each(rows)('title', …)`: the inner call makes a test function and is no test itself. Outer calls come first.
      if (node.callee.type === 'CallExpression') makers.add(node.callee);
      const call = makers.has(node) ? undefined : testCall(node);
      if (call !== undefined) tests.push({ ...call, line: lineAt(node.start) });
    },
  }).visit(program);
  const first = comments.find(({ start }) => start < (program.body[0]?.start ?? text.length));
  return {
    path,
    isTest: path.endsWith('.test.ts'),
    imports,
    tests,
    comments: comments.map(({ value, start, end }) => ({ text: value, line: lineAt(start), symbol: symbolAfter(end, { text, symbols }) })),
    opening: first?.value,
  };
}

/** What may name something in the syntax tree: an identifier has `name`, a literal key `value`. */
type Named = { readonly start: number; readonly name?: unknown; readonly value?: unknown };

type Symbol = { readonly name: string; readonly start: number };

/** Between a docstring and the name that it belongs to stand only words like `export const`. */
function symbolAfter(end: number, { text, symbols }: { text: string; symbols: readonly Symbol[] }): string | undefined {
  let next: Symbol | undefined;
  for (const symbol of symbols) if (symbol.start >= end && symbol.start < (next?.start ?? Number.POSITIVE_INFINITY)) next = symbol;
  return next !== undefined && /^[\s\w*#[]*$/.test(text.slice(end, next.start)) ? next.name : undefined;
}

const testNames = new Set(['test', 'it', 'describe']);

function testCall(node: CallExpression): Omit<TestCall, 'line'> | undefined {
  const modifiers: string[] = [];
  let callee: Expression = node.callee;
  // `test.each(rows)('title', …)` is a call of what a call gave.
  while (callee.type === 'MemberExpression' || callee.type === 'CallExpression') {
    if (callee.type === 'CallExpression') {
      callee = callee.callee;
      continue;
    }
    if (callee.property.type === 'Identifier') modifiers.unshift(callee.property.name);
    callee = callee.object;
  }
  if (callee.type !== 'Identifier' || !testNames.has(callee.name)) return undefined;
  const [title] = node.arguments;
  if (title?.type === 'Literal' && typeof title.value === 'string') return named([title.value], modifiers);
  if (title?.type === 'TemplateLiteral') {
    return named(
      title.quasis.map(({ value }) => value.cooked ?? ''),
      modifiers,
    );
  }
  return named(['', ''], modifiers);
}

/** @param parts - The literal parts of the title, in order; something computed stands between each two. */
function named(parts: readonly string[], modifiers: readonly string[]): Omit<TestCall, 'line'> {
  // Vitest fills `%s` and `$field` from the rows of `.each` and `.for`.
  const takesRows = modifiers.includes('each') || modifiers.includes('for');
  const literals = takesRows ? parts.flatMap((part) => part.split(/%[sdifjoOc#$%]|\$[\w#.]+/)) : parts;
  return { title: parts.join('…'), pattern: new RegExp(`^${literals.map(escapePattern).join('[^]*')}$`), modifiers };
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

/** Offsets to lines; both count UTF-16 units. */
function lineFinder(text: string): (offset: number) => number {
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
