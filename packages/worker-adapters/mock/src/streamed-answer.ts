/**
 * One streamed answer over HTTP: pace of the reader, stop texts, faults and line ends, the same for every wire. It owns when
 * bytes go out; what an event looks like is the dialect's.
 */
import { BodyWriter } from './body-writer.ts';
import type { Answer, AnswerEnd, AnswerFault, AnswerRequest, AnswerSink } from './engine.ts';
import type { ScriptedStep } from './script.ts';
import { StopText } from './stop-text.ts';
import { tokenIdsOf } from './text.ts';
import type { Exchange, WireContext } from './wire.ts';

/** One step as an event shows it. */
export type SpokenStep = {
  /** What stop texts leave to be said now; may be empty. */
  readonly text: string;
  /** Ids of its model tokens. */
  readonly ids: readonly number[];
  /** Model tokens so far, with these. */
  readonly tokensOut: number;
  /** 0 for the first step of the answer. */
  readonly index: number;
};

export type SpokenEnd = {
  /** `word`: a stop text was met. */
  readonly how: AnswerEnd | 'word';
  /** With the end of sequence, where there was one. */
  readonly tokensOut: number;
  /** Text that was held back for a stop text and never said. */
  readonly held: string;
  /** All that was said so far. */
  readonly text: string;
  readonly stopWord: string | null;
};

export type Begun = { readonly slotId: number; readonly cachedTokens: number };

/**
 * How one engine words a stream. Every text is whole events; with `sse` each ends in an empty line, with `lines` in a line
 * end.
 */
export interface StreamDialect {
  readonly framing: 'sse' | 'lines';
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** When the head is sent: at once, when a slot has read the prompt, or with the first event. */
  readonly headAt: 'arrival' | 'slot' | 'first-event';
  /** What goes out when a slot has read the prompt; empty for most. */
  begin(begun: Begun): string;
  step(step: SpokenStep): string;
  end(end: SpokenEnd): string;
  /** The engine's error inside the stream, and what follows it. */
  error(message: string): string;
  /** The engine gave the request up by itself. */
  aborted(tokensOut: number): string;
  /** What ends a stream in good order, without what tells a whole answer. */
  unfinished(): string;
  /** No event of this engine. */
  readonly garbage: string;
  /** The beginning of an event whose text never ends. */
  readonly endless: string;
}

export type StreamedAnswerOptions = {
  readonly context: WireContext;
  readonly exchange: Exchange;
  readonly request: AnswerRequest;
  readonly dialect: StreamDialect;
  readonly stop: readonly string[];
  /**
   * `cut`: a stop text is not said, and what may begin one is held. `kept`: it is said, and ends the answer where all that was said ends
   * in it, a line end aside; one in the middle of a step is passed over.
   */
  readonly stopText: 'cut' | 'kept';
  /** When the engine sees that its client left: at once (default), or only once events are on their way. */
  readonly leaveIsSeen?: 'always' | 'while-streaming';
};

/** Run a request, stream its answer, and leave the engine when the client leaves. */
export const streamAnswer = (options: StreamedAnswerOptions): Answer => new StreamedAnswer(options).run();

class StreamedAnswer implements AnswerSink {
  readonly #options: StreamedAnswerOptions;
  readonly #writer: BodyWriter;
  readonly #stop: StopText;
  #answer: Answer | null = null;
  #headSent = false;
  #clientLeft = false;
  #tokensOut = 0;
  #steps = 0;
  #text = '';

  constructor(options: StreamedAnswerOptions) {
    const { response, socket, script } = options.exchange;
    this.#options = options;
    this.#writer = new BodyWriter(response, socket, script);
    this.#stop = new StopText(options.stop);
  }

