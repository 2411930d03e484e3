/** Counters of `/metrics` and their text. Names, types and help are llama-server's; nothing here is reset but the two rates. */
import type { Timings } from './completion.ts';

export class Metrics {
  readonly startTimeUnixUs: number;
  #promptTokens = 0;
  #cachedTokens = 0;
  #promptMs = 0;
  #predictedTokens = 0;
  #predictedMs = 0;
  #decodes = 0;
  #busySlots = 0;
  #longestSequence = 0;
  /** Since the last scrape. */
  #window = emptyWindow();

  constructor(startTimeUnixUs: number) {
    this.startTimeUnixUs = startTimeUnixUs;
  }

  onStep(step: { readonly busySlots: number; readonly longestSequence: number }): void {
    this.#decodes++;
    this.#busySlots += step.busySlots;
    this.#longestSequence = Math.max(this.#longestSequence, step.longestSequence);
  }

  /** A request ended, canceled ones included: only then do the token counters move. */
  onEnd(timings: Timings): void {
    this.#promptTokens += timings.promptTokens;
    this.#cachedTokens += timings.cachedTokens;
    this.#promptMs += timings.promptMs;
    this.#predictedTokens += timings.predictedTokens;
    this.#predictedMs += timings.predictedMs;
    this.#window.promptTokens += timings.promptTokens;
    this.#window.promptMs += timings.promptMs;
    this.#window.predictedTokens += timings.predictedTokens;
    this.#window.predictedMs += timings.predictedMs;
  }

  /** Prometheus text 0.0.4. Each call begins a new window for the two `*_tokens_seconds`, so there may be only one scraper. */
  scrape(now: { readonly busySlots: number; readonly waiting: number }): string {
    const { promptTokens, promptMs, predictedTokens, predictedMs } = this.#window;
    this.#window = emptyWindow();
    const rows: readonly (readonly [name: string, type: 'counter' | 'gauge', help: string, value: number])[] = [
      ['prompt_tokens_total', 'counter', 'Number of prompt tokens processed, excluding cached tokens', this.#promptTokens],
      ['prompt_tokens_cached_total', 'counter', 'Number of prompt tokens reused from the cache', this.#cachedTokens],
      ['prompt_seconds_total', 'counter', 'Total time spent processing prompts', this.#promptMs / 1000],
      ['tokens_predicted_total', 'counter', 'Number of generation tokens processed', this.#predictedTokens],
      ['tokens_predicted_seconds_total', 'counter', 'Total time spent generating tokens', this.#predictedMs / 1000],
      [
        'n_decode_total',
        'counter',
        'Total number of llama_decode() calls, excluding speculative decoding and multimodal decoding',
        this.#decodes,
      ],
      ['n_tokens_max', 'counter', 'Largest observed sequence length (prompt + generation)', this.#longestSequence],
      ['prompt_tokens_seconds', 'gauge', 'Average prompt throughput in tokens/s', perSecond(promptTokens, promptMs)],
      ['predicted_tokens_seconds', 'gauge', 'Average generation throughput in tokens/s', perSecond(predictedTokens, predictedMs)],
      ['requests_processing', 'gauge', 'Number of requests processing', now.busySlots],
      ['requests_deferred', 'gauge', 'Number of requests deferred', now.waiting],
      [
        'n_busy_slots_per_decode',
        'gauge',
        'Average number of busy slots per llama_decode() call',
        this.#busySlots / Math.max(this.#decodes, 1),
      ],
    ];
    return rows.map(([name, type, help, value]) => renderMetric(name, type, help, value)).join('');
  }
}

/** Tokens in `durationMs` as tokens per second; 0 before anything took time. */
export function perSecond(tokens: number, durationMs: number): number {
  return durationMs > 0 ? (tokens * 1000) / durationMs : 0;
}

function emptyWindow(): { promptTokens: number; promptMs: number; predictedTokens: number; predictedMs: number } {
  return { promptTokens: 0, promptMs: 0, predictedTokens: 0, predictedMs: 0 };
}

function renderMetric(name: string, type: string, help: string, value: number): string {
  // Six digits for fractions, as the C++ stream prints them; whole numbers in full, or counters would stand still.
  const shown = Number.isInteger(value) ? value : Number(value.toPrecision(6));
  return `# HELP llamacpp:${name} ${help}\n# TYPE llamacpp:${name} ${type}\nllamacpp:${name} ${shown}\n`;
}
