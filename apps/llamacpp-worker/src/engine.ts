/**
 * llama.cpp through node-llama-cpp: loads the model and opens what the mode needs. The only file (with native-context.ts)
 * that knows node-llama-cpp. Never downloads and never compiles: the package's own CPU binary or nothing.
 */
import { getLlama, getModuleVersion, type Llama, LlamaLogLevel, type LlamaModel, type Token } from 'node-llama-cpp';
import type { Decoder } from './decoder.ts';
import type { Settings } from './flags.ts';
import type { Log } from './log.ts';
import { openNative } from './native-context.ts';
import { NativeDecoder, promptRows } from './native-decoder.ts';
import { type TokenKind, Vocabulary } from './vocabulary.ts';

export type ModelInfo = {
  readonly path: string;
  readonly alias: string;
  /** E.g. `embedded-v0.4.0-nlc3.21.1`: llama.cpp's release and node-llama-cpp's version. */
  readonly build: string;
  /** File type as llama.cpp names it, e.g. `Q8_0`. */
  readonly fileType: string;
  readonly chatTemplate: string;
  readonly vocabularySize: number;
  readonly trainedCtxTokens: number;
  readonly embeddingSize: number;
  readonly parameters: number;
  readonly sizeBytes: number;
};

export interface Embedder {
  /** Longest input in tokens. */
  readonly maxTokens: number;
  /** The vector of the whole input, not normalised. */
  embed(tokens: readonly number[]): Promise<readonly number[]>;
}

export interface Ranker {
  readonly maxTokens: number;
  countTokens(query: string, document: string): number;
  /** Relevance as the model gives it, mostly a logit: any finite number, higher is more relevant. */
  score(query: string, document: string): Promise<number>;
}

export type Engine = {
  readonly info: ModelInfo;
  readonly vocabulary: Vocabulary;
  readonly slots: number;
  /** Tokens that one slot holds. */
  readonly slotCtxTokens: number;
  /** `undefined` in rerank mode. */
  readonly decoder: Decoder | undefined;
  readonly embedder: Embedder | undefined;
  readonly ranker: Ranker | undefined;
};

/** KV cells of a sequence are allotted in steps of this many (llama.cpp). */
const ctxStep = 256;

export async function readBuild(log: Log): Promise<string> {
  return toBuild(await openLlama(log));
}

/** @errors throws with a message for the operator if the model cannot be loaded or cannot do what the mode asks */
export async function loadEngine(settings: Settings, log: Log): Promise<Engine> {
  const llama = await openLlama(log);
  const model = await llama.loadModel({ modelPath: settings.model });
  const slotCtxTokens = roundUp((settings.ctxTokens || model.trainContextSize) / settings.slots, ctxStep);
  if (slotCtxTokens > model.trainContextSize) {
    log(`warning: a slot's context of ${slotCtxTokens} tokens is more than the ${model.trainContextSize} that the model was trained with`);
  }
  if (settings.threads > 1) log('warning: with more than one thread results may depend on what other slots do');
  return {
    info: await describeModel(settings, llama, model),
    vocabulary: openVocabulary(model),
    slots: settings.slots,
    slotCtxTokens,
    decoder: settings.rerank ? undefined : await openDecoder(model, settings, slotCtxTokens),
    embedder: settings.embedding ? await openEmbedder(model, settings, slotCtxTokens) : undefined,
    ranker: settings.rerank ? await openRanker(model, settings, slotCtxTokens) : undefined,
  };
}

function openLlama(log: Log): Promise<Llama> {
  return getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.warn,
    logger: (level, message) => log(`llama.cpp ${level}: ${message.trimEnd()}`),
  });
}

async function openDecoder(model: LlamaModel, settings: Settings, ctxTokens: number): Promise<Decoder> {
  const context = await model.createContext({
    contextSize: ctxTokens,
    sequences: settings.slots,
    threads: settings.threads,
    batchSize: promptRows + settings.slots,
    failedCreationRemedy: false,
  });
  const { isRecurrent, isHybrid, swaSize } = model.fileInsights;
  return new NativeDecoder({
    native: openNative(context, model),
    sequences: settings.slots,
    ctxTokens,
    threads: settings.threads,
    keepsPrefixes: !isRecurrent && !isHybrid && swaSize === undefined,
  });
}

