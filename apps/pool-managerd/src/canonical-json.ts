/**
 * One byte form for one value, so that digests of equal facts are equal on every host. It knows no fact.
 */
import { createHash } from 'node:crypto';

/** What may be digested: plain data, no `undefined`. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** JSON with the keys of every object sorted by code unit and no spaces. */
export const canonicalJson = (value: JsonValue): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const object = value as { readonly [key: string]: JsonValue };
    const members = Object.keys(object)
      .toSorted()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] ?? null)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
};

/** `sha256:` and the hex digest of the canonical form. */
export const digestOf = (value: JsonValue): string => `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
