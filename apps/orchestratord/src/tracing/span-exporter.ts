/**
 * Sends spans to a collector in batches. What it cannot send it drops and counts: no task ever waits for a collector.
 */
import type { Logger } from '@llama-orch/service-kit';
import { type Span, toOtlpBody } from './otlp.ts';

/** Takes what has ended; never blocks and never throws. */
export interface SpanSink {
  add(span: Span): void;
  /** Send what is left, within the time of one request. */
  close(): Promise<void>;
}

/** `full`: more came than was sent; `failed`: the collector took them not. */
export type SpanOutcome = 'exported' | 'full' | 'failed';

export type SpanExporterOptions = {
  /** Where batches are posted. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  readonly version: string;
  /** Spans that may wait; >= `batch`. */
  readonly maxQueue: number;
  readonly batch: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly log: Logger;
  readonly onOutcome: (outcome: SpanOutcome, spans: number) => void;
};

/** @req ORCH-3101 */
export class SpanExporter implements SpanSink {
  readonly #options: SpanExporterOptions;
  #waiting: Span[] = [];
  #sending: Promise<void> | null = null;
  readonly #timer: NodeJS.Timeout;
  #hasFailed = false;

  constructor(options: SpanExporterOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#flush(), options.intervalMs);
    this.#timer.unref();
  }

  add(span: Span): void {
    if (this.#waiting.length >= this.#options.maxQueue) return this.#options.onOutcome('full', 1);
    this.#waiting.push(span);
    if (this.#waiting.length >= this.#options.batch) this.#flush();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const giveUp = AbortSignal.timeout(this.#options.timeoutMs);
    while (this.#waiting.length > 0 && !giveUp.aborted) {
      this.#flush();
      await this.#sending;
    }
    await this.#sending;
    if (this.#waiting.length > 0) this.#options.onOutcome('failed', this.#waiting.length);
    this.#waiting = [];
  }

  /** One request at a time: a slow collector fills the queue, not the memory. */
  #flush(): void {
    if (this.#sending !== null || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, this.#options.batch);
    this.#sending = this.#send(batch).finally(() => {
      this.#sending = null;
      if (this.#waiting.length >= this.#options.batch) this.#flush();
    });
  }

  async #send(batch: readonly Span[]): Promise<void> {
    const { url, headers, resource, version, timeoutMs, onOutcome, log } = this.#options;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: toOtlpBody(batch, resource, version),
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`The collector answered ${response.status}.`);
      onOutcome('exported', batch.length);
      if (this.#hasFailed) log.info({ event: 'traces_sent_again' }, 'the collector takes spans again');
      this.#hasFailed = false;
    } catch (cause) {
      onOutcome('failed', batch.length);
      // Once until it works again: a collector that is down for a day is one line, and a counter.
      if (!this.#hasFailed) log.warn({ event: 'traces_not_sent', err: cause }, 'the collector took no spans; they are dropped and counted');
      this.#hasFailed = true;
    }
  }
}
