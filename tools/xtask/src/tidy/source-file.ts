/**
 * One source file, parsed once: its imports, comments and tests with their places. It judges nothing.
 */
import { type CallExpression, type Expression, parseSync, Visitor } from 'oxc-parser';

export type Import = {
  readonly specifier: string;
  readonly line: number;
  /** Nothing of it is left at run time: `import type`, `export type … from`, `import('x').T`. */
  readonly isTypeOnly: boolean;
};

export type Comment = { readonly text: string; readonly line: number };

/** A call of `test`, `it` or `describe`, also through `.each`, `.skip` and the like. */
export type TestCall = {
  /** The literal text of its title; parts that are computed are left out. */
  readonly title: string;
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
  const makers = new Set<CallExpression>();
  const note = (source: { value: unknown } | null, start: number, isTypeOnly: boolean): void => {
    if (source !== null && typeof source.value === 'string') imports.push({ specifier: source.value, line: lineAt(start), isTypeOnly });
  };
  new Visitor({
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
    comments: comments.map(({ value, start }) => ({ text: value, line: lineAt(start) })),
    opening: first?.value,
  };
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
  if (title?.type === 'Literal' && typeof title.value === 'string') return { title: title.value, modifiers };
  if (title?.type === 'TemplateLiteral') return { title: title.quasis.map(({ value }) => value.cooked ?? '').join(' '), modifiers };
  return { title: '', modifiers };
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
