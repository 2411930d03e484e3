/**
 * The scripted engine's model: text and tokens as functions of their input, so that two processes given the same
 * prompt and seed say the same. It owns no state.
 */
import { randomInt } from 'node:crypto';

const words = [
  ' river',
  ' stone',
  ' in',
  ' the',
  ' light',
  ' of',
  ' a',
  ' quiet',
  ' moon',
  ' snow',
  ' falls',
  ' on',
  ' old',
  ' roofs',
  ' and',
  ' wind',
  ' turns',
  ' each',
  ' leaf',
  ' slow',
  ' as',
  ' smoke',
  ',',
  '.',
  '\n',
  ' café',
  ' 月',
  ' 雪',
  ' über',
  ' 🌊',
];

const wordAt = (key: number, index: number): number => mix(key ^ Math.imul(index + 1, 0x9e3779b1)) % words.length;

/** Text of the token at `index` of the answer under `key`. */
export const tokenText = (key: number, index: number): string => words[wordAt(key, index)] ?? '';

/** What a broken replica says in the place of {@link tokenText}. */
export const wrongTokenText = (key: number, index: number): string => words[(wordAt(key, index) + 1) % words.length] ?? '';

/**
 * The one number that all text of an answer depends on.
 *
 * @param params - Whatever else of the request or of the model changes its text.
 */
export const answerKey = (prompt: string, seed: number, params = ''): number =>
  mix(hashOf(prompt, hashOf(params, 0x811c9dc5 ^ seed)) ^ Math.imul(seed, 0x85ebca6b));

const hashOf = (text: string, start: number): number => {
  let hash = start;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
};

const mix = (value: number): number => {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};

/** Begin of sequence; counted in every prompt. */
export const bosToken = 1;
export const eosToken = 2;
/** A control token that spells nothing. */
const silentToken = 3;

/** Bytes in one token of a prompt, about what real vocabularies reach. */
const bytesPerToken = 4;
/** Most bytes that one id can spell: 2^53 leaves 6 of them beside their count. */
const maxSpelledBytes = 6;

/** Ids of a text; each spells its bytes, so that {@link detokenize} needs no table. */
export const tokenize = (text: string): readonly number[] => {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / bytesPerToken) }, (_, i) =>
    spell(bytes.subarray(i * bytesPerToken, (i + 1) * bytesPerToken)),
  );
};

/** Tokens of a prompt as the engine counts them, without making the ids. */
export const promptTokens = (prompt: string): number => Math.ceil(Buffer.byteLength(prompt) / bytesPerToken) + 1;

/** Id of a piece of generated text: of its last bytes where it is longer than an id can spell. */
export const tokenIdOf = (text: string): number => spell(Buffer.from(text).subarray(-maxSpelledBytes));

/** Ids of a piece of generated text that is so many tokens; together they spell it, where an id can spell its share. */
export const tokenIdsOf = (text: string, tokens: number): readonly number[] => {
  const bytes = Buffer.from(text);
  const share = Math.max(1, Math.ceil(bytes.length / tokens));
  return Array.from({ length: tokens }, (_, i) => {
    const piece = bytes.subarray(i * share, (i + 1) * share);
    return piece.length === 0 ? silentToken : spell(piece.subarray(-maxSpelledBytes));
  });
};

export const detokenize = (ids: readonly number[]): string => Buffer.concat(ids.map(bytesOf)).toString('utf8');

/** Small ids are control tokens, so the byte count is kept one up. */
const spell = (bytes: Uint8Array): number => {
  let value = bytes.length + 1;
  for (const byte of bytes) value = value * 256 + byte;
  return value;
};

const bytesOf = (id: number): Buffer => {
  if (id === bosToken) return Buffer.from('<s>');
  if (id === eosToken) return Buffer.from('</s>');
  const bytes: number[] = [];
  let rest = id;
  while (rest >= 256) {
    bytes.unshift(rest % 256);
    rest = Math.floor(rest / 256);
  }
  return rest === bytes.length + 1 ? Buffer.from(bytes) : Buffer.alloc(0);
};

/** Text of one id; its bytes, where they are only a part of a character. */
export const pieceOf = (id: number): string | readonly number[] => {
  const bytes = bytesOf(id);
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : [...bytes];
};

/** Sampling fields of a request, in the order given, as one text: what else than prompt and seed changes an answer. */
export const samplingParams = (body: Readonly<Record<string, unknown>>, fields: readonly string[]): string =>
  JSON.stringify(fields.map((field) => body[field] ?? null));

/** For requests that sample and name no seed. */
export const drawSeed = (): number => randomInt(2 ** 32 - 1);

/** The texts in a request's list. */
export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

const vectorLength = 8;

/** A unit vector that depends on the text alone. */
export const vectorOf = (text: string): readonly number[] => {
  const key = answerKey(text, 0);
  const raw = Array.from({ length: vectorLength }, (_, index) => mix(key + index) / 2 ** 32 - 0.5);
  const norm = Math.hypot(...raw);
  return raw.map((value) => value / norm);
};

/** How well a document fits a query: the share of the query's words in it, and a little that tells equals apart. */
export const scoreOf = (query: string, document: string): number => {
  const wanted = query.split(/\s+/);
  const found = wanted.filter((word) => document.includes(word)).length;
  return found / wanted.length + mix(answerKey(document, 1)) / 2 ** 40;
};
