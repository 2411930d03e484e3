/** The JSON of llama-server, member for member as it writes it. Pure: state comes in, objects go out. */
import type { Completion, Timings, TokenEvent } from './completion.ts';
import { type CompletionRequest, defaultSampling } from './completion-request.ts';
import type { Engine, ModelInfo } from './engine.ts';
import type { Settings } from './flags.ts';
import type { Generated, WorkerTask } from './generation.ts';
import { isObject, type JsonObject } from './json.ts';
import { perSecond } from './metrics.ts';
import type { Slot } from './slots.ts';

/** One token of a stream. The slot is told only in the last event. */
export function toTokenEvent(event: TokenEvent, promptTokens: number): JsonObject {
  return {
    index: 0,
    content: event.text,
    tokens: [event.token],
    stop: false,
    id_slot: -1,
    tokens_predicted: event.tokensPredicted,
    tokens_evaluated: promptTokens,
    ...(event.timings !== undefined && { timings: toTimings(event.timings) }),
  };
}

/** The last event of a stream, or the whole answer without one. */
export function toFinal({ completion, slot }: Generated, info: ModelInfo): JsonObject {
  const { request, promptTokens, vocabulary } = completion.spec;
  const final = {
    index: 0,
    content: request.stream ? '' : completion.text,
    tokens: request.stream || !request.returnTokens ? [] : completion.tokens,
    id_slot: slot,
    stop: true,
    model: info.alias,
    tokens_predicted: completion.tokensPredicted,
    tokens_evaluated: promptTokens.length,
    generation_settings: toGenerationSettings(request),
    prompt: vocabulary.detokenize(promptTokens),
    has_new_line: completion.hasNewLine,
    truncated: completion.truncated,
    stop_type: completion.stopType,
    stopping_word: completion.stoppingWord,
    tokens_cached: completion.kvTokens,
    timings: toTimings(completion.timings),
  };
  return request.responseFields.length === 0 ? final : pickFields(final, request.responseFields);
}

/** The members at the paths; `a/b` becomes the key "a/b", what is missing is left out. */
export function pickFields(from: JsonObject, paths: readonly string[]): JsonObject {
  const picked = paths.flatMap((path): [string, unknown][] => {
    let current: unknown = from;
    for (const key of path.split('/')) {
      if (!isObject(current) || !Object.hasOwn(current, key)) return [];
      current = current[key];
    }
    return [[path, current]];
  });
  return Object.fromEntries(picked);
}

export function toTimings(timings: Timings): JsonObject {
  const { cachedTokens, promptTokens, promptMs, predictedTokens, predictedMs } = timings;
  return {
    cache_n: cachedTokens,
    prompt_n: promptTokens,
    prompt_ms: promptMs,
    prompt_per_token_ms: promptTokens === 0 ? 0 : promptMs / promptTokens,
    prompt_per_second: perSecond(promptTokens, promptMs),
    predicted_n: predictedTokens,
    predicted_ms: predictedMs,
    predicted_per_token_ms: predictedTokens === 0 ? 0 : predictedMs / predictedTokens,
    predicted_per_second: perSecond(predictedTokens, predictedMs),
  };
}

export function toProps(engine: Engine, settings: Settings): JsonObject {
  const { info, vocabulary } = engine;
  return {
    default_generation_settings: { params: toSlotParams(defaultRequest), n_ctx: engine.slotCtxTokens },
    total_slots: engine.slots,
    model_alias: info.alias,
    model_ftype: info.fileType,
    model_path: info.path,
    modalities: { vision: false, video: false, audio: false },
    endpoint_slots: settings.slotsEndpoint,
    endpoint_props: false,
    endpoint_metrics: settings.metrics,
    ui: false,
    ui_settings: {},
    chat_template: info.chatTemplate,
    bos_token: vocabulary.bosText,
    eos_token: vocabulary.eosText,
    build_info: info.build,
    is_sleeping: false,
    cors_proxy_enabled: false,
  };
}

/** `kvTokens`: tokens that the slot's KV holds now. A slot never used has no task members. */
export function toSlot(slot: Slot<WorkerTask>, kvTokens: number, slotCtxTokens: number): JsonObject {
  const idle = { id: slot.id, n_ctx: slotCtxTokens, speculative: false, is_processing: slot.isBusy };
  if (slot.task === undefined) return idle;
  return { ...idle, id_task: slot.task.id, n_prompt_tokens: kvTokens, ...toSlotProgress(slot.isBusy, slot.task.completion) };
}

