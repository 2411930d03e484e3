/**
 * Whether a model, its KV cache and what else the pool asks for fit this host now. Pure: sizes in, verdict out; it reads no
 * device and no file.
 */
import { createFailure, type Failure } from './failure.ts';
import type { GpuDevice } from './gpu-device.ts';
import type { HostMemory } from './host-memory.ts';
import type { ModelFacts } from './model-facts.ts';
import type { EngineName } from './pool-spec.ts';

/** One model on disk. */
export type ModelSize = {
  /** Size on disk, bytes; weights take at most this. */
  readonly weightsBytes: number;
  /** `null` = no header: then only weights are counted. */
  readonly facts: ModelFacts | null;
  /** As configured, for models whose header does not tell; `null` = not configured. */
  readonly kvBytesPerToken: number | null;
};

export type HeadroomInput = {
  readonly engine: EngineName;
  readonly model: ModelSize;
  /** Draft model of speculative decoding. */
  readonly draft: ModelSize | null;
  /** `null` = the engine's default, two bytes. */
  readonly kvType: string | null;
  /** Context of one slot, tokens. */
  readonly ctx: number;
  readonly slots: number;
  /** KV of prompts that have ended. */
  readonly prefixCacheBytes: number;
  /** Devices of the mask, in its order; empty = the worker runs on the CPU. */
  readonly devices: readonly GpuDevice[];
  readonly tensorSplit: readonly number[] | null;
  /** Other workers may use the same devices. */
  readonly shareDevices: boolean;
  readonly hostMemory: HostMemory;
  /** What must stay free: share of each device, bytes of the host. */
  readonly reserve: { readonly vramRatio: number; readonly ramBytes: number };
};

export type HeadroomPlan = {
  /** KV cache of one token, the draft's included, bytes; `null` = unknown. */
  readonly kvBytesPerToken: number | null;
  /** KV cache of all slots, bytes. */
  readonly kvBytes: number;
  /** KV cache and prefix cache on the device that holds most of it; `null` = unknown, or on the CPU. */
  readonly kvBytesPerDevice: number | null;
  /** Share of each device the worker may take. */
  readonly memoryFraction: number;
  /** KV cache as a share of what is free once the weights are loaded. */
  readonly kvFraction: number;
  /** The model's header names its pooling; `null` = unknown. */
  readonly namesPooling: boolean | null;
};

/** Of a worker that nothing is planned for: an external one. */
export const emptyPlan: HeadroomPlan = {
  kvBytesPerToken: null,
  kvBytes: 0,
  kvBytesPerDevice: null,
  memoryFraction: 1,
  kvFraction: 1,
  namesPooling: null,
};

export type HeadroomVerdict =
  | { readonly kind: 'fits'; readonly plan: HeadroomPlan }
  /** `plan`: what it would be if there were room. */
  | { readonly kind: 'short'; readonly failure: Failure; readonly plan: HeadroomPlan };

/** Bytes of one element, by KV type; quantised types hold 32 elements in a block with its scale. */
const kvTypeBytes: Readonly<Record<string, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  auto: 2,
  fp8: 1,
  fp8_e4m3: 1,
  fp8_e5m2: 1,
  fp8_e4m3fn: 1,
  q8_0: 34 / 32,
  q5_1: 24 / 32,
  q5_0: 22 / 32,
  q4_1: 20 / 32,
  q4_0: 18 / 32,
  iq4_nl: 18 / 32,
};

/** KV cache of one token of one model, bytes; an unknown KV type counts like `f16`. */
export const kvBytesPerToken = (model: ModelSize, kvType: string | null): number | null =>
  model.facts?.kvElementsPerToken == null
    ? model.kvBytesPerToken
    : Math.ceil(model.facts.kvElementsPerToken * (kvTypeBytes[kvType ?? 'f16'] ?? 2));

/** Of the model and its draft, whose KV cache always has the engine's default type. */
const perTokenOf = (input: HeadroomInput): number | null => {
  const own = kvBytesPerToken(input.model, input.kvType);
  const draft = input.draft === null ? 0 : kvBytesPerToken(input.draft, null);
  return own === null || draft === null ? null : own + draft;
};

/** Tokens of a block of vLLM's cache. */
const vllmBlock = 16;

