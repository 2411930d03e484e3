/** Values that fit a JSON Schema of the contract, and values that do not quite. It knows the keywords that the contract uses. */
import fc from 'fast-check';
import { type Document, resolve, type Schema } from './openapi.ts';

/** Nesting beyond this is cut: `successor` of a pool is a pool again. */
const maxDepth = 6;

/** Values that fit. */
export function valid(document: Document, value: unknown, depth = 0): fc.Arbitrary<unknown> {
  const schema = resolve(document, value);
  const choices = (schema['oneOf'] ?? schema['anyOf']) as readonly Schema[] | undefined;
  if (choices !== undefined) {
    const shallow = depth < maxDepth ? choices : choices.filter((each) => resolve(document, each)['type'] === 'null');
    return fc.oneof(...(shallow.length > 0 ? shallow : choices.slice(0, 1)).map((each) => valid(document, each, depth + 1)));
  }
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  const types = ([schema['type'] ?? 'object'] as unknown[]).flat() as readonly string[];
  return fc.oneof(...types.map((type) => ofType(document, type, schema, depth)));
}

function ofType(document: Document, type: string, schema: Schema, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: numberOf(schema, 'minimum', 0), max: Math.min(numberOf(schema, 'maximum', 100_000), 2 ** 31 - 1) });
    case 'number':
      return fc.double({ min: numberOf(schema, 'minimum', 0), max: numberOf(schema, 'maximum', 1_000), noNaN: true });
    case 'string':
      return text(schema);
    case 'array': {
      const least = numberOf(schema, 'minItems', 0);
      return fc.array(valid(document, schema['items'], depth + 1), { minLength: least, maxLength: Math.max(least, 3) });
    }
    default:
      return object(document, schema, depth);
  }
}

function text(schema: Schema): fc.Arbitrary<string> {
  if (schema['format'] === 'uuid') return fc.uuid();
  if (schema['format'] === 'date-time')
    return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString());
  const length = { minLength: numberOf(schema, 'minLength', 0), maxLength: Math.min(numberOf(schema, 'maxLength', 200), 200) };
  const { pattern } = schema as { readonly pattern?: string };
  if (pattern === undefined) return fc.string({ ...length, unit: 'grapheme' });
  // The generator of strings from expressions knows no look-ahead; what it forbids is left out afterwards.
  const [, forbidden] = /\(\?!([^)]*)\)/.exec(pattern) ?? [];
  const plain = fc.stringMatching(new RegExp(pattern.replace(/\(\?![^)]*\)/, '')));
  return plain.filter(
    (each) =>
      each.length <= length.maxLength && each.length >= length.minLength && (forbidden === undefined || !each.startsWith(forbidden)),
  );
}

function object(document: Document, schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
  const required = (schema['required'] ?? []) as readonly string[];
  const fields = Object.entries(properties).filter(([name]) => depth < maxDepth || required.includes(name));
  return fc.record(Object.fromEntries(fields.map(([name, each]) => [name, valid(document, each, depth + 1)])), {
    requiredKeys: [...required],
  });
}

const numberOf = (schema: Schema, keyword: string, otherwise: number): number =>
  typeof schema[keyword] === 'number' ? schema[keyword] : otherwise;

const oddities: readonly unknown[] = [
  null,
  '',
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  true,
  [],
  {},
  'x'.repeat(70_000),
  'a\0b',
  '\ud800',
  '../..',
  '__proto__',
  { constructor: 1 },
  [[[]]],
];

/** A fitting value with one place changed: a field left out, added, renamed, or given a value that is odd. */
export function mutated(fitting: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(fitting, fc.integer({ min: 0, max: 3 }), fc.nat(), fc.constantFrom(...oddities))
    .map(([value, kind, place, odd]) => mutate(value, { kind, place, odd }));
}

type Mutation = { readonly kind: number; readonly place: number; readonly odd: unknown };

function mutate(value: unknown, mutation: Mutation): unknown {
  const { kind, place, odd } = mutation;
  if (typeof value !== 'object' || value === null) return odd;
  const keys = Object.keys(value);
  const key = keys[place % Math.max(1, keys.length)];
  if (Array.isArray(value)) return [...(value as unknown[]), odd];
  if (kind === 0 || key === undefined) return { ...value, [`unknown_${place}`]: odd };
  const { [key as never]: chosen, ...others } = value as Record<string, unknown>;
  if (kind === 1) return others;
  // Deeper, where there is a deeper.
  if (kind === 2 && typeof chosen === 'object' && chosen !== null)
    return { ...value, [key]: mutate(chosen, { ...mutation, place: place >>> 3 }) };
  return { ...value, [key]: odd };
}
