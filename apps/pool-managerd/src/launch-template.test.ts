import { expect, test } from 'vitest';
import { planCommand } from './launchers/command.ts';
import { planEmbedded } from './launchers/embedded.ts';
import { planExternal } from './launchers/external.ts';
import type { LaunchInput } from './launchers/launch.ts';
import { emptyPlan } from './headroom.ts';
import { fillTemplate, noAuxPorts } from './launch-template.ts';
import { commandRuntime, poolSpec } from './testing/pool-specs.ts';

const input = (overrides: Partial<LaunchInput> = {}): LaunchInput => ({
  spec: poolSpec(),
  place: {
    host: '127.0.0.1',
    port: 40_001,
    ports: noAuxPorts,
    stateDir: '/data/pools/llama-a',
    deviceUuids: ['GPU-1'],
    containerName: 'llama-orch-llama-a-1-0badcafe',
  },
  plan: emptyPlan,
  apiKey: null,
  onCpu: false,
  agentEnv: { PATH: '/usr/bin', HOME: '/root' },
  ...overrides,
});

const words = (text: string): readonly string[] => text.split(' ');

test('[ORCH-3001] one GPU: the exact command and environment of llama-server', () => {
  const tail = '--metrics -fit off --cache-ram 0 --offline -ngl all';
  expect(planCommand(input())).toEqual({
    kind: 'process',
    argv: words(`llama-server -m /models/llama.gguf -a llama --host 127.0.0.1 --port 40001 -c 8192 -np 1 ${tail}`),
    env: { PATH: '/usr/bin', HOME: '/root', CUDA_VISIBLE_DEVICES: 'GPU-1' },
    files: [],
    container: null,
    launchFlags: words(`-m {model} -a {model_name} --host {host} --port {port} -c 8192 -np 1 ${tail}`),
  });
});

test('[ORCH-3012] two unlike GPUs, four slots, quantised KV: the exact command of llama-server', () => {
  const spec = poolSpec({ devices: ['0', '1'], tensorSplit: [0.67, 0.33], slots: 4, kvType: 'q8_0' });
  const launch = planCommand(input({ spec, place: { ...input().place, deviceUuids: ['GPU-1', 'GPU-2'] } }));
  const tail = '--metrics -fit off --cache-ram 0 --offline -ngl all -sm layer -ts 0.67,0.33 -ctk q8_0 -ctv q8_0 -fa on';
  expect(launch).toMatchObject({
    argv: words(`llama-server -m /models/llama.gguf -a llama --host 127.0.0.1 --port 40001 -c 32768 -np 4 ${tail}`),
    env: { CUDA_VISIBLE_DEVICES: 'GPU-1,GPU-2' },
  });
});

test('embedding takes a whole context in one batch', () => {
  const launch = planCommand(input({ spec: poolSpec({ workloads: ['embedding'] }) }));
  expect(launch).toMatchObject({ argv: expect.arrayContaining(['--embedding', '-b', '8192', '-ub']) as unknown });
});

test('[ORCH-1102] on the CPU no device is visible and no layer is offloaded', () => {
  const spec = poolSpec({ devices: [], allowCpu: true });
  const launch = planCommand(input({ spec, onCpu: true, place: { ...input().place, deviceUuids: [] } }));
  expect(launch).toMatchObject({
    argv: expect.arrayContaining(['-ngl', '0', '-dev', 'none']) as unknown,
    env: { CUDA_VISIBLE_DEVICES: '' },
  });
});

test('[ORCH-3043] hands down neither our secrets nor what would change the engine’s flags, and the mask cannot be overridden', () => {
  const runtime = commandRuntime({ command: ['engine'], env: { CUDA_VISIBLE_DEVICES: 'all', EXTRA: '1', LLAMA_ARG_THREADS: '4' } });
  const agentEnv = {
    PATH: '/bin',
    ORCH_AGENT_KEY: 'k',
    ORCH_KEY_SECRET: 's',
    LLAMA_API_KEY: 'x',
    LLAMA_ARG_CTX_SIZE: '1',
    CUDA_VISIBLE_DEVICES: '0,1',
    VLLM_USE_V1: '0',
    HF_TOKEN: 'hub',
  };
  const launch = planCommand(input({ spec: poolSpec({ runtime }), agentEnv }));
  expect(launch.kind === 'process' && launch.env).toEqual({
    PATH: '/bin',
    EXTRA: '1',
    LLAMA_ARG_THREADS: '4',
    CUDA_VISIBLE_DEVICES: 'GPU-1',
  });
});

test('fills a pool’s own command, once, and leaves other braces alone', () => {
  const command = [
    '/opt/serve',
    '--model={model}',
    '--devices',
    '{devices}/{device_count}',
    '--json',
    '{"port":{port},"x":{unknown}}',
    '{state_dir}',
  ];
  const runtime = commandRuntime({ command });
  const launch = planCommand(input({ spec: poolSpec({ runtime, model: { ...poolSpec().model, path: '/m/{port}' } }) }));
  expect(launch.kind === 'process' && launch.argv).toEqual([
    '/opt/serve',
    '--model=/m/{port}',
    '--devices',
    'GPU-1/1',
    '--json',
    '{"port":40001,"x":{unknown}}',
    '/data/pools/llama-a',
  ]);
});

test('[ORCH-3007] launch flags are equal for two replicas and unlike for other slots', () => {
  const flags = (overrides: Partial<LaunchInput>) => {
    const launch = planCommand(input(overrides));
    return launch.kind === 'process' ? launch.launchFlags : [];
  };
  const elsewhere = { ...input().place, host: '0.0.0.0', port: 1, stateDir: '/other', deviceUuids: ['GPU-9'] };
  expect(flags({ place: elsewhere })).toEqual(flags({}));
  expect(flags({ spec: poolSpec({ slots: 2 }) })).not.toEqual(flags({}));
});

test('the embedded engine runs on this very Node, with the flags of llama-server', () => {
  const launch = planEmbedded(
    input({
      spec: poolSpec({ runtime: { kind: 'embedded' }, slots: 2, ctx: 256 }),
      onCpu: true,
      place: { ...input().place, deviceUuids: [] },
    }),
  );
  if (launch.kind !== 'process') throw new Error('expected a process');
  expect(launch.argv[0]).toBe(process.execPath);
  expect(launch.argv[1]).toMatch(/llamacpp-worker/);
  expect(launch.argv.slice(2)).toEqual(words('-m /models/llama.gguf -a llama --host 127.0.0.1 --port 40001 -c 512 -np 2 --metrics'));
});

test('[ORCH-3037] an external engine declared with another digest is not trusted', () => {
  const external = (digest: string) =>
    poolSpec({ runtime: { kind: 'external', url: 'http://gpu:8080/', digest, server: null, apiKeyFile: null } });
  expect(planExternal(external(poolSpec().model.digest))).toEqual({ kind: 'external', url: 'http://gpu:8080' });
  expect(() => planExternal(external(`sha256:${'0'.repeat(64)}`))).toThrow(/is declared to serve/);
});

test('fills only what it was given', () => {
  expect(fillTemplate(['{ctx}-{port}'], { ctx: '8' })).toEqual(['8-{port}']);
});