/** vLLM hands out whole blocks and keeps one for itself; without these the last slot would not get its context. */
const kvTokensOf = ({ engine, ctx, slots }: HeadroomInput): number =>
  engine === 'vllm' ? slots * (Math.ceil(ctx / vllmBlock) + 1) * vllmBlock + vllmBlock : ctx * slots;

/** llama.cpp keeps the states of ended prompts in host memory, the others beside the KV cache they come from. */
const cachesOnHost = (engine: EngineName): boolean => engine === 'llamacpp';

/**
 * Judge whether weights, the KV cache of all slots, a draft model with its own KV cache, and a prefix cache fit.
 *
 * 1. On the CPU all of it must fit the available RAM less the reserve.
 * 2. On devices each holds its share: its ratio, or an equal part of a homogeneous mask, and where layers are not cut one
 *    layer more. So the smallest device bounds the KV cache of the whole worker (ORCH-3052).
 * 3. The host keeps its reserve free in either case, and llama.cpp's prefix cache besides: a load that makes the host swap is
 *    no load.
 *
 * @req ORCH-3003, ORCH-3020, ORCH-3052, ORCH-3012
 */
export const judgeHeadroom = (input: HeadroomInput): HeadroomVerdict => {
  const perToken = perTokenOf(input);
  const need = needOf(input);
  const portions = portionsOf(input);
  const plan: HeadroomPlan = {
    kvBytesPerToken: perToken,
    kvBytes: need.kvBytes,
    namesPooling: input.model.facts?.namesPooling ?? null,
    ...limitsOf(input, portions, need, perToken),
  };
  const { availableBytes } = input.hostMemory;

  // 1 and 3
  const onCpu = input.devices.length === 0;
  const hostNeedBytes = need.hostCacheBytes + (onCpu ? need.deviceBytes : 0);
  if (hostNeedBytes + input.reserve.ramBytes > availableBytes)
    return short(
      plan,
      'host-memory-short',
      `Host RAM is too small: ${[...(onCpu ? need.words : []), ...(need.hostCacheBytes > 0 ? [`prefix cache ${gib(need.hostCacheBytes)}`] : []), `reserve ${gib(input.reserve.ramBytes)}`].join(' + ')} are needed, ${gib(availableBytes)} are available.`,
    );

  // 2
  for (const { device, share, usableBytes } of portions) {
    const deviceNeed = share * need.deviceBytes;
    // One byte of tolerance: the cap below is the same comparison the other way round, in floating point.
    if (deviceNeed - usableBytes >= 1) {
      return short(
        plan,
        'device-memory-short',
        `Device ${device.index} (${device.name}) is too small for its share of ${need.words.join(' + ')}: ${gib(deviceNeed)} are needed, ${gib(Math.max(0, usableBytes))} are usable (${gib(device.memoryUsedBytes)} of ${gib(device.memoryTotalBytes)} in use). ${kvAdvice(input, perToken)}`,
      );
    }
  }
  return { kind: 'fits', plan };
};

type Need = {
  readonly kvBytes: number;
  /** Everything that lies beside the weights on the devices, and the weights. */
  readonly deviceBytes: number;
  readonly weightsBytes: number;
  readonly hostCacheBytes: number;
  readonly words: readonly string[];
};

const needOf = (input: HeadroomInput): Need => {
  const kvBytes = (perTokenOf(input) ?? 0) * kvTokensOf(input);
  const draftBytes = input.draft?.weightsBytes ?? 0;
  const onHost = cachesOnHost(input.engine);
  const cacheBytes = onHost ? 0 : input.prefixCacheBytes;
  return {
    kvBytes,
    deviceBytes: input.model.weightsBytes + draftBytes + kvBytes + cacheBytes,
    weightsBytes: input.model.weightsBytes + draftBytes,
    hostCacheBytes: onHost ? input.prefixCacheBytes : 0,
    words: [
      `weights ${gib(input.model.weightsBytes)}`,
      ...(draftBytes > 0 ? [`draft model ${gib(draftBytes)}`] : []),
      `KV ${gib(kvBytes)} (${input.slots} × ${input.ctx} tokens)`,
      ...(cacheBytes > 0 ? [`prefix cache ${gib(cacheBytes)}`] : []),
    ],
  };
};

