/**
 * One streamed answer over gRPC: pace of the reader, stop texts, faults and the final flag. It owns when bytes go out; what
 * a response holds is `triton-models.ts`.
 */
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Answer, AnswerEnd, AnswerFault, AnswerSink } from './engine.ts';
import type { EngineScript, ScriptedStep } from './script.ts';
import { StopText } from './stop-text.ts';
import { type InferMessage, writeError, writeResponse } from './triton-messages.ts';
import { type TritonAsked, type TritonModel, type TritonOutputs, TritonSpeech } from './triton-models.ts';
import type { WireContext } from './wire.ts';

export type GrpcAnswerOptions = {
  readonly context: WireContext;
  readonly stream: ServerHttp2Stream;
  readonly socket: Socket;
  readonly script: EngineScript;
  readonly model: TritonModel;
  readonly request: InferMessage;
  /** `triton_grpc_error` was asked for: an error ends the stream with a status, and is no message. */
  readonly errorsAreStatuses: boolean;
};

/** gRPC's codes. */
const cancelled = 1;
const internal = 13;

export class GrpcAnswer implements AnswerSink {
  readonly #options: GrpcAnswerOptions;
  #asked: TritonAsked | null = null;
  #speech: TritonSpeech | null = null;
  #stop = new StopText([]);
  #answer: Answer | null = null;
  #text = '';
  #tokensOut = 0;
  #headSent = false;
  #written = 0;
  #slices: Buffer[] = [];
  #afterSlices: (() => void) | null = null;
  #isOver = false;
  #status: Readonly<Record<string, string>> = { 'grpc-status': '0' };

  constructor(options: GrpcAnswerOptions) {
    this.#options = options;
  }

  run(asked: TritonAsked): Answer {
    const { context, model } = this.#options;
    this.#asked = asked;
    this.#speech = new TritonSpeech(model, asked);
    if (model.stopText === 'cut') this.#stop = new StopText(asked.stop);
    this.#answer = context.engine.submit(asked.request, this);
    return this.#answer;
  }

  /** An error of this request: inside a stream that is OK, or as its status. */
  refuse(message: string, code = internal): void {
    if (!this.#options.errorsAreStatuses) this.#write(frame(writeError(message)));
    else this.#status = { 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) };
    this.#end();
  }

  begin(): void {}

  say(steps: readonly ScriptedStep[]): boolean {
    let bytes = Buffer.alloc(0);
    for (const step of steps) {
      const { text, met } = this.#ready(step);
      this.#tokensOut += step.tokens;
      bytes = Buffer.concat([bytes, this.#response(this.#speech?.step(text, step.tokens) ?? null, false)]);
      if (!met) continue;
      this.#answer?.stop();
      this.#write(Buffer.concat([bytes, this.#last('word', this.#tokensOut)]));
      this.#end();
      return true;
    }
    const isReady = this.#write(bytes);
    if (!isReady) this.#options.stream.once('drain', () => this.#answer?.resume());
    return isReady;
  }

  end(how: AnswerEnd, tokensOut: number): void {
    this.#write(this.#last(how, tokensOut));
    this.#end();
  }

  fail(fault: AnswerFault): void {
    const { stream, context } = this.#options;
    switch (fault.kind) {
      case 'reset':
        this.#reset();
        return;
      case 'torn': {
        const whole = this.#response(this.#speech?.step(fault.step.text, 1) ?? null, false);
        this.#head();
        stream.write(whole.subarray(0, Math.ceil(whole.length / 2)), () => this.#reset());
        return;
      }
      case 'huge-frame': {
        // Its length says that much more would come than is sent, and than anybody should wait for.
        const head = Buffer.alloc(5);
        head.writeUInt32BE(1024 * 1024 * 1024, 1);
        this.#write(Buffer.concat([head, Buffer.alloc(fault.bytes, 'x')]));
        return;
      }
      case 'garbage':
        this.#write(frame(Buffer.from([0xff, 0xff, 0xff])));
        this.#end();
        return;
      case 'error-event':
        this.refuse(fault.message);
        return;
      case 'unfinished':
        this.#end();
        return;
      case 'engine-abort':
        this.refuse('Request cancelled by client', cancelled);
        return;
      case 'exit':
        context.exit(fault.code, fault.stderr);
    }
  }

  #ready(step: ScriptedStep): { readonly text: string; readonly met: boolean } {
    if (this.#options.model.stopText === 'cut') {
      const { text, met } = this.#stop.push(step.text);
      return { text, met: met !== null };
    }
    this.#text += step.text;
    return { text: step.text, met: this.#asked?.stop.some((word) => this.#text.includes(word)) ?? false };
  }

  /** An empty last response is only sent to who asked for it. */
  #last(how: AnswerEnd | 'word', tokensOut: number): Buffer {
    const responses = this.#speech?.end(how, this.#stop.held, tokensOut - this.#tokensOut) ?? [];
    return Buffer.concat(
      responses.map((outputs, index) =>
        outputs === null && !this.#options.request.wantsEmptyFinal
          ? Buffer.alloc(0)
          : this.#response(outputs, index === responses.length - 1),
      ),
    );
  }

  #response(outputs: TritonOutputs, isFinal: boolean): Buffer {
    const { model, id } = this.#options.request;
    return frame(writeResponse({ model, id }, outputs, isFinal));
  }

  #head(): void {
    const { stream, script } = this.#options;
    if (this.#headSent || stream.destroyed) return;
    this.#headSent = true;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers(this.#status));
    if (script.fault?.kind === 'cut' && script.fault.afterBytes === 0) this.#cutOff(script.fault.framing);
  }

  #write(bytes: Buffer): boolean {
    const { stream, script } = this.#options;
    this.#head();
    if (this.#isOver || stream.destroyed) return true;
    const cut = script.fault?.kind === 'cut' ? script.fault : null;
    const room = cut === null ? bytes.length : Math.min(bytes.length, cut.afterBytes - this.#written);
    this.#written += room;
    const kept = bytes.subarray(0, room);
    const isCut = cut !== null && this.#written >= cut.afterBytes;
    if (script.sliceBytes !== null) this.#writeSlices(kept, script.sliceBytes);
    else if (isCut) stream.write(kept, () => this.#cutOff(cut.framing));
    else return stream.write(kept);
    this.#isOver ||= isCut;
    return true;
  }

  #writeSlices(bytes: Buffer, size: number): void {
    const isIdle = this.#slices.length === 0;
    for (let at = 0; at < bytes.length; at += size) this.#slices.push(bytes.subarray(at, at + size));
    if (isIdle) this.#nextSlice();
  }

  #nextSlice(): void {
    const [slice] = this.#slices;
    if (slice === undefined) {
      this.#afterSlices?.();
      return;
    }
    this.#options.stream.write(slice, () => {
      this.#slices.shift();
      setImmediate(() => this.#nextSlice());
    });
  }

  #end(): void {
    this.#head();
    if (this.#isOver) return;
    this.#isOver = true;
    const end = (): void => void this.#options.stream.end();
    if (this.#slices.length === 0) end();
    else this.#afterSlices = end;
  }

  #cutOff(framing: 'broken' | 'whole' | 'reset'): void {
    this.#isOver = true;
    const { stream } = this.#options;
    if (framing === 'whole') stream.end();
    else if (framing === 'reset') this.#reset();
    else this.#options.socket.end();
  }

  #reset(): void {
    this.#isOver = true;
    this.#options.socket.resetAndDestroy();
  }
}

/** Uncompressed, and so many bytes. */
const frame = (message: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};
