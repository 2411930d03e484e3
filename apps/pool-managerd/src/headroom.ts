/**
 * Whether a model and its KV cache fit this host now. Pure: sizes in, verdict out; it reads no device and no file.
 */
import { createFailure, type Failure } from './failure.ts';
import type { GgufFacts } from './gguf.ts';
import type { GpuDevice } from './gpu-probe.ts';
import type { HostMemory } from './host-memory.ts';

export type HeadroomInput = {
  /** Size of the model on disk, bytes; weights take at most this. */
  readonly weightsBytes: number;
  /** `null` = no GGUF header: then only weights are counted. */
  readonly gguf: GgufFacts | null;
  /** `null` = the engine's default, `f16`. */
  readonly kvType: string | null;
  /** Context of one slot, tokens. */
  readonly ctx: number;
  readonly slots: number;
  /** Devices of the mask, in its order; empty = the worker runs on the CPU. */
  readonly devices: readonly GpuDevice[];
  readonly tensorSplit: readonly number[] | null;
  readonly hostMemory: HostMemory;
  /** What must stay free: share of each device, bytes of the host. */
  readonly reserve: { readonly vramRatio: number; readonly ramBytes: number };
};

export type HeadroomPlan = {
  /** KV cache of one token, bytes; `null` = unknown. */
  readonly kvBytesPerToken: number | null;
  /** KV cache of all slots, bytes. */
  readonly kvBytes: number;
};

export type HeadroomVerdict =
  | { readonly kind: 'fits'; readonly plan: HeadroomPlan }
  | { readonly kind: 'short'; readonly failure: Failure };

/** Bytes of one element, by KV type; quantised types hold 32 elements in a block with its scale. */
const kvTypeBytes: Readonly<Record<string, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  q8_0: 34 / 32,
  q5_1: 24 / 32,
  q5_0: 22 / 32,
  q4_1: 20 / 32,
  q4_0: 18 / 32,
  iq4_nl: 18 / 32,
};

/** KV cache of one token, bytes; an unknown KV type counts like `f16`. */
export const kvBytesPerToken = (gguf: GgufFacts | null, kvType: string | null): number | null =>
  gguf?.kvElementsPerToken == null ? null : Math.ceil(gguf.kvElementsPerToken * (kvTypeBytes[kvType ?? 'f16'] ?? 2));

/**
 * Judge whether weights plus the KV cache of all slots fit.
 *
 * 1. On the CPU both must fit the available RAM less the reserve.
 * 2. On devices each holds its share of both: its ratio, or an equal part of a homogeneous mask, and one layer more, for
 *    layers are not cut. So the smallest device bounds the KV cache of the whole worker (ORCH-3052).
 * 3. The host keeps its reserve free in either case: a load that makes the host swap is no load.
 *
 * @req ORCH-3003, ORCH-3052, ORCH-3012
 */
export const judgeHeadroom = (input: HeadroomInput): HeadroomVerdict => {
  const perToken = kvBytesPerToken(input.gguf, input.kvType);
  const kvTokens = input.ctx * input.slots;
  const kvBytes = (perToken ?? 0) * kvTokens;
  const plan = { kvBytesPerToken: perToken, kvBytes };
  const needBytes = input.weightsBytes + kvBytes;
  const { availableBytes } = input.hostMemory;

  // 1 and 3
  const hostNeedBytes = input.devices.length === 0 ? needBytes : 0;
  if (hostNeedBytes + input.reserve.ramBytes > availableBytes) {
    const need =
      hostNeedBytes === 0
        ? `${gib(input.reserve.ramBytes)} must stay free`
        : `weights ${gib(input.weightsBytes)} + KV ${gib(kvBytes)} (${input.slots} × ${input.ctx} tokens) + reserve ${gib(input.reserve.ramBytes)} are needed`;
    return short('host-memory-short', `Host RAM is too small: ${need}, ${gib(availableBytes)} are available.`);
  }

  // 2
  for (const { device, share, usableBytes } of portions(input)) {
    const deviceNeed = share * needBytes;
    // One byte of tolerance: the cap below is the same comparison the other way round, in floating point.
    if (deviceNeed - usableBytes >= 1) {
      return short(
        'device-memory-short',
        `Device ${device.index} (${device.name}) is too small for its share: ${gib(deviceNeed)} are needed, ${gib(Math.max(0, usableBytes))} are usable (${gib(device.memoryUsedBytes)} of ${gib(device.memoryTotalBytes)} in use). ${kvAdvice(input, perToken)}`,
      );
    }
  }
  return { kind: 'fits', plan };
};

type Portion = {
  readonly device: GpuDevice;
  /** Of weights and KV cache together; 0 = nothing of the model lies here. */
  readonly share: number;
  readonly usableBytes: number;
};

const portions = (input: HeadroomInput): readonly Portion[] => {
  const layerShare = input.devices.length === 1 ? 0 : 1 / Math.max(1, input.gguf?.layerCount ?? 32);
  return input.devices.map((device, index) => {
    const ratio = input.tensorSplit?.[index] ?? 1 / input.devices.length;
    return {
      device,
      share: ratio === 0 ? 0 : ratio + layerShare,
      usableBytes: device.memoryTotalBytes - device.memoryUsedBytes - input.reserve.vramRatio * device.memoryTotalBytes,
    };
  });
};

const short = (kind: 'host-memory-short' | 'device-memory-short', message: string): HeadroomVerdict => ({
  kind: 'short',
  failure: createFailure(kind, message.trim()),
});

/**
 * The most tokens of KV cache that no device of the mask would run out with; `null` where it cannot be told.
 *
 * @req ORCH-3052
 */
export const kvTokensCap = (input: HeadroomInput): number | null => {
  const perToken = kvBytesPerToken(input.gguf, input.kvType);
  if (perToken === null || perToken === 0 || input.devices.length === 0) return null;
  const caps = portions(input)
    .filter(({ share }) => share > 0)
    .map(({ share, usableBytes }) => (usableBytes / share - input.weightsBytes) / perToken);
  return Math.max(0, Math.floor(Math.min(...caps)));
};

const kvAdvice = (input: HeadroomInput, perToken: number | null): string => {
  const cap = kvTokensCap(input);
  if (cap === null || perToken === null) return '';
  if (cap < 1) return 'The weights alone do not fit: use a smaller quantisation or more devices.';
  return `At most ${cap} tokens of KV cache fit: lower \`ctx\` × \`slots\` (now ${input.ctx} × ${input.slots}) to that.`;
};

const gib = (bytes: number): string => `${(bytes / 1_073_741_824).toFixed(2)} GiB`;
