/**
 * Where two streams first differ, byte for byte and token by token. Pure.
 */
import type { RecordedStream } from './recorded-stream.ts';

export type Difference = {
  /**
   * `text`: other bytes. `slicing`: the same bytes in other tokens. `ending`: the same tokens, but another finish reason or
   * another count of the engine's.
   */
  readonly kind: 'text' | 'slicing' | 'ending';
  /** Index of the first token that is not the same. */
  readonly token: number;
  /** Bytes of UTF-8 before which both texts are the same. */
  readonly byte: number;
  /** That token with up to two neighbours on each side, as JSON strings; the token itself in brackets. */
  readonly expected: string;
  readonly got: string;
};

const neighbours = 2;

type Compared = Pick<RecordedStream, 'tokens' | 'finishReason' | 'tokensOut'>;

/**
 * @returns `null` where all is equal.
 * @req ORCH-3045, ORCH-3050
 */
export function firstDifference(expected: Compared, got: Compared): Difference | null {
  const length = Math.max(expected.tokens.length, got.tokens.length);
  let token = 0;
  while (token < length && expected.tokens[token] === got.tokens[token]) token += 1;
  const [wanted, found] = [Buffer.from(expected.tokens.join('')), Buffer.from(got.tokens.join(''))];
  const isSameText = wanted.equals(found);
  const isSameEnd = expected.finishReason === got.finishReason && expected.tokensOut === got.tokensOut;
  if (isSameText && token === length && isSameEnd) return null;
  return {
    kind: !isSameText ? 'text' : token < length ? 'slicing' : 'ending',
    token,
    byte: commonBytes(wanted, found),
    expected: around(expected, token),
    got: around(got, token),
  };
}

function commonBytes(one: Buffer, other: Buffer): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at += 1;
  return at;
}

function around({ tokens, finishReason, tokensOut }: Compared, at: number): string {
  const from = Math.max(0, at - neighbours);
  const shown = tokens
    .slice(from, at + neighbours + 1)
    .map((text, nth) => (from + nth === at ? `[${JSON.stringify(text)}]` : JSON.stringify(text)));
  if (at >= tokens.length) shown.push(`[end: ${finishReason}, ${tokensOut ?? 'uncounted'} tokens]`);
  return shown.join(' ');
}
