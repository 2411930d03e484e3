/**
 * Looks for answers of the haiku test that are kept in the tree instead of generated: poems, templates of poems, poems in
 * disguise, and a serving path that knows the protocol. It reads files and changes none.
 *
 * Only the model's recipe may hold such text: it is the training grammar, and this scan takes its words from there.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export type CheatFinding = { readonly file: string; readonly line: number; readonly what: string };

/** The one exemption (ORCH-3059). */
const recipeDir = 'models/haiku-tiny/recipe';

/** What is not part of the tree: installed, built, or written at run time. */
const skippedDirs = new Set(['node_modules', '.git', 'dist', '.orch', '.reports', '.turbo', '.pnpm-store', 'coverage']);

/** Verse lines in a row that make a poem. */
const poemLines = 3;

/**
 * Everything suspicious in the tree below `root`.
 *
 * @param vocabulary - Words of the recipe's grammar, see {@link readVocabulary}.
 * @req ORCH-3059
 */
export function scanTree(root: string, vocabulary: ReadonlySet<string>): readonly CheatFinding[] {
  return filesBelow(root, root).flatMap((path) => {
    const bytes = readFileSync(join(root, path));
    // Weights and pictures are no text.
    return bytes.includes(0) ? [] : scanText(path, bytes.toString('utf8'), vocabulary);
  });
}

/**
 * Everything suspicious in one file.
 *
 * 1. Three verse lines in a row, whatever quotes, commas and escapes stand around them.
 * 2. The same inside base64 or hex.
 * 3. In the serving path: the protocol's zone, its words for the nonce, or a table of number words.
 *
 * @param path - Relative to the root, with `/`.
 */
export function scanText(path: string, text: string, vocabulary: ReadonlySet<string>): readonly CheatFinding[] {
  return [
    ...findPoems(text, vocabulary).map((line) => ({ file: path, line, what: 'lines of a poem' })),
    ...findDisguised(text, vocabulary).map((line) => ({ file: path, line, what: 'lines of a poem in disguise' })),
    ...(isServingPath(path) ? findProtocol(text).map((what) => ({ file: path, line: 1, what })) : []),
  ];
}

/** The words of which the recipe's grammar makes its poems. */
export function readVocabulary(root: string): ReadonlySet<string> {
  const source = readFileSync(join(root, recipeDir, 'data.py'), 'utf8');
  const grammar = source.slice(source.indexOf('N = {'), source.indexOf('LEX ='));
  const words = [...grammar.matchAll(/"([^"]+)"/g)].flatMap(([, list = '']) => list.split(' '));
  if (words.length < 300) throw new Error(`expected the words of the grammar in ${recipeDir}/data.py, found ${words.length}`);
  return new Set(words.map((word) => word.toLowerCase()));
}

function filesBelow(root: string, directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    const name = relative(root, path).split(sep).join('/');
    if (entry.isDirectory()) return skippedDirs.has(entry.name) || name === recipeDir ? [] : filesBelow(root, path);
    return entry.isFile() ? [name] : [];
  });
}

/** Numbers of the lines where a poem begins. */
function findPoems(text: string, vocabulary: ReadonlySet<string>): readonly number[] {
  const found: number[] = [];
  // A list that says one thing twice is no poem, so only distinct lines count.
  const verses = new Set<string>();
  text.split('\n').forEach((source, index) => {
    for (const piece of piecesOf(source)) {
      // A word alone neither makes a verse nor breaks a poem: it may be a field's name or a string's prefix.
      if (!/\s/.test(piece)) continue;
      if (isVerse(piece, vocabulary)) verses.add(piece);
      else verses.clear();
      if (verses.size === poemLines) {
        found.push(index + 1);
        verses.clear();
      }
    }
  });
  return found;
}

/** What stands between line breaks, escaped ones too, and between the quotes of one source line, without its wrapping. */
function piecesOf(source: string): readonly string[] {
  return source
    .split(/\\r\\n|\\n|["`]|(?<![A-Za-z])'|'(?![A-Za-z])|<br\s*\/?>|\s\/\s/)
    .map((piece) => piece.replace(/^[\s+,;:()[\]<>*/#|\\=>-]+|[\s+,;:()[\]*/#|\\.-]+$/g, ''));
}

/** Words that stand between the others in any sentence; they neither make a verse nor break one. */
const small = new Set(
  'the a an in on at of to and or no not i my we you your is are it its with for from where how so each into then just yet this that only every there here one by as all'.split(
    ' ',
  ),
);

/** A short line of the grammar's words, or of words around a value that the challenge gave. */
function isVerse(line: string, vocabulary: ReadonlySet<string>): boolean {
  const holes = [...line.matchAll(/[$%#@]?\{([^{}]*)\}/g)].map(([, inside = '']) => inside);
  const words = line
    .replaceAll(/[$%#@]?\{[^{}]*\}/g, ' HOLE ')
    .replaceAll(/[,;.:!?—–]/g, ' ')
    .trim()
    .split(/\s+/);
  if (words.length < 2 || words.length > 10 || !words.every((word) => /^[A-Za-z'’-]+$/.test(word))) return false;
  const spoken = words.filter((word) => word !== 'HOLE').map((word) => word.toLowerCase());
  if (spoken.length > 0 && holes.some((inside) => /minute|nonce|phrase/i.test(inside))) return true;
  const poetic = spoken.filter((word) => vocabulary.has(word) && !small.has(word)).length;
  const known = spoken.filter((word) => vocabulary.has(word) || small.has(word)).length + holes.length;
  return poetic >= (holes.length > 0 ? 1 : 2) && known / words.length >= 0.75;
}

function findDisguised(text: string, vocabulary: ReadonlySet<string>): readonly number[] {
  return text.split('\n').flatMap((line, index) => {
    const hidden = [
      ...(line.match(/[A-Za-z0-9+/]{40,}={0,2}/g) ?? []).map((run) => Buffer.from(run, 'base64')),
      ...(line.match(/(?:[0-9A-Fa-f]{2}){30,}/g) ?? []).map((run) => Buffer.from(run, 'hex')),
    ];
    return hidden.some((bytes) => isText(bytes) && findPoems(bytes.toString('utf8'), vocabulary).length > 0) ? [index + 1] : [];
  });
}

function isText(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte !== 0x7f));
}

function isServingPath(path: string): boolean {
  return /^(apps|packages)\//.test(path) && /\/src\//.test(path) && !/\.test\.ts$|\/testing\//.test(path);
}

const numberWords = /\b(?:thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty)\b/gi;

function findProtocol(text: string): readonly string[] {
  const numbers = new Set(text.match(numberWords)?.map((word) => word.toLowerCase()));
  return [
    ...(numbers.size >= 3 ? [`number words (${[...numbers].join(', ')}) in the serving path`] : []),
    ...(text.includes('Europe/Amsterdam') ? ['the zone of the haiku protocol in the serving path'] : []),
    ...(/nonce verbatim|minute phrase|\bhaiku\b(?!-)/i.test(text) ? ['words of the haiku protocol in the serving path'] : []),
  ];
}
