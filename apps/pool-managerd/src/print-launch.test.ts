import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAgentConfig } from '@llama-orch/config-schema';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Inventory } from './gpu-device.ts';
import { createDesiredStore } from './desired-store.ts';
import { printLaunch } from './print-launch.ts';
import { desiredPool } from './testing/desired-pools.ts';
import { gib, gpuDevice } from './testing/pool-specs.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'print-'));
  await mkdir(join(dir, 'llama'));
  await writeFile(
    join(dir, 'llama/config.json'),
    JSON.stringify({ num_hidden_layers: 32, num_attention_heads: 32, num_key_value_heads: 8, hidden_size: 4096 }),
  );
  await writeFile(join(dir, 'engine.key'), 'do-not-show\n');
});
afterEach(() => rm(dir, { recursive: true }));

const noDevices: Inventory = { kind: 'none', code: 'not-found', message: 'nvidia-smi was not found.' };
const twoDevices: Inventory = { kind: 'devices', lost: null, devices: [gpuDevice(0, { memoryTotalBytes: 80 * gib }), gpuDevice(1)] };
const vllm = { id: 'chat', host: 'gpu-1', engine: 'vllm', model: 'llama', devices: ['0'], ctx: 4096 };

const print = async (pool: object, options: { readonly poolId?: string; readonly inventory?: Inventory } = {}): Promise<string> => {
  const file = join(dir, 'orchestrator.yaml');
  const text = JSON.stringify({
    models: { llama: { path: 'llama', digest: `sha256:${'a'.repeat(64)}`, quant: 'bf16', ctx_limit: 8192 } },
    pools: [{ ...vllm, ...pool }],
    agent: { name: 'gpu-1', models_dir: dir, headroom: { ram_bytes: 1 } },
  });
  await writeFile(file, text);
  const parsed = parseAgentConfig(text, { file });
  if (!parsed.ok) throw new Error(parsed.faults.map(({ message }) => message).join());
  return printLaunch({
    poolId: options.poolId ?? 'chat',
    file,
    config: parsed.config,
    dataDir: join(dir, 'data'),
    env: { PATH: '/usr/bin', ORCH_AGENT_KEY: 'secret' },
    gpuProbe: { inventory: () => Promise.resolve(options.inventory ?? twoDevices), processMemory: () => Promise.resolve([]) },
    ports: { pick: () => Promise.resolve(40_001), claim: () => undefined, release: () => undefined },
  });
};

test('[ORCH-3011] shows the exact command for a pool of the config file, its device by UUID, its key masked', async () => {
  const text = await print({ runtime: { kind: 'command', api_key_file: join(dir, 'engine.key') } });
  expect(text).toContain(`CUDA_VISIBLE_DEVICES=${gpuDevice(0).uuid} \\\nvllm serve ${join(dir, 'llama')} \\\n`);
  expect(text).toContain('VLLM_API_KEY=*** \\\n');
  expect(text).toMatch(/--kv-cache-memory-bytes \d+ /);
  expect(text).toContain('--port 40001');
  expect(text).not.toContain('do-not-show');
  expect(text).not.toContain('secret');
});

test('[ORCH-3003] shows it also where there is no room now, and says so', async () => {
  const full: Inventory = { kind: 'devices', lost: null, devices: [gpuDevice(0, { memoryUsedBytes: 24 * gib })] };
  const text = await print({}, { inventory: full });
  expect(text).toMatch(/^# device-memory-short: Device 0/);
  expect(text).toContain('\nvllm serve ');
});

test('shows the mask as configured on a host without devices', async () => {
  const text = await print({}, { inventory: noDevices });
  expect(text).toMatch(/^# No devices here/);
  expect(text).toContain('CUDA_VISIBLE_DEVICES=0 ');
});

test('[ORCH-3011] a pool that would be refused is refused, with its reason', async () => {
  await expect(print({ devices: ['7'] })).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('unknown-device') as unknown,
  });
  await expect(print({ runtime: { kind: 'command', api_key_file: join(dir, 'none') } })).rejects.toThrow(/key-missing/);
});

test('knows the pools that the controller sent, and names the known ones', async () => {
  await createDesiredStore(join(dir, 'data')).save({
    generation: 1,
    pools: [desiredPool({ id: 'sent', devices: ['1'], runtime: { kind: 'command' }, allow_cpu: false })],
  });
  expect(await print({}, { poolId: 'sent' })).toContain('llama-server');
  await expect(print({}, { poolId: 'none' })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('known: chat, sent') as unknown,
  });
});

test('an external pool is not started, and it says so', async () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  expect(await print({ devices: [], runtime: { kind: 'external', url: 'http://gpu:8000', digest } })).toContain('is external');
});
