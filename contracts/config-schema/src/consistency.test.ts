/**
 * Rules between fields, each broken once against a config that is otherwise good.
 */
import { expect, test } from 'vitest';
import { validateAgentConfig, validateConfig } from './validate.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const pool = (changes: object = {}) => ({ id: 'a', host: 'gpu-1', engine: 'llamacpp', model: 'm', devices: ['0'], ...changes });
const config = (changes: object = {}) => ({
  models: { m: { path: 'm', digest: digest('a'), quant: 'Q8_0', ctx_limit: 1024 } },
  pools: [pool()],
  ...changes,
});
const faultsOf = (value: object) => {
  const result = validateConfig(value);
  return result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`);
};
const poolFaults = (...pools: object[]) => faultsOf(config({ pools }));
const key = (changes: object = {}) => ({ id: 'k', digest: '1'.repeat(64), scopes: ['tasks'], ...changes });

test('the config that the tests break is good', () => {
  expect(faultsOf(config())).toEqual([]);
});

test('[ORCH-3099] a budget of cost needs a model that costs something', () => {
  const budgets = { sessions: { budgets: { cost: 5 } }, tenants: [{ id: 't', session_budgets: { cost: 1, tokens: 7 } }] };
  expect(faultsOf(config(budgets))).toEqual([
    '/sessions/budgets/cost: binds nothing: no model has a `price`',
    expect.stringMatching(/^\/tenants\/\d\/session_budgets\/cost: binds nothing/),
  ]);
  const models = { m: { path: 'm', digest: digest('a'), quant: 'Q8_0', ctx_limit: 1024, price: { per_1k_tokens_out: 2 } } };
  expect(faultsOf(config({ ...budgets, models }))).toEqual([]);
});

test('ids and key digests are unique', () => {
  expect(poolFaults(pool(), pool({ devices: ['1'] }))).toEqual(['/pools/1/id: is the same as that of /pools/0; it must be unique']);
  expect(faultsOf(config({ tenants: [{ id: 't' }, { id: 't' }] }))).toEqual([expect.stringMatching(/^\/tenants\/1\/id: /)]);
  expect(faultsOf(config({ keys: [key(), key()] }))).toEqual([
    expect.stringMatching(/^\/keys\/1\/id: /),
    expect.stringMatching(/^\/keys\/1\/digest: /),
  ]);
});

test('a pool names a model there is, in its quant, within its context [ORCH-3014, ORCH-3060]', () => {
  expect(poolFaults(pool({ model: 'mm' }))).toEqual(['/pools/0/model: no model "mm" in `models`; did you mean "m"?']);
  expect(poolFaults(pool({ model: 'constructor' }))).toEqual(['/pools/0/model: no model "constructor" in `models`']);
  expect(poolFaults(pool({ quant: 'Q4_0' }))).toEqual(['/pools/0/quant: is Q4_0, but the model’s is Q8_0']);
  expect(poolFaults(pool({ ctx: 1025 }))).toEqual(['/pools/0/ctx: is 1025, above the model’s limit of 1024 (ORCH-3014)']);
});

test('[ORCH-3061] single_slot means one slot, and is the default', () => {
  expect(poolFaults(pool({ slots: 2 }))).toEqual([
    expect.stringContaining('/pools/0/slots: `determinism: single_slot` needs `slots: 1`, got 2'),
  ]);
  expect(poolFaults(pool({ slots: 2, determinism: 'none' }))).toEqual([]);
});

test('[ORCH-3012] ratios are as many as devices and sum to 1 ± 0.01', () => {
  const split = (...tensor_split: number[]) => poolFaults(pool({ devices: ['0', '1'], tensor_split }));
  expect(split(0.6, 0.4)).toEqual([]);
  expect(split(0.61, 0.4)).toEqual([]);
  expect(split(0.59, 0.4)).toEqual([]);
  expect(split(0.62, 0.4)).toEqual(['/pools/0/tensor_split: sums to 1.02, must be 1 ± 0.01 (ORCH-3012)']);
  expect(split(0.58, 0.4)).toEqual(['/pools/0/tensor_split: sums to 0.98, must be 1 ± 0.01 (ORCH-3012)']);
  expect(split(1)).toEqual(['/pools/0/tensor_split: has 1 ratios for 2 devices (ORCH-3012)']);
  expect(poolFaults(pool({ engine: 'vllm', tensor_split: [1] }))).toEqual([
    '/pools/0/tensor_split: vllm cannot split by ratios; only llamacpp can',
  ]);
});

test('[ORCH-3011] two pools of one host share a device only if both say so', () => {
  const other = (changes: object) => pool({ id: 'b', ...changes });
  const shared = expect.stringContaining('/pools/1/devices/0: device 0 of host gpu-1 is also pool a’s');
  expect(poolFaults(pool(), other({}))).toEqual([shared]);
  expect(poolFaults(pool({ share_devices: true }), other({}))).toEqual([shared]);
  expect(poolFaults(pool(), other({ share_devices: true }))).toEqual([shared]);
  expect(poolFaults(pool({ share_devices: true }), other({ share_devices: true }))).toEqual([]);
  expect(poolFaults(pool(), other({ host: 'gpu-2' }))).toEqual([]);
});

test('[ORCH-1101] [ORCH-1102] an empty mask needs the development switch', () => {
  expect(poolFaults(pool({ devices: [] }))).toEqual([expect.stringContaining('/pools/0/devices: name at least one NVIDIA device')]);
  expect(poolFaults(pool({ devices: [], allow_cpu: true }))).toEqual([]);
});

test('[ORCH-1102] the embedded runtime is llama.cpp, on the CPU, with the switch', () => {
  const embedded = (changes: object) => poolFaults(pool({ devices: [], allow_cpu: true, runtime: { kind: 'embedded' }, ...changes }));
  expect(embedded({})).toEqual([]);
  expect(embedded({ allow_cpu: false })).toContain('/pools/0/allow_cpu: the embedded runtime needs `allow_cpu: true` (ORCH-1102)');
  expect(embedded({ devices: ['0'] })).toEqual(['/pools/0/devices: the embedded runtime runs on the CPU only; leave the mask empty']);
  expect(embedded({ engine: 'vllm' })).toEqual(['/pools/0/runtime/kind: embedded is llama.cpp; the pool’s engine is vllm']);
});

test('an external engine declares the model’s digest and belongs to one pool', () => {
  const external = (changes: object = {}, id = 'a') =>
    pool({ id, devices: [], runtime: { kind: 'external', url: 'http://h:1', digest: digest('a'), ...changes } });
  expect(poolFaults(external())).toEqual([]);
  expect(poolFaults(external({ digest: digest('b') }))).toEqual([expect.stringContaining('/pools/0/runtime/digest: differs')]);
  expect(poolFaults(external(), external({ url: 'http://h:1/' }, 'b'))).toEqual([
    expect.stringContaining('/pools/1/runtime/url: is also the engine of pool a'),
  ]);
  expect(poolFaults(external({ url: 'http://user:secret@h:1' }))).toEqual([expect.stringContaining('/pools/0/runtime/url: must match')]);
});

test.each([
  ['llamacpp', ['completion', 'embedding']],
  ['vllm', ['completion', 'rerank']],
  ['tgi', ['embedding']],
  ['triton', ['rerank']],
])('one %s worker cannot serve %j', (engine, workloads) => {
  expect(poolFaults(pool({ engine, workloads }))).toEqual([expect.stringContaining(`/pools/0/workloads: one ${engine} worker serves`)]);
});

test.each([
  ['llamacpp', ['rerank']],
  ['vllm', ['embedding', 'rerank']],
  ['tgi', ['completion']],
  ['triton', ['completion']],
])('one %s worker can serve %j', (engine, workloads) => {
  expect(poolFaults(pool({ engine, workloads }))).toEqual([]);
});

test('a launch command names only known placeholders; JSON in it passes', () => {
  const command = (...words: string[]) => poolFaults(pool({ runtime: { kind: 'command', command: ['server', ...words] } }));
  expect(command('{model}', '--port={port}', '{"a":1}')).toEqual([]);
  expect(command('{prot}')).toEqual(['/pools/0/runtime/command/1: unknown placeholder {prot}; did you mean "port"?']);
});

test('[ORCH-3011] a pool cannot undo its mask through the environment', () => {
  expect(poolFaults(pool({ runtime: { kind: 'command', env: { CUDA_VISIBLE_DEVICES: '1', OTHER: '{port}' } } }))).toEqual([
    '/pools/0/runtime/env/CUDA_VISIBLE_DEVICES: is set by the agent from `devices`; leave it out (ORCH-3011)',
  ]);
});

test('pools of one lane agree in what governs their common queue', () => {
  const second = (changes: object) => poolFaults(pool(), pool({ id: 'b', devices: ['1'], ...changes }));
  expect(second({ queue: { full_policy: 'drop-lru' } })).toEqual([
    expect.stringContaining('/pools/1/queue/full_policy: is drop-lru, but reject in pool a'),
  ]);
  expect(second({ admission: { default_deadline_ms: 5 } })).toEqual([
    expect.stringContaining('/pools/1/admission/default_deadline_ms: is 5'),
  ]);
  expect(second({ queue: { full_policy: 'drop-lru' }, ctx: 512 })).toEqual([]);
});

test('a key belongs to a tenant there is; `default` always is', () => {
  expect(faultsOf(config({ keys: [key()] }))).toEqual([]);
  expect(faultsOf(config({ keys: [key({ tenant: 'teem' })], tenants: [{ id: 'team' }] }))).toEqual([
    '/keys/0/tenant: no tenant "teem" in `tenants`; did you mean "team"?',
  ]);
});

test('addresses have a port there is, and the lease fits the silence', () => {
  expect(faultsOf(config({ controller: { listen: '127.0.0.1:65536' } }))).toEqual(['/controller/listen: port 65536 is above 65535']);
  expect(faultsOf(config({ controller: { agent_lease: { interval_ms: 1000, silent_ms: 2999 } } }))).toEqual([
    '/controller/agent_lease/silent_ms: must be at least three intervals, 3000',
  ]);
});

test('the agent’s ranges run upwards', () => {
  const result = validateAgentConfig({
    agent: { name: 'dev', port_range: { first: 3000, last: 2999 }, restart: { initial_ms: 10, max_ms: 9 }, listen: '[::1]:70000' },
  });
  expect(!result.ok && result.faults.map(({ path }) => path)).toEqual(['/agent/listen', '/agent/port_range/last', '/agent/restart/max_ms']);
});

const messagesOf = (changes: object, models: object = {}) =>
  faultsOf(config({ models: { ...config().models, ...models }, pools: [pool(changes)] }));
const draftModel = { draft: { path: 'd', digest: digest('b'), quant: 'Q8_0', ctx_limit: 1024 } };

test.each(['llamacpp', 'tgi', 'triton'])('[ORCH-3061] %s has no batch-invariant mode, and the fault says so', (engine) => {
  expect(messagesOf({ engine, slots: 4, determinism: 'batch_invariant' })).toEqual([
    expect.stringMatching(/^\/pools\/0\/determinism: .*(batch-invariant mode|equal numerics).*ORCH-3061/),
  ]);
});

test('[ORCH-3061] vllm has one, and its variable cannot be taken back', () => {
  const vllm = (changes: object = {}) => messagesOf({ engine: 'vllm', slots: 4, determinism: 'batch_invariant', ...changes });
  expect(vllm()).toEqual([]);
  expect(vllm({ runtime: { kind: 'command', env: { VLLM_BATCH_INVARIANT: '1' } } })).toEqual([]);
  expect(vllm({ runtime: { kind: 'command', env: { VLLM_BATCH_INVARIANT: '0' } } })).toEqual([
    expect.stringContaining('/pools/0/runtime/env/VLLM_BATCH_INVARIANT: must be 1'),
  ]);
});

test('[ORCH-3020] guessing is had only where the engine can, with a draft model that there is', () => {
  const guess = (changes: object) => messagesOf({ determinism: 'none', ...changes }, draftModel);
  expect(guess({ speculative: { draft_model: 'draft' } })).toEqual([]);
  expect(guess({ speculative: {} })).toEqual([expect.stringContaining('/pools/0/speculative/draft_model: llama-server guesses with a')]);
  expect(guess({ speculative: { draft_model: 'draf' } })).toEqual([expect.stringContaining('did you mean "draft"?')]);
  expect(guess({ speculative: { draft_model: 'm' } })).toEqual([expect.stringContaining('is the pool’s own model')]);
  expect(guess({ engine: 'tgi', speculative: { draft_model: 'draft' } })).toEqual([
    expect.stringContaining('/pools/0/speculative/draft_model: text-generation-launcher guesses from the prompt'),
  ]);
  expect(guess({ engine: 'tgi', speculative: { draft_tokens: 2 } })).toEqual([]);
  expect(guess({ engine: 'triton', speculative: {} })).toEqual([
    expect.stringContaining('/pools/0/speculative: tritonserver takes it from'),
  ]);
  expect(guess({ engine: 'vllm', slots: 2, determinism: 'batch_invariant', speculative: { draft_model: 'draft' } })).toEqual([
    expect.stringContaining('/pools/0/speculative: is not covered by what the engine promises'),
  ]);
  expect(guess({ devices: [], allow_cpu: true, runtime: { kind: 'embedded' }, speculative: { draft_model: 'draft' } })).toEqual([
    expect.stringContaining('/pools/0/speculative: the embedded runtime does not have it'),
  ]);
});

test('[ORCH-3020] [ORCH-3045] a prefix cache is had only where it cannot change bytes unmeasured', () => {
  const cache = (changes: object) => messagesOf({ prefix_cache_bytes: 1024, ...changes });
  expect(cache({})).toEqual([]);
  expect(cache({ engine: 'vllm' })).toEqual([
    expect.stringContaining('/pools/0/prefix_cache_bytes: vllm serve reuses KV without being asked'),
  ]);
  expect(cache({ engine: 'vllm', kv_reuse_verified: true })).toEqual([]);
  expect(cache({ engine: 'vllm', determinism: 'none' })).toEqual([]);
  expect(cache({ engine: 'triton', determinism: 'none' })).toEqual([expect.stringContaining('tritonserver takes it from the model’s own')]);
  expect(cache({ engine: 'triton', determinism: 'none', runtime: { kind: 'command', server: 'trtllm-serve' } })).toEqual([]);
});

test('[ORCH-3012] what a built-in template cannot say is a fault with the reason; a command of its own may', () => {
  expect(messagesOf({ kv_type: 'fp8' })).toEqual([
    '/pools/0/kv_type: is fp8; llama-server takes f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl',
  ]);
  expect(messagesOf({ kv_type: 'fp8', runtime: { kind: 'command', command: ['mine'] } })).toEqual([]);
  expect(messagesOf({ engine: 'vllm', kv_type: 'fp8' })).toEqual([]);
  expect(messagesOf({ engine: 'triton', kv_type: 'fp8' })).toEqual([
    expect.stringContaining('/pools/0/kv_type: tritonserver takes it from'),
  ]);
  expect(messagesOf({ engine: 'tgi', ctx: 1 })).toEqual([expect.stringContaining('/pools/0/ctx: must be at least 2')]);
  expect(messagesOf({ runtime: { kind: 'command', server: 'trtllm-serve' } })).toEqual([
    '/pools/0/runtime/server: names the program of a triton pool; leave it out here',
  ]);
});

test('[ORCH-3113] what says how a Triton is spoken to fits the program and who runs it', () => {
  const external = { kind: 'external', url: 'http://t:8000', digest: digest('a') };
  const triton = (changes: object, runtime: object = external) =>
    messagesOf({ engine: 'triton', slots: 2, determinism: 'none', runtime, ...changes });
  expect(triton({ triton: { protocol: 'http', model_name: 'ensemble', grpc_port: 9001, metrics_port: 9002 } })).toEqual([]);
  expect(triton({}, { ...external, server: 'trtllm-serve' })).toEqual([]);
  expect(triton({ triton: {} }, { kind: 'command', command: ['mine', '{grpc_port}'], server: 'tritonserver' })).toEqual([]);
  expect(triton({ triton: { metrics_port: 9002 } }, { kind: 'command' })).toEqual([
    '/pools/0/triton/metrics_port: is picked by the agent for a server that it starts; leave it out',
  ]);
  expect(triton({ triton: {} }, { ...external, server: 'trtllm-serve' })).toEqual([
    '/pools/0/triton: is for `tritonserver`; `trtllm-serve` has one front and one model',
  ]);
  expect(messagesOf({ triton: {} })).toEqual(['/pools/0/triton: is for `engine: triton`; the pool’s is llamacpp']);
  expect(triton({ workloads: ['embedding'] })).toEqual([expect.stringContaining('/pools/0/workloads: Triton’s language models give no')]);
  expect(triton({ workloads: ['embedding'] }, { ...external, server: 'trtllm-serve' })).toEqual([]);
});

test('[ORCH-3043] a key is a file, never a word of the config', () => {
  const runtime = (changes: object) => messagesOf({ engine: 'vllm', runtime: { kind: 'command', ...changes } });
  expect(runtime({ api_key_file: '/k' })).toEqual([]);
  expect(runtime({ command: ['vllm', 'serve', '--api-key', 'k'] })).toEqual([
    expect.stringContaining('/pools/0/runtime/command/2: a key stands neither'),
  ]);
  expect(runtime({ command: ['vllm', '--api-key=k'] })).toEqual([
    expect.stringContaining('/pools/0/runtime/command/1: a key stands neither'),
  ]);
  expect(runtime({ env: { VLLM_API_KEY: 'k' } })).toEqual([
    expect.stringContaining('/pools/0/runtime/env/VLLM_API_KEY: a key stands neither'),
  ]);
  expect(messagesOf({ engine: 'triton', runtime: { kind: 'command', api_key_file: '/k' } })).toEqual([
    '/pools/0/runtime/api_key_file: tritonserver knows no API keys; leave it out',
  ]);
});

test('what the agent sets on a container cannot be set twice', () => {
  const args = (...words: string[]) => messagesOf({ runtime: { kind: 'command', container: { image: 'i', args: words } } });
  expect(args('--memory=1g')).toEqual([]);
  expect(args('--memory=1g', '--gpus=all')).toEqual(['/pools/0/runtime/container/args/1: is set by the agent; leave it out']);
  expect(args('-d')).toEqual([expect.stringContaining('/pools/0/runtime/container/args/0')]);
});

test('[ORCH-3011] a mask with a MIG slice names nothing else', () => {
  const slices = ['MIG-feb88891-0321-5fef-9c87-d4af3b54259e', 'MIG-a25704ba-3a06-5299-a795-fd7cf4d13973'];
  expect(messagesOf({ devices: slices.slice(0, 1) })).toEqual([]);
  expect(messagesOf({ engine: 'vllm', devices: slices })).toEqual([
    expect.stringContaining('/pools/0/devices/0: a process sees one MIG slice only'),
  ]);
});
