/**
 * Brings back the text that llama.cpp holds back for a stop text and drops when the token limit ends the answer. It owns
 * that rule; it opens no connection.
 */
import { WorkerError } from '@llama-orch/adapter-api';

/**
 * The text of the silent tokens at the end of an answer.
 *
 * The engine keeps text back exactly while all that is unsent ends with the beginning of a stop text. Going through the
 * silent tokens, one that keeps this true was held and counts; one that does not has no text of its own (a control token,
 * which `/detokenize` spells out but an answer never does).
 *
 * @param silent - Ids in order, `null` where the engine left one out (a character made of several tokens).
 * @errors `engine-rejected` for `null`: the text cannot be told, and a wrong one must not be served.
 */
export const recoverHeldTail = async (
  silent: readonly number[] | null,
  stop: readonly string[],
  detokenize: (tokenId: number) => Promise<string>,
): Promise<string> => {
  if (silent === null) {
    throw new WorkerError('engine-rejected', 'The token limit cut text that the engine held back for a stop text and cannot give out.', {
      mayRunAgain: false,
    });
  }
  let held = '';
  for (const tokenId of silent) {
    const longer = held + (await detokenize(tokenId));
    if (endsInsideStop(longer, stop)) held = longer;
  }
  return held;
};

/** Whether `text` ends with a proper, non-empty beginning of a stop text. */
const endsInsideStop = (text: string, stop: readonly string[]): boolean =>
  stop.some((word) => {
    for (let length = Math.min(word.length - 1, text.length); length > 0; length -= 1) {
      if (text.endsWith(word.slice(0, length))) return true;
    }
    return false;
  });
