/**
 * Decodes the stream of one completion into worker events. It owns what is true of a whole answer: the terminator, exact
 * text and counts; single events are read in `wire.ts`.
 *
 * Stop texts are the engine's work, so that it ends by itself and its slot is free at `end`. Matching them here would
 * mean to abort, and each stopped answer would hold its slot until a poll of `/slots` shows the release, 0.1 to 1.5 s. The
 * price is one trap: text that could begin a stop text is held back, and if the token limit comes meanwhile, a stream
 * never gets it. The ids of the held tokens do come, so that tail is asked back from `/detokenize` (`held-tail.ts`).
 */
import { SseReader, type StreamDecoder, type WorkerEvent, WorkerError } from '@llama-orch/adapter-api';
import { isBrokenTextFault, toFaultError } from './errors.ts';
import { recoverHeldTail } from './held-tail.ts';
import { type CompletionEvent, toCompletionEvent } from './wire.ts';

export type CompletionStreamOptions = {
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** Text of one token. */
  readonly detokenize: (tokenId: number) => Promise<string>;
  /** Tokens of the prompt, for the one answer that does not say. */
  readonly countPrompt: () => Promise<number>;
};

type Final = Extract<CompletionEvent, { kind: 'final' }>;

/** Longest run of bytes that can be the start of a character, so the most tokens that can end an answer unseen. */
const maxBrokenTokens = 3;

/**
 * States: streaming → final seen → HTTP's end: `end`. Anything else that ends the body is an error, so that a cut stream
 * is never taken for a whole one.
 */
export class CompletionStream implements StreamDecoder<WorkerEvent> {
  readonly #options: CompletionStreamOptions;
  readonly #reader: SseReader;
  #out: WorkerEvent[] = [];
  #final: Final | null = null;
  #tokensOut = 0;
  #tokensIn: number | null = null;
  /** Ids of the tokens since the last text, `null` once one of them is unknown. */
  #silent: number[] | null = [];

  constructor(options: CompletionStreamOptions) {
    this.#options = options;
    this.#reader = new SseReader((data) => this.#onEvent(data));
  }

  /** The head comes when a slot takes the request; queueing inside the engine shows as time before it. */
  open(out: WorkerEvent[]): void {
    out.push({ kind: 'started' });
  }

  push(chunk: Buffer, out: WorkerEvent[]): void {
    this.#out = out;
    this.#reader.push(chunk);
  }

  end(): readonly WorkerEvent[] | Promise<readonly WorkerEvent[]> {
    const final = this.#final;
    if (final === null || this.#reader.isMidEvent) {
      throw new WorkerError('worker-reset', 'The engine’s stream ended before its final event.', { mayRunAgain: true });
    }
    const mayHoldText = final.stopType === 'limit' && this.#options.stop.length > 0 && this.#silent?.length !== 0;
    if (!mayHoldText && this.#tokensIn !== null) return [endEvent(final, this.#tokensIn)];
    return this.#endWithTail(final, mayHoldText);
  }

  #onEvent(data: string): void {
    if (this.#final !== null) {
      if (data !== '[DONE]') throw garbage('an event after the final one');
      return;
    }
    const event = toCompletionEvent(data);
    switch (event.kind) {
      case 'token':
        this.#onToken(event);
        break;
      case 'final':
        this.#final = event;
        this.#tokensIn = event.tokensIn;
        break;
      case 'fault':
        // The limit came inside a character, and the engine fails at its own half character. All whole ones were sent.
        if (!isBrokenTextFault(event.fault) || !this.#isNearLimit()) throw toFaultError(event.fault);
        this.#final = {
          kind: 'final',
          stopType: 'limit',
          tokensOut: this.#options.maxTokens,
          tokensIn: this.#tokensIn ?? 0,
          cachedTokens: 0,
          decodeMs: null,
        };
        break;
      case 'nothing':
        break;
      case 'garbage':
        throw garbage(event.why);
    }
  }

  #onToken({ text, tokenId, tokensOut, tokensIn }: Extract<CompletionEvent, { kind: 'token' }>): void {
    if (text !== '') {
      this.#silent = [];
      this.#out.push({ kind: 'token', text, tokensOut });
    } else if (tokenId === null || tokensOut !== this.#tokensOut + 1) this.#silent = null;
    else this.#silent?.push(tokenId);
    this.#tokensOut = tokensOut;
    this.#tokensIn = tokensIn;
  }

  #isNearLimit(): boolean {
    const unseen = this.#options.maxTokens - this.#tokensOut;
    return unseen >= 1 && unseen <= maxBrokenTokens;
  }

  async #endWithTail(final: Final, mayHoldText: boolean): Promise<readonly WorkerEvent[]> {
    const tokensIn = this.#tokensIn ?? (await this.#options.countPrompt());
    if (!mayHoldText) return [endEvent(final, tokensIn)];
    const text = await recoverHeldTail(this.#silent, this.#options.stop, this.#options.detokenize);
    const end = endEvent(final, tokensIn);
    return text === '' ? [end] : [{ kind: 'token', text, tokensOut: final.tokensOut }, end];
  }
}

const endEvent = (final: Final, tokensIn: number): WorkerEvent => ({
  kind: 'end',
  finishReason: final.stopType === 'limit' ? 'length' : 'stop',
  tokensIn,
  tokensOut: final.tokensOut,
  cachedTokens: final.cachedTokens,
  ...(final.decodeMs !== null && { engineDecodeMs: final.decodeMs }),
});

const garbage = (what: string): WorkerError => new WorkerError('worker-reset', `The engine sent ${what}.`, { mayRunAgain: true });