/** Counters are those of the running request: zero after its end. */
function toSlotProgress(isBusy: boolean, completion: Completion | undefined): JsonObject {
  if (completion === undefined) return {};
  return {
    n_prompt_tokens_processed: isBusy ? completion.processedTokens : 0,
    n_prompt_tokens_cache: isBusy ? completion.cachedTokens : 0,
    params: toSlotParams(completion.spec.request),
    next_token: [
      {
        has_next_token: isBusy && !completion.isDone,
        has_new_line: completion.hasNewLine,
        n_remain: isBusy ? completion.remaining : -1,
        n_decoded: isBusy ? completion.tokensPredicted : 0,
      },
    ],
  };
}

export function toModels(engine: Engine, createdUnixS: number): JsonObject {
  const { info, slotCtxTokens } = engine;
  const details = { parent_model: '', format: 'gguf', family: '', families: [''], parameter_size: '', quantization_level: '' };
  const capabilities =
    engine.decoder === undefined ? ['rerank'] : engine.embedder === undefined ? ['completion'] : ['completion', 'embedding'];
  return {
    models: [
      {
        name: info.alias,
        model: info.alias,
        modified_at: '',
        size: '',
        digest: '',
        type: 'model',
        description: '',
        tags: [''],
        capabilities,
        parameters: '',
        details,
      },
    ],
    object: 'list',
    data: [
      {
        id: info.alias,
        aliases: [info.alias],
        tags: [],
        object: 'model',
        created: createdUnixS,
        owned_by: 'llamacpp',
        meta: {
          vocab_type: true,
          n_vocab: info.vocabularySize,
          n_ctx: slotCtxTokens,
          n_ctx_train: info.trainedCtxTokens,
          n_embd: info.embeddingSize,
          n_params: info.parameters,
          size: info.sizeBytes,
          ftype: info.fileType,
        },
      },
    ],
  };
}

const defaultRequest: CompletionRequest = {
  prompt: '',
  sampling: defaultSampling,
  nPredict: -1,
  stream: false,
  cachePrompt: true,
  idSlot: -1,
  stop: [],
  returnTokens: false,
  timingsPerToken: false,
  ssePingIntervalS: 30,
  responseFields: [],
};

/** All that llama-server lists; samplers that this worker has not are shown as off, which is what they are. */
function toSlotParams({ sampling, nPredict, stream, timingsPerToken }: CompletionRequest): JsonObject {
  return {
    seed: sampling.seed,
    temperature: sampling.temperature,
    dynatemp_range: 0,
    dynatemp_exponent: 1,
    top_k: sampling.topK,
    top_p: sampling.topP,
    min_p: sampling.minP,
    top_n_sigma: -1,
    xtc_probability: 0,
    xtc_threshold: Math.fround(0.1),
    typical_p: 1,
    repeat_last_n: sampling.repeatLastN,
    repeat_penalty: sampling.repeatPenalty,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    dry_multiplier: 0,
    dry_base: 1.75,
    dry_allowed_length: 2,
    dry_penalty_last_n: 64,
    mirostat: 0,
    mirostat_tau: 5,
    mirostat_eta: Math.fround(0.1),
    adaptive_target: -1,
    adaptive_decay: Math.fround(0.9),
    max_tokens: nPredict,
    n_predict: nPredict,
    n_keep: 0,
    n_discard: 0,
    ignore_eos: sampling.ignoreEos,
    stream,
    n_probs: 0,
    min_keep: 0,
    chat_format: 'Content-only',
    reasoning_format: 'none',
    reasoning_in_content: false,
    generation_prompt: '',
    samplers: ['penalties', 'top_k', 'top_p', 'min_p', 'temperature'],
    'speculative.types': 'none',
    timings_per_token: timingsPerToken,
    post_sampling_probs: false,
    backend_sampling: false,
    lora: [],
  };
}

function toGenerationSettings(request: CompletionRequest): JsonObject {
  const { sampling, stop } = request;
  const logitBias = sampling.logitBias.map(({ token, bias }) => ({ token, bias: Number.isFinite(bias) ? bias : null }));
  return {
    ...toSlotParams(request),
    stop,
    logit_bias: logitBias,
    grammar: '',
    grammar_lazy: false,
    grammar_triggers: [],
    preserved_tokens: [],
  };
}
