/**
 * The exact command and environment of each engine and pool, as `--print-launch` shows them: one file for each, so that a
 * changed word is seen in review.
 */
import { expect, test } from 'vitest';
import { judgeHeadroom, type ModelSize } from '../headroom.ts';
import { toLaunchText } from '../launch-text.ts';
import type { CommandSpec, PoolSpec } from '../pool-spec.ts';
import { commandRuntime, gib, gpuDevice, poolSpec } from '../testing/pool-specs.ts';
import { auxPortNames } from './command.ts';
import { planProcess } from './plan.ts';

const model: ModelSize = {
  weightsBytes: 8 * gib,
  facts: { architecture: 'llama', layerCount: 32, ctxTrain: 131_072, kvElementsPerToken: 65_536, namesPooling: false },
  kvBytesPerToken: null,
};
const draftModel = { ...poolSpec().model, name: 'small', path: '/models/small.gguf', digest: `sha256:${'b'.repeat(64)}` };
const draft: ModelSize = { weightsBytes: gib, facts: null, kvBytesPerToken: 32_768 };
const hf = { ...poolSpec().model, path: '/models/llama' };
const agentEnv = { PATH: '/usr/bin', HOME: '/root', HOSTNAME: 'gpu-01', PORT: '80', MODEL_ID: 'other', VLLM_BATCH_INVARIANT: '0' };
const portNumbers = { grpc: 40_002, metrics: 40_003, master: 40_004 };

const devicesOf = (spec: PoolSpec) =>
  spec.devices.map((_, index) => gpuDevice(index, { memoryTotalBytes: 80 * gib, name: 'NVIDIA H100 80GB HBM3' }));

const planOf = (spec: PoolSpec, known: boolean) => {
  const verdict = judgeHeadroom({
    engine: spec.engine,
    model: known ? model : { ...model, facts: null },
    draft: spec.speculative?.draftModel == null ? null : draft,
    kvType: spec.kvType,
    ctx: spec.ctx,
    slots: spec.slots,
    prefixCacheBytes: spec.prefixCacheBytes,
    devices: devicesOf(spec),
    tensorSplit: spec.tensorSplit,
    shareDevices: spec.shareDevices,
    hostMemory: { totalBytes: 512 * gib, availableBytes: 400 * gib },
    reserve: { vramRatio: 0.05, ramBytes: gib },
  });
  if (verdict.kind === 'short') throw new Error(verdict.failure.message);
  return verdict.plan;
};

const launchOf = (overrides: Partial<PoolSpec>, options: { readonly known?: boolean; readonly apiKey?: string } = {}) => {
  const spec = poolSpec(overrides);
  const plan = planOf(spec, options.known ?? true);
  const onCpu = spec.devices.length === 0;
  const names = auxPortNames(spec, plan, onCpu);
  const portOf = (name: keyof typeof portNumbers) => (names.includes(name) ? portNumbers[name] : null);
  return planProcess({
    spec,
    place: {
      host: '10.0.0.5',
      port: 40_001,
      ports: { grpc: portOf('grpc'), metrics: portOf('metrics'), master: portOf('master') },
      stateDir: '/data/pools/llama-a',
      deviceUuids: devicesOf(spec).map(({ uuid }) => uuid),
      containerName: 'llama-orch-llama-a-1-0badcafe',
    },
    plan,
    onCpu,
    apiKey: options.apiKey ?? null,
    agentEnv,
  });
};

const vllm = { engine: 'vllm', model: hf, quant: 'bf16' } as const;
const tgi = { engine: 'tgi', model: hf, quant: 'bf16' } as const;
const triton = { engine: 'triton', model: hf, quant: 'bf16' } as const;
const inContainer = (image: string, overrides: Partial<CommandSpec> = {}) =>
  commandRuntime({ container: { program: 'docker', image, entrypoint: null, args: [] }, ...overrides });

