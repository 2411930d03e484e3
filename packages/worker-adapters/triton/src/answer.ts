/**
 * Turns the responses of one model into worker events, whichever transport brought them. It owns what is true of a whole
 * answer: text, counts, stop texts and why it ended; how a response looks in bytes is the transports'.
 */
import { StopMatcher, WorkerError, type WorkerEvent } from '@llama-orch/adapter-api';

/** One response of a model; `null` where it does not say. */
export type ModelResponse = {
  /** The value of `text_output`. */
  readonly text: string | null;
  /** As the engine writes it: `None` while it goes on. */
  readonly finishReason: string | null;
  readonly tokensIn: number | null;
  /** Of this response alone. */
  readonly newTokens: number | null;
};

export type AnswerOptions = {
  readonly text: 'delta' | 'cumulative';
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** Given out where the model does not count its prompt. */
  readonly tokensInBound: number;
};

/**
 * Upper bound of a prompt's tokens: no tokenizer makes more of them than the text has bytes, and the special tokens around
 * it are few.
 *
 * @req ORCH-3015
 */
export const tokensInBound = (prompt: string): number => Buffer.byteLength(prompt) + 8;

/** What decoders give for a character whose last bytes have not come. */
const replacement = '\u{fffd}';

/** States: running → `isComplete` (the engine said why it ends) → `finish`. */
export class Answer {
  readonly #options: AnswerOptions;
  readonly #stop: StopMatcher;
  #reason: 'stop' | 'length' | null = null;
  /** All text so far; only where responses repeat it. */
  #known = '';
  /** Replacement characters at the end of a cumulative text: the next response may turn them into a real one. */
  #undecided = '';
  #tokensOut = 0;
  #tokensIn: number | null = null;
  #overran = false;

  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#stop = new StopMatcher(options.stop);
  }

  /** The engine said why it ends. */
  get isComplete(): boolean {
    return this.#reason !== null;
  }

  /** The engine goes on after a stop text, so there is nothing to wait for. */
  get hasOverrun(): boolean {
    return this.#overran;
  }

  /** @errors `worker-reset` for an end that is none: canceled by somebody else, timed out, or other text than before. */
  push({ text, finishReason, tokensIn, newTokens }: ModelResponse, out: WorkerEvent[]): void {
    if (text === null && finishReason === null) return;
    if (this.#reason !== null) throw broken('a response after the last one');
    const reason = toReason(finishReason);
    const fresh = text === null ? '' : this.#fresh(text);
    this.#tokensIn = tokensIn ?? this.#tokensIn;
    this.#count(newTokens, fresh, reason);
    const wasMet = this.#stop.isMet;
    this.#give(this.#stop.push(fresh), out);
    this.#reason = reason;
    this.#overran = wasMet && fresh !== '' && this.#reason === null;
  }

  /** The exact counts of the whole answer, for engines that tell them at its end. */
  count(tokensIn: number, tokensOut: number): void {
    this.#tokensIn = tokensIn;
    this.#tokensOut = tokensOut;
  }

  /** The last event. Where the model gives no reason, the token limit tells. */
  finish(out: WorkerEvent[]): void {
    const reason = this.#reason ?? (this.#tokensOut >= this.#options.maxTokens ? 'length' : 'stop');
    // At the limit they are half a character, whose rest nobody gets.
    const undecided = reason === 'length' ? '' : this.#undecided;
    if (!this.#stop.isMet) this.#give(this.#stop.push(undecided) + this.#stop.rest(), out);
    out.push({
      kind: 'end',
      finishReason: this.#stop.isMet ? 'stop' : reason,
      tokensIn: this.#tokensIn ?? this.#options.tokensInBound,
      tokensOut: this.#tokensOut,
      cachedTokens: 0,
    });
  }

  /** A model that does not count says one token in each response, but for the last, and ends by `length` exactly at the limit. */
  #count(newTokens: number | null, fresh: string, reason: 'stop' | 'length' | null): void {
    if (newTokens !== null) this.#tokensOut += newTokens;
    else if (reason === 'length') this.#tokensOut = Math.max(this.#tokensOut + (fresh === '' ? 0 : 1), this.#options.maxTokens);
    else if (reason === null || fresh !== '') this.#tokensOut += 1;
  }

  #give(text: string, out: WorkerEvent[]): void {
    if (text !== '') out.push({ kind: 'token', text, tokensOut: this.#tokensOut });
  }

  #fresh(text: string): string {
    if (this.#options.text === 'delta') return text;
    let end = text.length;
    while (end > 0 && text[end - 1] === replacement) end -= 1;
    const decided = text.slice(0, end);
    this.#undecided = text.slice(end);
    if (!decided.startsWith(this.#known)) throw broken('other text than it had sent before');
    const fresh = decided.slice(this.#known.length);
    this.#known = decided;
    return fresh;
  }
}

/** The backends write reasons with Python's `str`. */
const toReason = (said: string | null): 'stop' | 'length' | null => {
  switch (said) {
    case null:
    case 'None':
    case '':
      return null;
    case 'stop':
    case 'length':
      return said;
    default:
      throw new WorkerError('worker-reset', `The engine ended the answer early: ${JSON.stringify(said.slice(0, 40))}.`, {
        mayRunAgain: true,
      });
  }
};

const broken = (what: string): WorkerError => new WorkerError('worker-reset', `The engine sent ${what}.`, { mayRunAgain: true });
