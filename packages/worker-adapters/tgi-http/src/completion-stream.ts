/**
 * Decodes the stream of one completion into worker events. It owns what is true of a whole answer: its last event, its text up to the
 * first stop text, its counts; single events are read in `wire.ts`.
 *
 * The engine never cuts a stop text out, and ends only where all of the text so far ends in one: it goes on where a token brings more
 * after it, and knows four of them at most. So they are matched here, and {@link StopMet} says when the engine must be left.
 */
import { SseReader, StopMatcher, type StreamDecoder, type WorkerEvent, WorkerError } from '@llama-orch/adapter-api';
import { toFaultError } from './errors.ts';
import { type AnswerDetails, toGenerateEvent } from './wire.ts';

/** A stop text was met in the middle of what the engine goes on to say. Nothing follows it. */
export type StopMet = { readonly kind: 'stop-met'; readonly tokensOut: number };

export type CompletionStreamOptions = {
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** Tokens of the prompt, where the engine does not say. */
  readonly countPrompt: () => Promise<number>;
};

const baseEventBytes = 1024 * 1024;
/** The last event repeats the whole text: what a long token may take, with escapes. */
const bytesPerToken = 64;

/** States: queued → tokens (`started` before the first) → last event → HTTP's end: `end`. Anything else that ends the body is an error. */
export class CompletionStream implements StreamDecoder<WorkerEvent | StopMet> {
  readonly #options: CompletionStreamOptions;
  readonly #reader: SseReader;
  readonly #stop: StopMatcher;
  #out: (WorkerEvent | StopMet)[] = [];
  /** Every token is one event, also in the pieces into which the engine divides a long answer. */
  #tokensOut = 0;
  #details: AnswerDetails | null = null;
  #left = false;

  constructor(options: CompletionStreamOptions) {
    this.#options = options;
    this.#stop = new StopMatcher(options.stop);
    this.#reader = new SseReader((data) => this.#onEvent(data), baseEventBytes + bytesPerToken * options.maxTokens);
  }

  /** The head comes before the request was even looked at, so it says nothing. */
  open(): void {}

  push(chunk: Buffer, out: (WorkerEvent | StopMet)[]): void {
    this.#out = out;
    this.#reader.push(chunk);
  }

  end(): readonly WorkerEvent[] | Promise<readonly WorkerEvent[]> {
    const details = this.#details;
    if (details === null || this.#reader.isMidEvent) throw broken('the end of its stream before its last event');
    const { tokensIn } = details;
    if (tokensIn === null) return this.#options.countPrompt().then((counted) => [endEvent(details, counted)]);
    return [endEvent(details, tokensIn)];
  }

  #onEvent(data: string): void {
    if (this.#left) return;
    if (this.#details !== null) throw broken('an event after the last one');
    const event = toGenerateEvent(data);
    switch (event.kind) {
      case 'token':
        this.#onToken(event.text, event.details);
        break;
      case 'fault':
        throw toFaultError(event.fault);
      case 'garbage':
        throw broken(event.why);
    }
  }

  #onToken(text: string, details: AnswerDetails | null): void {
    if (this.#tokensOut === 0) this.#out.push({ kind: 'started' });
    this.#tokensOut += 1;
    const wasMet = this.#stop.isMet;
    this.#say(this.#stop.push(text));
    if (details === null) {
      if (wasMet || !this.#stop.isMet) return;
      this.#left = true;
      this.#out.push({ kind: 'stop-met', tokensOut: this.#tokensOut });
      return;
    }
    this.#say(this.#stop.rest());
    this.#details = this.#stop.isMet ? { ...details, finishReason: 'stop' } : details;
  }

  #say(text: string): void {
    if (text !== '') this.#out.push({ kind: 'token', text, tokensOut: this.#tokensOut });
  }
}

/** The end of an answer. @param tokensIn - Tokens of the prompt. */
export const endEvent = (
  { finishReason, tokensOut }: Pick<AnswerDetails, 'finishReason' | 'tokensOut'>,
  tokensIn: number,
): WorkerEvent => ({
  kind: 'end',
  finishReason,
  tokensIn,
  tokensOut,
  cachedTokens: 0,
});

const broken = (what: string): WorkerError => new WorkerError('worker-reset', `The engine sent ${what}.`, { mayRunAgain: true });
