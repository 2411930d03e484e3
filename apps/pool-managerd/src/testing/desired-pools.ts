/**
 * Desired pools for tests, in the words of the contract. It knows the model of this repository and nothing else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MockScript, mockEngineMain } from '@llama-orch/adapter-mock';
import type { DesiredPool } from '@llama-orch/api-types';

export const haikuPath = fileURLToPath(new URL('../../../../models/haiku-tiny/haiku-tiny.gguf', import.meta.url));
export const haikuDigest = `sha256:${readFileSync(`${haikuPath}.sha256`, 'utf8').slice(0, 64)}`;

/** A pool of the embedded engine on the CPU. */
export const desiredPool = (overrides: Partial<DesiredPool> = {}): DesiredPool => ({
  id: 'haiku-a',
  engine: 'llamacpp',
  model: { name: 'haiku-tiny', path: haikuPath, digest: haikuDigest, quant: 'Q8_0', ctx_limit: 512 },
  quant: 'Q8_0',
  ctx: 256,
  devices: [],
  tensor_split: null,
  share_devices: false,
  workloads: ['completion'],
  slots: 1,
  determinism: 'single_slot',
  runtime: { kind: 'embedded' },
  allow_cpu: true,
  preload: true,
  sampler_profile_version: 'v1',
  kv_type: null,
  min_start_count: 0,
  timeouts: { start_ms: 30_000, probe_interval_ms: 100, stop_grace_ms: 3_000 },
  require_same_engine_version: false,
  expected_engine_version: null,
  ...overrides,
});

/** A pool whose worker is the scripted engine: a real process that speaks llama.cpp's wire and misbehaves as told. */
export const scriptedPool = (dir: string, script: Partial<MockScript> = {}, overrides: Partial<DesiredPool> = {}): DesiredPool => {
  const file = join(dir, `${overrides.id ?? 'haiku-a'}.script.json`);
  writeFileSync(file, JSON.stringify(script));
  const flags = [
    '--host',
    '{host}',
    '--port',
    '{port}',
    '--slots',
    '{slots}',
    '--ctx',
    '{ctx}',
    '--model',
    '{model_name}',
    '--script',
    file,
  ];
  return desiredPool({ runtime: { kind: 'command', command: [process.execPath, mockEngineMain(), ...flags] }, ...overrides });
};
