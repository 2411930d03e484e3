/**
 * The suite's prompts: the same on every machine, made from one seed. It knows no engine and holds no answer.
 */
import { createRandom, type SeededRandom } from '@llama-orch/e2e-haiku';

export type SuitePrompt = {
  /** `p00` to `p63`. */
  readonly id: string;
  readonly text: string;
  /** What begins it and others alike; empty where nothing is shared. */
  readonly sharedPrefix: string;
  readonly seed: number;
  readonly maxTokens: number;
};

/** How many the requirement asks for. */
export const allPrompts = 64;

const suiteSeed = 3_050;

const words = 'the old pine waits in snow and a fox sings near stone river light moon wind leaf smoke harbour seven lanterns'.split(' ');

/** Two to four bytes a character, combining marks, joined emoji, right-to-left text. */
const wideTexts = [
  '雪の朝、川は静かに流れる。',
  'Žluťoučký kůň pěl ďábelské ódy',
  'שלום עולם, مرحبا بالعالم',
  '🌊🦊 👩‍🚀 🏳️‍🌈 e\u0301 n\u0303',
  'Ελληνικά και кириллица вместе',
  '한국어 문장과 ไทย',
];

/** Beginnings that four prompts of each sixteen share, long enough to be worth keeping in a cache. */
const prefixLengths = [40, 80, 120, 60];

/**
 * The first `count` of the 64. Each four are of four kinds: a short one, one with a long beginning that others share, one of
 * wide characters, one of medium length with both.
 *
 * @req ORCH-3050
 */
export function suitePrompts(count = allPrompts): readonly SuitePrompt[] {
  if (!Number.isInteger(count) || count < 1 || count > allPrompts)
    throw new RangeError(`expected 1 to ${allPrompts} prompts, got ${count}`);
  const prefixes = prefixLengths.map((length, nth) => `Notes of walk ${nth + 1}: ${sentence(createRandom(suiteSeed + nth), length)}. `);
  return Array.from({ length: count }, (_, index) => {
    const random = createRandom(suiteSeed * 1_000 + index);
    const sharedPrefix = index % 2 === 1 ? (prefixes[Math.floor(index / 16)] ?? '') : '';
    return {
      id: `p${String(index).padStart(2, '0')}`,
      text: `${sharedPrefix}${tail(index, random)}\n`,
      sharedPrefix,
      seed: random.between(0, 2 ** 32 - 2),
      maxTokens: random.between(24, 160),
    };
  });
}

function tail(index: number, random: SeededRandom): string {
  const wide = `${wideTexts[Math.floor(index / 4) % wideTexts.length] ?? ''} ${index}`;
  switch (index % 4) {
    case 0:
      return `Tell me about ${sentence(random, random.between(1, 3))} ${index}.`;
    case 1:
      return `Tell me what ${sentence(random, 4)} meant, ${index}.`;
    case 2:
      return wide;
    default:
      return `Tell me about ${sentence(random, random.between(10, 30))}: ${wide}`;
  }
}

function sentence(random: SeededRandom, length: number): string {
  return Array.from({ length }, () => words[random.between(0, words.length - 1)] ?? '').join(' ');
}
