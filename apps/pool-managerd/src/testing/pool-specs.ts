/**
 * Pool specs, devices and workers for unit tests. It starts nothing.
 */
import type { WorkerAdapter } from '@llama-orch/adapter-api';
import type { GpuDevice } from '../gpu-device.ts';
import type { LiveWorker } from '../live-worker.ts';
import type { CommandSpec, PoolSpec } from '../pool-spec.ts';

export const gib = 1_073_741_824;

export const commandRuntime = (overrides: Partial<CommandSpec> = {}): CommandSpec => ({
  kind: 'command',
  command: null,
  env: {},
  server: null,
  apiKeyFile: null,
  container: null,
  ...overrides,
});

export const poolSpec = (overrides: Partial<PoolSpec> = {}): PoolSpec => ({
  id: 'llama-a',
  engine: 'llamacpp',
  model: {
    name: 'llama',
    path: '/models/llama.gguf',
    digest: `sha256:${'a'.repeat(64)}`,
    quant: 'Q4_K_M',
    ctxLimit: 131_072,
    kvBytesPerToken: null,
  },
  quant: 'Q4_K_M',
  ctx: 8192,
  devices: ['0'],
  tensorSplit: null,
  shareDevices: false,
  workloads: ['completion'],
  slots: 1,
  determinism: 'single_slot',
  runtime: commandRuntime(),
  triton: null,
  allowCpu: false,
  preload: true,
  samplerProfileVersion: 'v1',
  kvType: null,
  speculative: null,
  prefixCacheBytes: 0,
  minStartCount: 0,
  timeouts: { startMs: 60_000, probeIntervalMs: 1_000, stopGraceMs: 5_000 },
  requireSameEngineVersion: false,
  expectedEngineVersion: null,
  ...overrides,
});

export const gpuDevice = (index: number, overrides: Partial<GpuDevice> = {}): GpuDevice => ({
  index,
  uuid: `GPU-0000000${index}-6f0b-7a52-3e0a-5a1c0f4b9d77`,
  name: 'NVIDIA GeForce RTX 3090',
  memoryTotalBytes: 24 * gib,
  memoryUsedBytes: 0,
  utilizationRatio: 0,
  computeCapability: '8.6',
  numaNode: null,
  parentUuid: null,
  migEnabled: null,
  driverVersion: null,
  eccUncorrectedErrors: null,
  fault: null,
  links: [],
  ...overrides,
});

/** An adapter whose calls all succeed unless replaced. */
export const quietAdapter = (overrides: Partial<WorkerAdapter> = {}): WorkerAdapter => ({
  engine: 'llamacpp',
  capabilities: {
    workloads: ['completion'],
    tokenize: false,
    slots: true,
    evict: false,
    load: false,
    tokenCounters: true,
    maxSlotPollHz: null,
    cancelBoundMs: 100,
  },
  health: () => Promise.resolve({ kind: 'ready' }),
  props: () => Promise.resolve({ engineVersion: 'b1', slotsTotal: 1, ctxTokens: 8192, modelName: 'llama' }),
  engineVersion: () => Promise.resolve('b1'),
  async *submit() {},
  confirmReleased: () => Promise.resolve(),
  metrics: () =>
    Promise.resolve({ promptTokensTotal: 0, generatedTokensTotal: 0, requestsRunning: 0, requestsWaiting: 0, kvUsageRatio: null }),
  close: () => Promise.resolve(),
  ...overrides,
});

/** A worker without a process, like an external one. */
export const liveWorker = (startCount = 1, overrides: Partial<LiveWorker> = {}): LiveWorker => ({
  record: {
    version: 1,
    poolId: 'llama-a',
    startCount,
    nonce: 'nonce',
    digest: 'sha256:spec',
    process: null,
    external: true,
    url: 'http://127.0.0.1:1',
    advertisedUrl: 'http://host:1',
    port: null,
    logPath: null,
    startedAtMs: 0,
    facts: { numerics: `sha256:${'b'.repeat(64)}`, cpuCarveOut: false, deviceUuids: [], kvBytesPerToken: null },
    tested: null,
  },
  process: null,
  adapter: quietAdapter(),
  log: null,
  oomKillsBefore: null,
  ...overrides,
});
