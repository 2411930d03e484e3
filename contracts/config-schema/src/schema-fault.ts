/**
 * Says in words what the JSON Schema validator found. It knows the validator's keywords and no field of ours.
 */
import type { ErrorObject } from 'ajv';
import { type Fault, pointer } from './fault.ts';
import { didYouMean } from './nearest-name.ts';

/** True for a field that its closed object does not have; false for a bad name in a map such as `models`. */
export const isUnknownField = ({ keyword, parentSchema }: ErrorObject): boolean =>
  keyword === 'additionalProperties' && namesIn(parentSchema, 'patternProperties').length === 0;

/** The name that {@link isUnknownField} found. */
export const unknownNameOf = (error: ErrorObject): string => String(error.params['additionalProperty']);

/** One validator error (with `verbose`, so that it carries its data and schema) as a fault. */
export const toFault = (error: ErrorObject): Fault => {
  const { keyword, instancePath: path, params, parentSchema, data } = error;
  switch (keyword) {
    case 'additionalProperties': {
      const name = unknownNameOf(error);
      const [pattern] = namesIn(parentSchema, 'patternProperties');
      const message = pattern
        ? `is not a possible name here; it must match ${pattern}`
        : `unknown field${didYouMean(name, namesIn(parentSchema, 'properties'))}`;
      return { path: pointer(path, name), message };
    }
    case 'required':
      return { path: pointer(path, String(params['missingProperty'])), message: 'is required' };
    case 'type': {
      const wanted = String(params['type']);
      const quote = wanted === 'string' && (typeof data === 'number' || typeof data === 'boolean') ? '; put it in quotes' : '';
      return { path, message: `must be ${wanted === 'object' ? 'a mapping' : wanted}, got ${describe(data)}${quote}` };
    }
    case 'enum': {
      const words = stringsIn(params['allowedValues']);
      return { path, message: `must be one of ${words.join(', ')}, got ${describe(data)}${didYouMean(String(data), words)}` };
    }
    case 'discriminator': {
      const tag = String(params['tag']);
      const words = branchesOf(parentSchema, tag);
      return { path: pointer(path, tag), message: `must be one of ${words.join(', ')}, got ${describe(params['tagValue'])}` };
    }
    // The value itself could be a key that landed in the wrong field, so it is not repeated.
    case 'pattern':
      return { path, message: `must match ${String(params['pattern'])}` };
    case 'minimum':
    case 'maximum':
      return { path, message: `must be ${String(params['comparison'])} ${String(params['limit'])}, got ${String(data)}` };
    case 'uniqueItems':
      return { path: pointer(path, Number(params['i'])), message: `repeats item ${String(params['j'])}` };
    default:
      return { path, message: error.message ?? keyword };
  }
};

/** A value as far as it may be shown. */
export const describe = (value: unknown): string => {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return value.length > 40 ? 'a long text' : `"${value}"`;
  return typeof value === 'number' || typeof value === 'boolean' ? `${typeof value} ${value}` : typeof value;
};

/** A mapping, as YAML and JSON give it. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const namesIn = (schema: ErrorObject['parentSchema'], keyword: string): string[] => {
  const part: unknown = schema?.[keyword];
  return isRecord(part) ? Object.keys(part) : [];
};

const stringsIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

const branchesOf = (schema: ErrorObject['parentSchema'], tag: string): string[] => {
  const branches: unknown = schema?.['oneOf'];
  if (!Array.isArray(branches)) return [];
  return branches.flatMap((branch: unknown) => {
    const properties = isRecord(branch) ? branch['properties'] : undefined;
    const property = isRecord(properties) ? properties[tag] : undefined;
    return isRecord(property) ? [String(property['const'])] : [];
  });
};
