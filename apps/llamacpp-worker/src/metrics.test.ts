import { expect, test } from 'vitest';
import { Metrics, perSecond } from './metrics.ts';

test('[ORCH-3110] writes the metrics of llama-server as Prometheus text', () => {
  const metrics = new Metrics(0);
  metrics.onStep({ busySlots: 1, longestSequence: 12 });
  metrics.onStep({ busySlots: 2, longestSequence: 9 });
  metrics.onEnd({ cachedTokens: 3, promptTokens: 10, promptMs: 4, predictedTokens: 2_000_001, predictedMs: 3000 });
  expect(metrics.scrape({ busySlots: 1, waiting: 4 })).toMatchInlineSnapshot(`
    "# HELP llamacpp:prompt_tokens_total Number of prompt tokens processed, excluding cached tokens
    # TYPE llamacpp:prompt_tokens_total counter
    llamacpp:prompt_tokens_total 10
    # HELP llamacpp:prompt_tokens_cached_total Number of prompt tokens reused from the cache
    # TYPE llamacpp:prompt_tokens_cached_total counter
    llamacpp:prompt_tokens_cached_total 3
    # HELP llamacpp:prompt_seconds_total Total time spent processing prompts
    # TYPE llamacpp:prompt_seconds_total counter
    llamacpp:prompt_seconds_total 0.004
    # HELP llamacpp:tokens_predicted_total Number of generation tokens processed
    # TYPE llamacpp:tokens_predicted_total counter
    llamacpp:tokens_predicted_total 2000001
    # HELP llamacpp:tokens_predicted_seconds_total Total time spent generating tokens
    # TYPE llamacpp:tokens_predicted_seconds_total counter
    llamacpp:tokens_predicted_seconds_total 3
    # HELP llamacpp:n_decode_total Total number of llama_decode() calls, excluding speculative decoding and multimodal decoding
    # TYPE llamacpp:n_decode_total counter
    llamacpp:n_decode_total 2
    # HELP llamacpp:n_tokens_max Largest observed sequence length (prompt + generation)
    # TYPE llamacpp:n_tokens_max counter
    llamacpp:n_tokens_max 12
    # HELP llamacpp:prompt_tokens_seconds Average prompt throughput in tokens/s
    # TYPE llamacpp:prompt_tokens_seconds gauge
    llamacpp:prompt_tokens_seconds 2500
    # HELP llamacpp:predicted_tokens_seconds Average generation throughput in tokens/s
    # TYPE llamacpp:predicted_tokens_seconds gauge
    llamacpp:predicted_tokens_seconds 666667
    # HELP llamacpp:requests_processing Number of requests processing
    # TYPE llamacpp:requests_processing gauge
    llamacpp:requests_processing 1
    # HELP llamacpp:requests_deferred Number of requests deferred
    # TYPE llamacpp:requests_deferred gauge
    llamacpp:requests_deferred 4
    # HELP llamacpp:n_busy_slots_per_decode Average number of busy slots per llama_decode() call
    # TYPE llamacpp:n_busy_slots_per_decode gauge
    llamacpp:n_busy_slots_per_decode 1.5
    "
  `);
});

test('averages the two rates between two scrapes only', () => {
  const metrics = new Metrics(0);
  const rate = (): string | undefined =>
    /^llamacpp:predicted_tokens_seconds (.*)$/m.exec(metrics.scrape({ busySlots: 0, waiting: 0 }))?.[1];
  metrics.onEnd({ cachedTokens: 0, promptTokens: 0, promptMs: 0, predictedTokens: 30, predictedMs: 1000 });
  expect([rate(), rate()]).toEqual(['30', '0']);
});

test('has no rate where no time passed', () => {
  expect(perSecond(5, 0)).toBe(0);
});