/** Vectors by the model's own pooling, or that of the last token where the model names none (as haiku-tiny). */
async function openEmbedder(model: LlamaModel, settings: Settings, ctxTokens: number): Promise<Embedder> {
  const context = await model.createEmbeddingContext({ contextSize: ctxTokens, batchSize: ctxTokens, threads: settings.threads });
  return {
    maxTokens: ctxTokens - 1,
    embed: async (tokens) => (await context.getEmbeddingFor(tokens.filter((token) => isToken(model, token)))).vector,
  };
}

async function openRanker(model: LlamaModel, settings: Settings, ctxTokens: number): Promise<Ranker> {
  // Without the head llama.cpp ends the process in mid-request, so it is looked for here.
  if (!model.fileInsights.supportsRanking)
    throw new Error('the model has no rank head (cls.weight or cls.output.weight): it cannot rerank');
  const isProbability = ['qwen3', 'qwen3vl'].includes(model.fileInfo.metadata.general.architecture);
  const context = await model.createRankingContext({ contextSize: ctxTokens, batchSize: ctxTokens, threads: settings.threads });
  return {
    maxTokens: ctxTokens - 1,
    countTokens: (query, document) => context.calculateInputLength(query, document),
    // node-llama-cpp gives a probability, llama-server what it came from; Qwen3's heads end in a probability themselves.
    score: async (query, document) => {
      const probability = await context.rank(query, document);
      return Math.fround(isProbability ? probability : toLogit(probability));
    },
  };
}

function openVocabulary(model: LlamaModel): Vocabulary {
  const tables = model.fileInfo.metadata.tokenizer.ggml;
  const { tokens } = model;
  return new Vocabulary({
    size: tables.tokens.length,
    model: tables.model,
    bosToken: tokens.bos ?? undefined,
    eosToken: tokens.eos ?? undefined,
    addsBos: tokens.shouldPrependBosToken,
    addsEos: tokens.shouldAppendEosToken,
    rawText: (token) => tables.tokens[token] ?? '',
    kindOf: (token) => toTokenKind(model, token),
    isEndOfGeneration: (token) => isToken(model, token) && model.isEogToken(token),
    tokenize: (text, parseSpecial) => model.tokenize(text, parseSpecial),
    detokenize: (token) => (isToken(model, token) ? model.detokenize([token], true) : ''),
  });
}

function toTokenKind(model: LlamaModel, token: number): TokenKind {
  if (!isToken(model, token)) return 'special';
  const attributes = model.getTokenAttributes(token);
  if (attributes.control || attributes.unknown) return 'special';
  if (attributes.userDefined) return 'literal';
  return attributes.byte ? 'byte' : 'normal';
}

/** node-llama-cpp brands the numbers that are tokens of a model. */
function isToken(model: LlamaModel, token: number): token is Token {
  return Number.isInteger(token) && token >= 0 && token < model.fileInfo.metadata.tokenizer.ggml.tokens.length;
}

async function describeModel(settings: Settings, llama: Llama, model: LlamaModel): Promise<ModelInfo> {
  const { tokenizer } = model.fileInfo.metadata;
  const tensors = model.fileInfo.fullTensorInfo ?? [];
  return {
    path: settings.model,
    alias: settings.alias,
    build: await toBuild(llama),
    // "<architecture> <size> <file type>"; only the last may hold spaces.
    fileType: model.typeDescription.split(' ').slice(2).join(' '),
    chatTemplate: tokenizer.chat_template ?? '',
    vocabularySize: tokenizer.ggml.tokens.length,
    trainedCtxTokens: model.trainContextSize,
    embeddingSize: model.embeddingVectorSize,
    parameters: tensors.reduce((sum, tensor) => sum + tensor.dimensions.reduce<number>((product, size) => product * Number(size), 1), 0),
    sizeBytes: model.size,
  };
}

async function toBuild(llama: Llama): Promise<string> {
  return `embedded-${llama.llamaCppRelease.release}-nlc${await getModuleVersion()}`;
}

function roundUp(value: number, step: number): number {
  return Math.max(step, Math.ceil(Math.floor(value) / step) * step);
}

/** Finite: beyond about 36 either way the probability is 0 or 1 in 64 bits and cannot tell scores apart. */
function toLogit(probability: number): number {
  const inside = Math.min(1 - Number.EPSILON / 2, Math.max(Number.EPSILON / 2, probability));
  return Math.log(inside / (1 - inside));
}