const cases: readonly (readonly [string, Partial<PoolSpec>, Parameters<typeof launchOf>[1]?])[] = [
  ['llamacpp-one-gpu', {}],
  ['llamacpp-unlike-gpus', { devices: ['0', '1'], tensorSplit: [0.67, 0.33], slots: 4, determinism: 'none', kvType: 'q8_0' }],
  ['llamacpp-draft-and-cache', { speculative: { draftModel, draftTokens: 4 }, prefixCacheBytes: 4 * gib }],
  ['llamacpp-embedding', { workloads: ['embedding'], determinism: 'none', slots: 2, ctx: 512 }],
  ['llamacpp-rerank', { workloads: ['rerank'], determinism: 'none', slots: 2, ctx: 512 }],
  ['llamacpp-cpu', { devices: [], allowCpu: true }],
  [
    'llamacpp-container',
    {
      devices: ['0', '1'],
      runtime: inContainer('ghcr.io/ggml-org/llama.cpp:server-cuda', {
        apiKeyFile: '/k',
        container: {
          program: 'docker',
          image: 'ghcr.io/ggml-org/llama.cpp:server-cuda',
          entrypoint: '/app/llama-server',
          args: ['--memory=64g'],
        },
      }),
    },
    { apiKey: 'do-not-show' },
  ],
  ['vllm-single-slot', { ...vllm }],
  ['vllm-batch-invariant', { ...vllm, slots: 32, determinism: 'batch_invariant', devices: ['0', '1'] }, { apiKey: 'do-not-show' }],
  ['vllm-none-with-cache', { ...vllm, slots: 16, determinism: 'none', prefixCacheBytes: 8 * gib, kvType: 'fp8' }],
  [
    'vllm-draft',
    { ...vllm, slots: 4, determinism: 'none', speculative: { draftModel: { ...draftModel, path: '/models/small' }, draftTokens: 5 } },
  ],
  ['vllm-unknown-kv', { ...vllm, slots: 4, determinism: 'none' }, { known: false }],
  ['vllm-embedding', { ...vllm, workloads: ['embedding', 'rerank'], slots: 8, determinism: 'none', ctx: 512 }],
  ['vllm-container', { ...vllm, runtime: inContainer('vllm/vllm-openai:v0.12.0') }],
  [
    'vllm-podman',
    {
      ...vllm,
      devices: ['0', '1'],
      runtime: commandRuntime({ container: { program: 'podman', image: 'vllm/vllm-openai:v0.12.0', entrypoint: null, args: [] } }),
    },
  ],
  ['tgi-single-slot', { ...tgi }],
  [
    'tgi-none',
    {
      ...tgi,
      slots: 16,
      determinism: 'none',
      devices: ['0', '1'],
      speculative: { draftModel: null, draftTokens: 3 },
      prefixCacheBytes: 4 * gib,
      kvType: 'fp8_e4m3fn',
    },
    { apiKey: 'do-not-show' },
  ],
  ['tgi-shared', { ...tgi, slots: 4, determinism: 'none', shareDevices: true }],
  ['tgi-container', { ...tgi, runtime: inContainer('ghcr.io/huggingface/text-generation-inference:3.3.6') }],
  ['tritonserver', { ...triton, slots: 16, determinism: 'none' }],
  ['tritonserver-container', { ...triton, runtime: inContainer('nvcr.io/nvidia/tritonserver:26.08-trtllm-python-py3') }],
  ['trtllm-serve-single-slot', { ...triton, runtime: commandRuntime({ server: 'trtllm-serve' }) }],
  [
    'trtllm-serve-none',
    {
      ...triton,
      slots: 16,
      determinism: 'none',
      devices: ['0', '1'],
      prefixCacheBytes: 4 * gib,
      runtime: commandRuntime({ server: 'trtllm-serve' }),
    },
  ],
  ['trtllm-serve-container', { ...triton, runtime: inContainer('nvcr.io/nvidia/tensorrt-llm/release:1.2.0', { server: 'trtllm-serve' }) }],
];

test.each(cases.map(([name, overrides, options]) => ({ name, overrides, options })))(
  '[ORCH-3001] [ORCH-3011] $name: the exact command and environment',
  async ({ name, overrides, options }) => {
    const launch = launchOf(overrides, options);
    const flags = launch.launchFlags.join(' ').trimEnd().replaceAll(/^/gm, '#   ');
    const text = `${toLaunchText(launch, agentEnv)}\n# launch flags (ORCH-3007):\n${flags}\n`;
    await expect(text).toMatchFileSnapshot(`golden/${name}.txt`);
  },
);

test('[ORCH-3043] a key reaches its engine by the environment and is on no command line, nor in what is printed', () => {
  for (const [, overrides] of cases) {
    if (overrides.engine === 'triton') continue;
    const launch = launchOf(overrides, { apiKey: 'do-not-show' });
    expect(Object.values(launch.env)).toContain('do-not-show');
    expect(launch.argv.join(' ')).not.toContain('do-not-show');
    expect(launch.files.map(({ text }) => text).join()).not.toContain('do-not-show');
    expect(toLaunchText(launch, agentEnv)).not.toContain('do-not-show');
  }
});

test('[ORCH-3043] variables that an engine would read in place of its flags are not handed down', () => {
  expect(launchOf({ ...tgi }).env).not.toHaveProperty('MODEL_ID');
  expect(launchOf({ ...tgi }).env).not.toHaveProperty('PORT');
  expect(launchOf({ ...vllm }).env).not.toHaveProperty('VLLM_BATCH_INVARIANT');
  expect(launchOf({ ...vllm }).env).toHaveProperty('PORT', '80');
});

test('[ORCH-3061] a mode’s variables win over the pool’s own, also with a command of its own', () => {
  const runtime = commandRuntime({ command: ['vllm', 'serve'], env: { VLLM_BATCH_INVARIANT: '0', OTHER: '{port}' } });
  expect(launchOf({ ...vllm, slots: 2, determinism: 'batch_invariant', runtime }).env).toMatchObject({
    VLLM_BATCH_INVARIANT: '1',
    OTHER: '40001',
  });
  expect(() => launchOf({ slots: 2, determinism: 'batch_invariant' })).toThrow(/no batch-invariant mode/);
});

test('[ORCH-3007] what differs between hosts is not among the launch flags, what changes logits is', () => {
  const flags = (overrides: Partial<PoolSpec>) => launchOf({ ...vllm, ...overrides }).launchFlags.join(' ');
  expect(flags({})).toContain('--kv-cache-memory-bytes {kv_bytes}');
  expect(flags({ timeouts: { ...poolSpec().timeouts, stopGraceMs: 1_000 } })).toBe(flags({}));
  expect(flags({ determinism: 'batch_invariant' })).toContain('VLLM_BATCH_INVARIANT=1');
  expect(flags({ determinism: 'none', speculative: { draftModel, draftTokens: 4 } })).toContain(draftModel.digest);
});

test('[ORCH-3011] a worker that shares its devices must be told how much it may take, or it is refused', () => {
  for (const engine of [vllm, tgi, { ...triton, runtime: commandRuntime({ server: 'trtllm-serve' }) }])
    expect(() => launchOf({ ...engine, slots: 4, determinism: 'none', shareDevices: true }, { known: false })).toThrow(
      /kv_bytes_per_token/,
    );
});

test('a path that a mount cannot say is refused', () => {
  expect(() => launchOf({ model: { ...hf, path: '/models/a,b' }, engine: 'vllm', runtime: inContainer('image') })).toThrow(
    /cannot be mounted/,
  );
});
