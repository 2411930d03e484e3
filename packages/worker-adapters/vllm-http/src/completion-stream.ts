/**
 * Decodes the stream of one completion into worker events. It owns what is true of a whole answer: a finish reason, the usage and
 * `[DONE]`; single events are read in `wire.ts`.
 *
 * Stop texts are the engine's work: it holds back as much text as the longest of them may need, cuts at the match, and gives out
 * all that it held when the token limit ends the answer.
 */
import { SseReader, type StreamDecoder, type WorkerEvent, WorkerError } from '@llama-orch/adapter-api';
import { toFaultError } from './errors.ts';
import { type CompletionEvent, toCompletionEvent } from './wire.ts';

type Usage = Extract<CompletionEvent, { kind: 'usage' }>;

const baseEventBytes = 1024 * 1024;
/** The first event repeats the prompt as token ids: no more tokens than bytes, each of seven digits at most and a comma. */
const bytesPerPromptByte = 8;

/**
 * States: queued → tokens (`started` before the first) → finish reason → usage → `[DONE]` → HTTP's end: `end`. Anything else that
 * ends the body is an error: `[DONE]` comes after a failure too, so it proves nothing by itself.
 */
export class CompletionStream implements StreamDecoder<WorkerEvent> {
  readonly #reader: SseReader;
  #out: WorkerEvent[] = [];
  #started = false;
  #tokensOut = 0;
  #finishReason: 'stop' | 'length' | null = null;
  #usage: Usage | null = null;
  #done = false;

  /** @param promptBytes - Length of the prompt, for the bound of the event that repeats it. */
  constructor(promptBytes: number) {
    this.#reader = new SseReader((data) => this.#onEvent(data), baseEventBytes + bytesPerPromptByte * promptBytes);
  }

  /** The head comes before the request has waited in the engine's queue, so it says nothing. */
  open(): void {}

  push(chunk: Buffer, out: WorkerEvent[]): void {
    this.#out = out;
    this.#reader.push(chunk);
  }

  end(): readonly WorkerEvent[] {
    if (!this.#done || this.#reader.isMidEvent) throw broken('the end of its stream before `[DONE]`');
    if (this.#finishReason === null) throw broken('`[DONE]` without a finish reason, so the answer is not whole');
    if (this.#usage === null) throw broken('an answer without the usage that was asked for');
    const { tokensIn, tokensOut, cachedTokens } = this.#usage;
    return [{ kind: 'end', finishReason: this.#finishReason, tokensIn, tokensOut, cachedTokens }];
  }

  #onEvent(data: string): void {
    const event = toCompletionEvent(data);
    if (this.#done) throw broken('an event after `[DONE]`');
    switch (event.kind) {
      case 'token':
        this.#onToken(event);
        break;
      case 'usage':
        this.#usage = event;
        break;
      case 'done':
        this.#done = true;
        break;
      case 'fault':
        throw toFaultError(event.fault);
      case 'garbage':
        throw broken(event.why);
    }
  }

  #onToken({ text, tokens, finish }: Extract<CompletionEvent, { kind: 'token' }>): void {
    if (this.#finishReason !== null) throw broken('tokens after the finish reason');
    if (!this.#started) {
      this.#started = true;
      this.#out.push({ kind: 'started' });
    }
    this.#tokensOut += tokens;
    if (text !== '') this.#out.push({ kind: 'token', text, tokensOut: this.#tokensOut });
    if (finish === 'abort') {
      throw new WorkerError('worker-reset', 'The engine gave the request up: it is paused, put to sleep or shut down.', {
        mayRunAgain: true,
      });
    }
    this.#finishReason = finish;
  }
}

const broken = (what: string): WorkerError => new WorkerError('worker-reset', `The engine sent ${what}.`, { mayRunAgain: true });
