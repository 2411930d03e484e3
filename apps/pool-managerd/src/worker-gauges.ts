/**
 * The figures of a running worker: memory, load, cache. It reads engine and driver; it judges nothing and never fails.
 */
import type { GpuProbe } from './gpu-probe.ts';
import type { LiveWorker } from './live-worker.ts';
import type { PoolSpec } from './pool-spec.ts';
import { findByNonce } from './worker-nonce.ts';

/** `null` = the engine or the driver does not tell. */
export type WorkerGauges = {
  readonly slotsFree: number | null;
  readonly vramUsedBytes: number | null;
  /** Mean over the mask, 0..1. */
  readonly gpuUtilizationRatio: number | null;
  /** 0..1. */
  readonly kvCacheUsageRatio: number | null;
  /** Read and generated since its start: what rises after the self-test was asked for by somebody else. */
  readonly tokensTotal: number | null;
};

/** Older than this an inventory does not describe now. */
const inventoryAgeMs = 5_000;

export const readWorkerGauges = async (
  gpuProbe: GpuProbe,
  worker: LiveWorker,
  spec: PoolSpec,
  signal: AbortSignal,
): Promise<WorkerGauges> => {
  const metrics = await worker.adapter.metrics(signal).catch(() => null); // A worker that does not answer is the probes' business.
  const running = metrics?.requestsRunning ?? null;
  return {
    slotsFree: running === null ? null : Math.max(0, spec.slots - running),
    kvCacheUsageRatio: metrics?.kvUsageRatio ?? null,
    tokensTotal: toTotal(metrics?.promptTokensTotal ?? null, metrics?.generatedTokensTotal ?? null),
    ...(await readDevices(gpuProbe, worker, spec)),
  };
};

const toTotal = (prompt: number | null, generated: number | null): number | null =>
  prompt === null && generated === null ? null : (prompt ?? 0) + (generated ?? 0);

/**
 * 1. Memory by process, summed over whatever carries the worker's nonce.
 * 2. Where the driver shows no processes (containers), what its devices hold, unless it shares them.
 */
const readDevices = async (
  gpuProbe: GpuProbe,
  worker: LiveWorker,
  spec: PoolSpec,
): Promise<Pick<WorkerGauges, 'vramUsedBytes' | 'gpuUtilizationRatio'>> => {
  const uuids = worker.record.facts.deviceUuids;
  const inventory = uuids.length === 0 ? null : await gpuProbe.inventory(inventoryAgeMs);
  if (inventory?.kind !== 'devices') return { vramUsedBytes: null, gpuUtilizationRatio: null };
  const devices = inventory.devices.filter(({ uuid }) => uuids.includes(uuid));
  const loads = devices.map(({ utilizationRatio }) => utilizationRatio).filter((ratio) => ratio !== null);

  // 1
  const pids = new Set([...findByNonce(worker.record.nonce), worker.process?.identity.pid]);
  const own = (await gpuProbe.processMemory()).filter(({ pid, uuid }) => pids.has(pid) && uuids.includes(uuid));
  // 2
  const whole = spec.shareDevices ? null : sum(devices.map(({ memoryUsedBytes }) => memoryUsedBytes));
  return {
    vramUsedBytes: own.length > 0 ? sum(own.map(({ usedBytes }) => usedBytes)) : whole,
    gpuUtilizationRatio: loads.length === 0 ? null : sum(loads) / loads.length,
  };
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
