/**
 * One answer that is given at once: a completion that is not streamed, embeddings, scores. It owns the wait for it; what is
 * replied is the wire's.
 */
import type { Answer, AnswerEnd, AnswerFault, AnswerRequest, AnswerSink } from './engine.ts';
import type { ScriptedStep } from './script.ts';
import { tokenIdsOf } from './text.ts';
import type { Exchange, WireContext } from './wire.ts';

export type WholeAnswer = {
  readonly how: AnswerEnd | 'word';
  /** Without the stop text and what follows it. */
  readonly text: string;
  /** The same with the stop text. */
  readonly textWithStop: string;
  readonly stopWord: string | null;
  readonly steps: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly tokensOut: number;
  readonly cachedTokens: number;
  readonly slotId: number;
};

export type WholeAnswerOptions = {
  readonly context: WireContext;
  readonly exchange: Exchange;
  /** `maxTokens` 0 for work that generates nothing. */
  readonly request: AnswerRequest;
  readonly stop?: readonly string[];
  readonly reply: (whole: WholeAnswer) => void;
  /** The engine failed while it ran, in the words of its script. */
  readonly replyFailure: (message: string) => void;
};

/** Run a request, reply once it is over, and leave the engine when the client leaves. */
export const answerWhole = (options: WholeAnswerOptions): void => {
  const sink = new WholeSink(options);
  const answer = options.context.engine.submit(options.request, sink);
  sink.bind(answer);
  options.exchange.response.once('close', () => answer.abandon());
};

class WholeSink implements AnswerSink {
  readonly #options: WholeAnswerOptions;
  readonly #steps: ScriptedStep[] = [];
  #answer: Answer | null = null;
  #text = '';
  #tokensOut = 0;
  #slotId = -1;
  #cachedTokens = 0;

  constructor(options: WholeAnswerOptions) {
    this.#options = options;
  }

  bind(answer: Answer): void {
    this.#answer = answer;
  }

  begin(slotId: number, cachedTokens: number): void {
    this.#slotId = slotId;
    this.#cachedTokens = cachedTokens;
  }

  say(steps: readonly ScriptedStep[]): boolean {
    for (const step of steps) {
      this.#steps.push(step);
      this.#text += step.text;
      this.#tokensOut += step.tokens;
      const met = this.#options.stop?.find((word) => this.#text.includes(word));
      if (met === undefined) continue;
      this.#answer?.stop();
      this.#reply('word', this.#tokensOut, met);
      return true;
    }
    return true;
  }

  end(how: AnswerEnd, tokensOut: number): void {
    this.#reply(how, tokensOut, null);
  }

  fail(fault: AnswerFault): void {
    const { exchange, context, replyFailure } = this.#options;
    switch (fault.kind) {
      case 'reset':
      case 'torn':
        exchange.socket.resetAndDestroy();
        return;
      case 'exit':
        context.exit(fault.code, fault.stderr);
        return;
      case 'garbage':
        exchange.response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"');
        return;
      case 'huge-frame':
        exchange.response.writeHead(200, { 'Content-Type': 'application/json' }).write(`{"${'x'.repeat(fault.bytes)}`);
        return;
      case 'error-event':
        replyFailure(fault.message);
        return;
      case 'unfinished':
      case 'engine-abort':
        replyFailure('The request was aborted.');
    }
  }

  #reply(how: WholeAnswer['how'], tokensOut: number, stopWord: string | null): void {
    const at = stopWord === null ? this.#text.length : this.#text.indexOf(stopWord);
    this.#options.reply({
      how,
      text: this.#text.slice(0, at),
      textWithStop: this.#text.slice(0, at + (stopWord?.length ?? 0)),
      stopWord,
      steps: this.#steps.map(({ text, tokens }) => ({ text, ids: tokenIdsOf(text, tokens) })),
      tokensOut,
      cachedTokens: this.#cachedTokens,
      slotId: this.#slotId,
    });
  }
}
