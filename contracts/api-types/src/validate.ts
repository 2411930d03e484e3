/**
 * Checks values against the schemas of the OpenAPI documents and says what is wrong with them, for people. The schemas are generated;
 * this file owns only the words.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { components as AgentComponents } from './generated/agent.ts';
import type { components as ControlComponents } from './generated/control.ts';
import type { components as DataComponents } from './generated/data.ts';
import { type SchemaName, schemaBundle } from './generated/validators.ts';
import { OrchError } from './orch-error.ts';

/** The type of each component schema. */
export type SchemaTypes = DataComponents['schemas'] & ControlComponents['schemas'] & AgentComponents['schemas'];

/** One fault: `path` is a JSON pointer, empty for the value as a whole. */
export type Fault = DataComponents['schemas']['Fault'];

/** What {@link validate} found; `faults` is never empty and holds at most {@link maxFaults}, one for each path. */
export type Validation<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly faults: readonly Fault[] };

/** A hostile body can hold millions of faults; nobody reads more than these. */
export const maxFaults = 20;

/**
 * Check one value against one component schema. The value is neither changed nor filled with defaults; no fault quotes it.
 *
 * @returns All faults of a value of at most 1,000 parts, the first fault of a larger one.
 * @req ORCH-2006
 */
export function validate<Name extends SchemaName>(name: Name, value: unknown): Validation<SchemaTypes[Name]> {
  const quick = compiled(name, 'first');
  if (quick(value)) {
    // The schema and the type are generated from the same component.
    return { ok: true, value: value as SchemaTypes[Name] };
  }
  const first = quick.errors ?? [];
  if (!hasAtMost(1_000, value)) {
    return { ok: false, faults: toFaults(first) };
  }
  const whole = compiled(name, 'all');
  whole(value);
  return { ok: false, faults: toFaults(whole.errors ?? first) };
}

/**
 * The value as the type of a component schema.
 *
 * @throws OrchError `invalid-params` whose message names the first fault and whose details list them.
 */
export function parseAs<Name extends SchemaName>(name: Name, value: unknown): SchemaTypes[Name] {
  const checked = validate(name, value);
  if (checked.ok) {
    return checked.value;
  }
  throw invalidParams(checked.faults);
}

/** The error of a request with these faults, its message naming the first of them. */
export function invalidParams(faults: readonly Fault[]): OrchError {
  const [first] = faults;
  const where = first === undefined ? '' : ` ${first.path === '' ? 'the value' : first.path}: ${first.message}.`;
  return new OrchError('invalid-params', { message: `The request does not fit its schema:${where}`, details: { faults: [...faults] } });
}

type Depth = 'first' | 'all';

const ajvs: Partial<Record<Depth, Ajv2020>> = {};
const checks = new Map<string, ValidateFunction>();

/** Compiles at first use: a service needs a few of the schemas, and compiling all takes a noticeable part of its start. */
function compiled(name: SchemaName, depth: Depth): ValidateFunction {
  const key = `${depth} ${name}`;
  const known = checks.get(key);
  if (known !== undefined) {
    return known;
  }
  ajvs[depth] ??= createAjv(depth);
  const check = ajvs[depth].compile({ $ref: `${schemaBundle.$id}#/$defs/${name}` });
  checks.set(key, check);
  return check;
}

function createAjv(depth: Depth): Ajv2020 {
  // `strict` refuses unknown keywords, so a typing error in a document fails at the first compile. What is relaxed is legal JSON
  // Schema that the documents use: `if` and `allOf` parts without the types and properties of their siblings, unions with `null`.
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    strictTypes: false,
    allowUnionTypes: true,
    allErrors: depth === 'all',
    verbose: true,
  });
  addFormats.default(ajv, ['uuid', 'uri', 'date-time']);
  ajv.addKeyword({ keyword: 'x-fault', schemaType: 'string' });
  ajv.addSchema(schemaBundle);
  return ajv;
}

/** Whether a JSON value has at most `limit` parts (values and fields); looks at no more than these. */
function hasAtMost(limit: number, value: unknown): boolean {
  let left = limit;
  const open: unknown[] = [value];
  while (open.length > 0 && left > 0) {
    left -= 1;
    const next = open.pop();
    if (Array.isArray(next)) {
      if (next.length > left) {
        return false;
      }
      open.push(...next);
    } else if (typeof next === 'object' && next !== null) {
      open.push(...Object.values(next));
    }
  }
  return open.length === 0;
}

/** One fault for each path: the first error there, or all words of a union's constants. */
function toFaults(errors: readonly ErrorObject[]): readonly Fault[] {
  const byPath = new Map<string, Fault>();
  // A union with `null` also complains that the value is not null, and in the end of itself: say these only where nothing else is said.
  const telling = errors.filter((error) => error.keyword !== 'if' && error.keyword !== 'oneOf' && !isNullBranch(error));
  for (const error of telling.length > 0 ? telling : errors) {
    const fault = toFault(error);
    const earlier = byPath.get(fault.path);
    if (earlier === undefined && byPath.size < maxFaults) {
      byPath.set(fault.path, fault);
    } else if (
      earlier?.expected !== undefined &&
      fault.expected !== undefined &&
      error.keyword === 'const' &&
      !earlier.expected.includes(fault.expected)
    ) {
      const expected = `${earlier.expected}, ${fault.expected}`;
      byPath.set(fault.path, { path: fault.path, message: `expected one of ${expected}`, expected });
    }
  }
  return [...byPath.values()];
}

function isNullBranch(error: ErrorObject): boolean {
  return error.keyword === 'type' && error.schema === 'null';
}

function toFault(error: ErrorObject): Fault {
  const { instancePath: path, keyword, params, parentSchema, data } = error;
  const said: unknown = parentSchema?.['x-fault'];
  switch (keyword) {
    case 'additionalProperties': {
      const expected = Object.keys((parentSchema?.['properties'] ?? {}) as object).join(', ');
      return { path: `${path}/${pointerPart(String(params['additionalProperty']))}`, message: 'unknown field', expected };
    }
    case 'required':
      return { path: `${path}/${pointerPart(String(params['missingProperty']))}`, message: typeof said === 'string' ? said : 'missing' };
    case 'type': {
      const expected = [params['type']].flat().join(' or ');
      return { path, message: `expected ${expected}, got ${typeName(data)}`, expected };
    }
    case 'enum': {
      const expected = (params['allowedValues'] as readonly unknown[]).map((word) => JSON.stringify(word)).join(', ');
      return { path, message: `expected one of ${expected}`, expected };
    }
    case 'const': {
      const expected = JSON.stringify(params['allowedValue']);
      return { path, message: `expected ${expected}`, expected };
    }
    case 'pattern': {
      const expected = String(params['pattern']);
      return { path, message: typeof said === 'string' ? said : `expected text that matches ${expected}`, expected };
    }
    case 'oneOf':
    case 'anyOf':
      return { path, message: 'fits none of the allowed forms' };
    default:
      return { path, message: typeof said === 'string' ? said : (error.message ?? keyword) };
  }
}

function typeName(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'array';
  }
  return typeof value === 'number' && !Number.isInteger(value) ? 'a fraction' : typeof value;
}

/** A field's name inside a JSON pointer; a very long one is cut, for it comes from the request. */
function pointerPart(name: string): string {
  const short = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return short.replaceAll('~', '~0').replaceAll('/', '~1');
}