  run(): Answer {
    const { context, exchange, request, dialect, leaveIsSeen = 'always' } = this.#options;
    if (dialect.headAt === 'arrival') this.#head();
    const answer = context.engine.submit(request, this);
    this.#answer = answer;
    exchange.response.once('close', () => {
      if (leaveIsSeen === 'always' || this.#headSent) answer.abandon();
      else this.#clientLeft = true;
    });
    return answer;
  }

  begin(slotId: number, cachedTokens: number): void {
    const { dialect } = this.#options;
    const text = dialect.begin({ slotId, cachedTokens });
    if (dialect.headAt === 'slot') this.#head();
    if (text !== '') this.#write(text);
  }

  say(steps: readonly ScriptedStep[]): boolean {
    if (this.#clientLeft) {
      this.#answer?.abandon();
      return true;
    }
    let frames = '';
    for (const step of steps) {
      const { text, met } = this.#ready(step);
      if (this.#options.exchange.script.pings) frames += this.#options.dialect.framing === 'sse' ? ':\n\n' : '\n';
      frames += this.#frame(step, text);
      if (met === null) continue;
      this.#answer?.stop();
      this.#last(frames + this.#options.dialect.end(this.#end('word', this.#tokensOut, met)));
      return true;
    }
    const ready = this.#write(frames);
    if (!ready) this.#writer.onDrain(() => this.#answer?.resume());
    return ready;
  }

  end(how: AnswerEnd, tokensOut: number): void {
    this.#last(this.#options.dialect.end(this.#end(how, tokensOut, null)));
  }

  fail(fault: AnswerFault): void {
    const { dialect, context } = this.#options;
    switch (fault.kind) {
      case 'reset':
        this.#writer.reset();
        return;
      case 'torn':
        this.#head();
        this.#writer.tear(this.#bytes(this.#frame(fault.step, fault.step.text)));
        return;
      case 'huge-frame':
        this.#write(`${dialect.endless}${'x'.repeat(fault.bytes)}`);
        return;
      case 'garbage':
        this.#last(dialect.garbage);
        return;
      case 'error-event':
        this.#last(dialect.error(fault.message));
        return;
      case 'unfinished':
        this.#last(dialect.unfinished());
        return;
      case 'engine-abort':
        this.#last(dialect.aborted(this.#tokensOut));
        return;
      case 'exit':
        context.exit(fault.code, fault.stderr);
    }
  }

  #ready(step: ScriptedStep): { readonly text: string; readonly met: string | null } {
    if (this.#options.stopText === 'cut') return this.#stop.push(step.text);
    const said = this.#text + step.text;
    return { text: step.text, met: this.#options.stop.find((word) => said.endsWith(word) || said.endsWith(`${word}\n`)) ?? null };
  }

  #frame(step: ScriptedStep, text: string): string {
    const index = this.#steps;
    this.#steps += 1;
    this.#tokensOut += step.tokens;
    this.#text += text;
    return this.#options.dialect.step({ text, ids: tokenIdsOf(step.text, step.tokens), tokensOut: this.#tokensOut, index });
  }

  #end(how: SpokenEnd['how'], tokensOut: number, stopWord: string | null): SpokenEnd {
    return { how, tokensOut, held: this.#stop.held, text: this.#text, stopWord };
  }

  #last(frames: string): void {
    if (frames === '') this.#head();
    else this.#write(frames);
    this.#writer.end();
  }

  #write(frames: string): boolean {
    this.#head();
    return this.#writer.write(this.#bytes(frames));
  }

  #head(): void {
    if (this.#headSent) return;
    this.#headSent = true;
    this.#writer.head(this.#options.dialect.contentType, this.#options.dialect.headers);
  }

  /** Text of events never holds a line end of its own, so all of them are the framing's. */
  #bytes(frames: string): string {
    const { comments, lineEnds, escapeText } = this.#options.exchange.script;
    let text = frames;
    if (comments && this.#options.dialect.framing === 'sse')
      text = text.replace(/^data:/gm, ': a comment\nretry: 1000\nnobody-knows: this\n$&');
    if (escapeText) text = text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    return lineEnds === 'crlf' ? text.replaceAll('\n', '\r\n') : text;
  }
}
