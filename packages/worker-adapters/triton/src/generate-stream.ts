/**
 * Decodes the body of one `generate_stream`. It owns what ends it over HTTP: the engine's reason and the body's end; there
 * is no terminator.
 */
import { SseReader, type StreamDecoder, WorkerError, type WorkerEvent } from '@llama-orch/adapter-api';
import type { Answer } from './answer.ts';
import { toMessageError } from './errors.ts';
import { toGenerateEvent } from './wire.ts';

export class GenerateStream implements StreamDecoder<WorkerEvent> {
  readonly #answer: Answer;
  readonly #reader: SseReader;
  #out: WorkerEvent[] = [];

  constructor(answer: Answer) {
    this.#answer = answer;
    this.#reader = new SseReader((data) => this.#onEvent(data));
  }

  /** Triton sends the head with the first response, so queue and prefill both show as time before it. */
  open(out: WorkerEvent[]): void {
    out.push({ kind: 'started' });
  }

  push(chunk: Buffer, out: WorkerEvent[]): void {
    this.#out = out;
    this.#reader.push(chunk);
  }

  end(): readonly WorkerEvent[] {
    if (!this.#answer.isComplete || this.#reader.isMidEvent) {
      throw new WorkerError('worker-reset', 'The engine’s stream ended before it said why.', { mayRunAgain: true });
    }
    const events: WorkerEvent[] = [];
    this.#answer.finish(events);
    return events;
  }

  #onEvent(data: string): void {
    const event = toGenerateEvent(data);
    switch (event.kind) {
      case 'response':
        this.#answer.push(event.response, this.#out);
        return;
      case 'fault':
        throw toMessageError(event.message);
      case 'garbage':
        throw new WorkerError('worker-reset', `The engine sent ${event.why}.`, { mayRunAgain: true });
    }
  }
}
