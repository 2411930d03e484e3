/**
 * How one field of the config is written: its type, unit, default and bounds in one call, so that no field can lack
 * them. It owns the form of fields and knows none of them.
 */
import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox';

/** The longest delay a timer of the platform can hold; longer ones would fire at once. */
export const maxTimerMs = 2_147_483_647;

type Bounds = { readonly default?: number; readonly minimum: number; readonly maximum: number };

const withUnit = (description: string, unit: string, bounds: Bounds) => ({
  description: `${description} Unit: ${unit}.`,
  ...bounds,
});

/** A duration in milliseconds, at least 1 unless `minimum` says otherwise. */
export const milliseconds = (description: string, bounds: Partial<Bounds>) =>
  Type.Integer(withUnit(description, 'milliseconds', { minimum: 1, maximum: maxTimerMs, ...bounds }));

/** A whole number of something. */
export const count = (description: string, unit: string, bounds: Bounds) => Type.Integer(withUnit(description, unit, bounds));

/** A size in bytes. */
export const bytes = (description: string, bounds: Partial<Bounds>) =>
  Type.Integer(withUnit(description, 'bytes', { minimum: 0, maximum: Number.MAX_SAFE_INTEGER, ...bounds }));

/** A number that need not be whole. */
export const ratio = (description: string, unit: string, bounds: Bounds) => Type.Number(withUnit(description, unit, bounds));

/** A switch. */
export const flag = (description: string, value: boolean) => Type.Boolean({ description, default: value });

/** One word of a closed list. */
export const choice = <const Words extends readonly string[]>(words: Words, options: { description: string; default?: Words[number] }) =>
  Type.Unsafe<Words[number]>({ type: 'string', enum: words, ...options });

/** Ids become part of URLs, file names and metric labels, so they keep to this alphabet. */
export const idPattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';

/** The id of a pool, tenant, key or agent. */
export const id = (description: string, options: { default?: string } = {}) =>
  Type.String({ description: `${description} Letters, digits, \`.\`, \`_\`, \`-\`; at most 63.`, pattern: idPattern, ...options });

/** A SHA-256 as `sha256:` and 64 hex digits. */
export const sha256 = (description: string) => Type.String({ description, pattern: '^sha256:[0-9a-f]{64}$' });

/** A TCP address `HOST:PORT`; an IPv6 host stands in brackets; port 0 picks one. */
export const listenAddress = (description: string, value: string) =>
  Type.String({ description, default: value, pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$' });

/** A path of the local file system. */
export const path = (description: string, options: { default?: string } = {}) =>
  Type.String({ description, minLength: 1, maxLength: 4096, ...options });

/** An `http` or `https` URL without credentials, query or fragment. */
export const httpUrl = (description: string, options: { default?: string } = {}) =>
  Type.String({ description, pattern: '^https?://[^\\s/?#@]+(/[^\\s?#@]*)?$', ...options });

/**
 * A closed object. Fields that have a default, and those named in `filled`, may be left out of the file, yet are
 * always there once it is read; so the static type (`Type.Static`) is the config *after* reading, and
 * the schema's `required` is what the *file* must hold.
 *
 * @param filled - Fields that {@link completeConfig} derives from other fields.
 */
export const section = <Properties extends TProperties>(
  description: string,
  properties: Properties,
  options: { readonly filled?: readonly (keyof Properties & string)[]; readonly default?: object } = {},
): TObject<Properties> => {
  const { filled = [], ...rest } = options;
  const schema = Type.Object(properties, { description, additionalProperties: false, ...rest });
  const mayBeLeftOut = (name: string, field: TSchema) => Type.IsOptional(field) || 'default' in field || filled.includes(name);
  const required = Object.entries(properties).flatMap(([name, field]) => (mayBeLeftOut(name, field) ? [] : [name]));
  return Object.assign(schema, { required });
};

/** A list, empty by default unless `required`. */
export const list = <Item extends TSchema>(
  description: string,
  item: Item,
  options: { default?: Static<Item>[]; minItems?: number; maxItems?: number; uniqueItems?: boolean } = {},
) => Type.Array(item, { description, ...options });
