/**
 * One completion from its first to its last token: what to show of each token, when to stop and why, and its timings.
 * Pure: tokens and times come in, events go out. The rules and their order are those of llama-server's `process_token`.
 */
import type { CompletionRequest } from './completion-request.ts';
import { TextStream } from './text-stream.ts';
import type { Vocabulary } from './vocabulary.ts';

export type StopType = 'none' | 'eos' | 'limit' | 'word';

/** A token that the client may see; its text may be empty. */
export type TokenEvent = {
  readonly text: string;
  readonly token: number;
  readonly tokensPredicted: number;
  /** Present if the request wants them with each token, or if a stop word ended the answer here. */
  readonly timings: Timings | undefined;
};

/** Times in milliseconds. */
export type Timings = {
  readonly cachedTokens: number;
  readonly promptTokens: number;
  readonly promptMs: number;
  readonly predictedTokens: number;
  readonly predictedMs: number;
};

export type CompletionSpec = {
  readonly request: CompletionRequest;
  readonly promptTokens: readonly number[];
  readonly vocabulary: Vocabulary;
  /** Tokens that the slot holds. */
  readonly ctxTokens: number;
};

export class Completion {
  readonly spec: CompletionSpec;
  readonly #text: TextStream;
  readonly #tokens: number[] = [];
  #predicted = 0;
  #stopType: StopType = 'none';
  #stoppingWord = '';
  #truncated = false;
  #hasNewLine = false;
  #kvTokens = 0;
  #cachedTokens = 0;
  #processedTokens = 0;
  #startMs = 0;
  #firstTokenMs: number | undefined;
  #lastTokenMs = 0;

  constructor(spec: CompletionSpec) {
    this.spec = spec;
    this.#text = new TextStream(spec.request.stop);
  }

  start(cachedTokens: number, nowMs: number): void {
    this.#cachedTokens = cachedTokens;
    this.#startMs = nowMs;
  }

  addPromptTokens(count: number): void {
    this.#processedTokens += count;
  }

  /** Takes the token just drawn; `kvTokens` are in the KV without it. `undefined`: nothing to show yet. */
  addToken(token: number, kvTokens: number, nowMs: number): TokenEvent | undefined {
    const { request, vocabulary, ctxTokens } = this.spec;
    this.#firstTokenMs ??= nowMs;
    this.#lastTokenMs = nowMs;
    this.#kvTokens = kvTokens;
    this.#predicted++;
    this.#tokens.push(token);
    const isEnd = vocabulary.isEndOfGeneration(token);

    const step = this.#text.push(vocabulary.answerBytes(token), isEnd);
    if (step?.stopWord !== undefined) {
      this.#stopType = 'word';
      this.#stoppingWord = step.stopWord;
    }
    const event = step && {
      text: step.text,
      token,
      tokensPredicted: this.#predicted,
      timings: request.timingsPerToken || this.isDone ? this.timings : undefined,
    };
    if (step?.text.includes('\n') === true) this.#hasNewLine = true;

    if (kvTokens + 1 >= ctxTokens) {
      this.#truncated = true;
      this.#stopType = 'limit';
    } else if (!this.isDone && request.nPredict !== -1 && this.#predicted >= request.nPredict) {
      this.#stopType = 'limit';
    }
    if (isEnd) this.#stopType = 'eos';
    return event;
  }

  get isDone(): boolean {
    return this.#stopType !== 'none';
  }

  get stopType(): StopType {
    return this.#stopType;
  }

  get stoppingWord(): string {
    return this.#stoppingWord;
  }

  /** The context is full. */
  get truncated(): boolean {
    return this.#truncated;
  }

  get hasNewLine(): boolean {
    return this.#hasNewLine;
  }

  /** The answer ends in the middle of a character, which llama-server treats as a failure. */
  get isCut(): boolean {
    return this.#text.isCut;
  }

  /** The whole answer, with text that was held back for a stop word that did not come. */
  get text(): string {
    return this.#text.text;
  }

  get tokens(): readonly number[] {
    return this.#tokens;
  }

  get tokensPredicted(): number {
    return this.#predicted;
  }

  get cachedTokens(): number {
    return this.#cachedTokens;
  }

  get processedTokens(): number {
    return this.#processedTokens;
  }

  /** Length of the slot's KV after the last token. */
  get kvTokens(): number {
    return this.#kvTokens;
  }

  /** Tokens that may follow; -1 = no limit. */
  get remaining(): number {
    const { nPredict } = this.spec.request;
    return nPredict === -1 ? -1 : nPredict - this.#predicted;
  }

  get timings(): Timings {
    const firstMs = this.#firstTokenMs ?? this.#startMs;
    return {
      cachedTokens: this.#cachedTokens,
      promptTokens: this.#processedTokens,
      promptMs: firstMs - this.#startMs,
      predictedTokens: this.#predicted,
      predictedMs: this.#predicted === 0 ? 0 : this.#lastTokenMs - firstMs,
    };
  }
}