type Portion = {
  readonly device: GpuDevice;
  /** Of everything on the devices together; 0 = nothing of the model lies here. */
  readonly share: number;
  readonly usableBytes: number;
};

const portionsOf = (input: HeadroomInput): readonly Portion[] => {
  // llama.cpp gives whole layers to devices; the others cut every tensor alike.
  const layerShare = input.devices.length === 1 || input.engine !== 'llamacpp' ? 0 : 1 / Math.max(1, input.model.facts?.layerCount ?? 32);
  return input.devices.map((device, index) => {
    const ratio = input.tensorSplit?.[index] ?? 1 / input.devices.length;
    return {
      device,
      share: ratio === 0 ? 0 : ratio + layerShare,
      usableBytes: device.memoryTotalBytes - device.memoryUsedBytes - input.reserve.vramRatio * device.memoryTotalBytes,
    };
  });
};

/** TensorRT-LLM's own default. */
const wholeKvFraction = 0.9;
/** It measures what is free after activations, which the plan cannot see. */
const kvFractionMargin = 1.25;

/**
 * What engines that would take all there is are told to take. A worker alone on its devices gets all but the reserve, which is
 * also room for activations; one that shares them gets its need and the reserve's share.
 */
const limitsOf = (
  input: HeadroomInput,
  portions: readonly Portion[],
  need: Need,
  perToken: number | null,
): Pick<HeadroomPlan, 'kvBytesPerDevice' | 'memoryFraction' | 'kvFraction'> => {
  const whole = 1 - input.reserve.vramRatio;
  const cached = need.deviceBytes - need.weightsBytes;
  const needed = portions.map(({ device, share }) => (share * need.deviceBytes) / device.memoryTotalBytes + input.reserve.vramRatio);
  const ofFree = portions
    .filter(({ share }) => share > 0)
    .map(({ share, usableBytes }) => (share * cached) / Math.max(1, usableBytes - share * need.weightsBytes));
  return {
    kvBytesPerDevice:
      perToken === null || portions.length === 0 ? null : Math.ceil(Math.max(...portions.map(({ share }) => share)) * cached),
    memoryFraction: floor2(input.shareDevices && perToken !== null && needed.length > 0 ? Math.min(whole, Math.max(...needed)) : whole),
    kvFraction:
      !input.shareDevices || perToken === null || ofFree.length === 0
        ? wholeKvFraction
        : Math.min(wholeKvFraction, Math.max(0.01, ceil2(kvFractionMargin * Math.max(...ofFree)))),
  };
};

const floor2 = (ratio: number): number => Math.floor(ratio * 100 + 1e-9) / 100;
const ceil2 = (ratio: number): number => Math.ceil(ratio * 100 - 1e-9) / 100;

const short = (plan: HeadroomPlan, kind: 'host-memory-short' | 'device-memory-short', message: string): HeadroomVerdict => ({
  kind: 'short',
  plan,
  failure: createFailure(kind, message.trim()),
});

/**
 * The most tokens of KV cache that no device of the mask would run out with; `null` where it cannot be told.
 *
 * @req ORCH-3052
 */
export const kvTokensCap = (input: HeadroomInput): number | null => {
  const perToken = perTokenOf(input);
  if (perToken === null || perToken === 0 || input.devices.length === 0) return null;
  const need = needOf(input);
  const besides = need.deviceBytes - need.kvBytes;
  const caps = portionsOf(input)
    .filter(({ share }) => share > 0)
    .map(({ share, usableBytes }) => (usableBytes / share - besides) / perToken);
  return Math.max(0, Math.floor(Math.min(...caps)));
};

const kvAdvice = (input: HeadroomInput, perToken: number | null): string => {
  const cap = kvTokensCap(input);
  if (cap === null || perToken === null) return '';
  if (cap < 1) return 'Without any KV it does not fit: use a smaller quantisation, a smaller cache or draft, or more devices.';
  return `At most ${cap} tokens of KV cache fit: lower \`ctx\` × \`slots\` (now ${input.ctx} × ${input.slots}) to that.`;
};

const gib = (bytes: number): string => `${(bytes / 1_073_741_824).toFixed(2)} GiB`;
