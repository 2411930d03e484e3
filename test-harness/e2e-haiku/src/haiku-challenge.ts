/**
 * What the haiku protocol asks for: the current minute in words and a fresh nonce, so that no answer can have been kept. It
 * holds no text of any answer.
 */
import { randomBytes } from 'node:crypto';

export type HaikuChallenge = {
  /** The minute of the hour in English words, as in `forty-two`. */
  readonly minute: string;
  /** 8 characters of a to z and 0 to 9. */
  readonly nonce: string;
  readonly prompt: string;
};

/**
 * A challenge for this moment. The form of the prompt is one that the model in the repository was trained on; it ends in a line
 * break because the answer would begin with one otherwise.
 *
 * @req ORCH-3059
 */
export function createChallenge(now: Date): HaikuChallenge {
  const minute = minuteInWords(minuteInAmsterdam(now));
  const nonce = createNonce();
  const prompt = `Write a haiku (3 lines). Include this exact English minute phrase: "${minute}". Also include this nonce verbatim: "${nonce}". Output only the poem.\n`;
  return { minute, nonce, prompt };
}

/** The zone's offset has no minutes today; the zone is asked all the same, as the protocol says. */
export function minuteInAmsterdam(now: Date): number {
  return Number(new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Amsterdam', minute: 'numeric' }).format(now));
}

const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = ['twenty', 'thirty', 'forty', 'fifty'];

/** @param minute - 0 to 59. */
export function minuteInWords(minute: number): string {
  const small = ones[minute];
  if (small !== undefined) return small;
  const ten = tens[Math.floor(minute / 10) - 2];
  if (ten === undefined) throw new RangeError(`expected a minute from 0 to 59, got ${minute}`);
  const one = minute % 10;
  return one === 0 ? ten : `${ten}-${ones[one] ?? ''}`;
}

const nonceAlphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

function createNonce(): string {
  // 252 is the largest multiple of 36 in a byte, so every character is equally likely.
  const fair = (): number => {
    const byte = randomBytes(1).readUInt8();
    return byte < 252 ? byte % nonceAlphabet.length : fair();
  };
  return Array.from({ length: 8 }, () => nonceAlphabet[fair()]).join('');
}
