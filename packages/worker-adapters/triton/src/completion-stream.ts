/**
 * Decodes the stream of one `/v1/completions` of `trtllm-serve`. It owns what ends it: a reason, then the usage, then the
 * body's end; `[DONE]` is not waited for, and is no end by itself.
 */
import { SseReader, type StreamDecoder, WorkerError, type WorkerEvent } from '@llama-orch/adapter-api';
import type { Answer } from './answer.ts';
import { toMessageError } from './errors.ts';
import { toCompletionChunk } from './trtllm-wire.ts';

export class CompletionStream implements StreamDecoder<WorkerEvent> {
  readonly #answer: Answer;
  readonly #reader: SseReader;
  #out: WorkerEvent[] = [];
  #hasStarted = false;
  #hasUsage = false;

  constructor(answer: Answer) {
    this.#answer = answer;
    this.#reader = new SseReader((data) => this.#onEvent(data));
  }

  /** The head says nothing of a slot: a web server may send it before the engine has the request. */
  open(): void {}

  push(chunk: Buffer, out: WorkerEvent[]): void {
    this.#out = out;
    this.#reader.push(chunk);
  }

  end(): readonly WorkerEvent[] {
    if (!this.#answer.isComplete || !this.#hasUsage || this.#reader.isMidEvent) throw broken('the end of its stream before it said why');
    const events: WorkerEvent[] = [];
    this.#answer.finish(events);
    return events;
  }

  #onEvent(data: string): void {
    const chunk = toCompletionChunk(data);
    switch (chunk.kind) {
      case 'text':
        if (!this.#hasStarted) this.#out.push({ kind: 'started' });
        this.#hasStarted = true;
        this.#answer.push(chunk.response, this.#out);
        return;
      case 'usage':
        this.#hasUsage = true;
        this.#answer.count(chunk.tokensIn, chunk.tokensOut);
        return;
      case 'done':
        return;
      case 'fault':
        throw toMessageError(chunk.message);
      case 'garbage':
        throw broken(chunk.why);
    }
  }
}

const broken = (what: string): WorkerError => new WorkerError('worker-reset', `The engine sent ${what}.`, { mayRunAgain: true });
