/** `Decoder` over one llama.cpp context. Knows batches and KV cells, no requests. */
import type { BatchRow, Decoder, Sampler, SamplerConfig } from './decoder.ts';
import type { Native, NativeSampler, NativeSamplerConfig } from './native-context.ts';

/**
 * Prompt rows per step. llama.cpp's flash attention takes another path, with other rounding, from 64 rows of one sequence
 * on; below that a row's result depends neither on how the prompt was cut nor on who else is in the batch (measured on
 * whole distributions, one thread, up to 925 tokens). So prefix reuse, slots and load leave the text unchanged. It also
 * bounds how long a step runs, and with it a cancel.
 */
export const promptRows = 48;

type NativeDecoderOptions = {
  readonly native: Native;
  readonly sequences: number;
  readonly ctxTokens: number;
  readonly threads: number;
  /** False for models whose state is not one cell per token: there only a whole sequence can be forgotten. */
  readonly keepsPrefixes: boolean;
};

class NativeSamplerHandle implements Sampler {
  readonly native: NativeSampler;

  constructor(native: NativeSampler) {
    this.native = native;
  }

  dispose(): void {
    this.native.dispose();
  }
}

export class NativeDecoder implements Decoder {
  readonly sequences: number;
  readonly ctxTokens: number;
  readonly promptRows = promptRows;
  readonly #native: Native;
  readonly #keepsPrefixes: boolean;

  constructor(options: NativeDecoderOptions) {
    this.sequences = options.sequences;
    this.ctxTokens = options.ctxTokens;
    this.#native = options.native;
    this.#keepsPrefixes = options.keepsPrefixes;
    options.native.context.setThreads(options.threads);
  }

  async decode(rows: readonly BatchRow[]): Promise<readonly number[]> {
    const { context } = this.#native;
    context.initBatch(rows.length);
    const logitIndexes: number[] = [];
    for (const run of splitBySequence(rows)) {
      const [first] = run;
      if (first === undefined) continue;
      const wanted = run.flatMap((row, at) => (row.wantsLogits ? [at] : []));
      const tokens = Uint32Array.from(run, (row) => row.token);
      logitIndexes.push(...context.addToBatch(first.sequence, first.position, tokens, Uint32Array.from(wanted)));
    }
    await context.decodeBatch();
    return logitIndexes;
  }

  async sample(logitIndex: number, sampler: Sampler): Promise<number> {
    if (!(sampler instanceof NativeSamplerHandle)) throw new TypeError('the sampler belongs to another decoder');
    const token = await this.#native.context.sampleToken(logitIndex, sampler.native);
    if (token < 0) throw new Error('no token could be drawn');
    return token;
  }

  createSampler(config: SamplerConfig): Sampler {
    const sampler = this.#native.createSampler();
    // Applied once: from then on the sampler keeps its random numbers and penalties by itself.
    sampler.applyConfig(toNativeConfig(config));
    return new NativeSamplerHandle(sampler);
  }

  truncate(sequence: number, keep: number): number {
    const { context } = this.#native;
    if (keep > 0 && this.#keepsPrefixes && context.removeTokenCellsFromSequence(sequence, keep, this.ctxTokens + 1)) return keep;
    context.disposeSequence(sequence);
    return 0;
  }
}

function splitBySequence(rows: readonly BatchRow[]): BatchRow[][] {
  const runs: BatchRow[][] = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (last?.[0]?.sequence === row.sequence) last.push(row);
    else runs.push([row]);
  }
  return runs;
}

function toNativeConfig(config: SamplerConfig): NativeSamplerConfig {
  const {
    temperature,
    topK,
    topP,
    minP,
    seed,
    repeatPenalty,
    presencePenalty,
    frequencyPenalty,
    penaltyHistory,
    penaltyTokens,
    logitBias,
  } = config;
  const penalizes = penaltyTokens > 0 && (repeatPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0);
  return {
    temperature,
    topK,
    topP,
    minP,
    seed,
    ...(penalizes && {
      repeatPenalty,
      repeatPenaltyMaxTokens: penaltyTokens,
      repeatPenaltyTokens: Uint32Array.from(penaltyHistory),
      repeatPenaltyPresencePenalty: presencePenalty,
      repeatPenaltyFrequencyPenalty: frequencyPenalty,
    }),
    ...(logitBias.size > 0 && {
      tokenBiasKeys: Uint32Array.from(logitBias.keys()),
      tokenBiasValues: Float32Array.from(logitBias.values()),
    }),
  };
}
