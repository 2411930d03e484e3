import { expect, test } from 'vitest';
import { explainExit } from './failure-cause.ts';

const exited = (code: number) => ({ code, signal: null });
const killed = { code: null, signal: 'SIGKILL' };
const kindOf = (logTail: string, exit: { code: number | null; signal: string | null } = exited(1), oomKills: number | null = 0) =>
  explainExit({ exit, oomKills, logTail }).kind;

test.each([
  ['llama.cpp', 'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 20480.00 MiB on device 0: cudaMalloc failed: out of memory'],
  ['llama.cpp in a kernel', 'CUDA error: out of memory\n  current device: 0, in function alloc at ggml-cuda.cu:503'],
  ['PyTorch', 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.'],
  ['Vulkan', 'ggml_vulkan: Device memory allocation of size 1 failed.\nvk::Device::allocateMemory: ErrorOutOfDeviceMemory'],
  ['vLLM without room for its cache', 'ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`'],
  ['TGI', 'RuntimeError: Not enough memory to handle 4096 prefill tokens. You need to decrease `--max-batch-prefill-tokens`'],
  ['cuBLAS', 'cuBLAS error: CUBLAS_STATUS_ALLOC_FAILED'],
])('[ORCH-3039] recognises device OOM of %s', (_engine, log) => {
  expect(kindOf(log)).toBe('device-oom');
});

test.each([
  ['a launch failure', 'CUDA error: unspecified launch failure\n  current device: 0'],
  ['an unknown error', 'CUDA error 999: unknown error'],
  ['an Xid line', 'NVRM: Xid (PCI:0000:65:00): 79, pid=1234, GPU has fallen off the bus.'],
  ['a container without a driver', 'nvidia-container-cli: initialization error: nvml error: driver not loaded: unknown.'],
])('[ORCH-3038] recognises a driver error by %s', (_what, log) => {
  expect(kindOf(log)).toBe('driver-error');
});

test.each([
  ['CUDA', 'CUDA error: uncorrectable ECC error encountered'],
  ['the driver', 'NVRM: Xid (PCI:0000:64:00): 48, pid=1234, DBE (double bit error) on GPU'],
  ['a contained error', 'NVRM: Xid (PCI:0000:65:00): 94, pid=1, Contained: SM'],
])('[ORCH-3038] tells an ECC error from other driver errors, as %s says it', (_what, log) => {
  expect(kindOf(log)).toBe('ecc-error');
});

test('[ORCH-3038] a bus number that looks like an Xid is none', () => {
  expect(kindOf('NVRM: Xid (PCI:0000:64:00): 79, pid=1, GPU has fallen off the bus.')).toBe('driver-error');
});

test('a container that could not be started says so', () => {
  expect(kindOf('docker: Error response from daemon: No such image: vllm/vllm-openai:v1.', exited(125))).toBe('spawn-failed');
});

test('[ORCH-3039] a SIGKILL is host OOM where the OOM killer struck meanwhile, whatever the log says', () => {
  expect(kindOf('CUDA error: out of memory', killed, 1)).toBe('host-oom');
  expect(kindOf('', exited(137), 2)).toBe('host-oom');
});

test('[ORCH-3039] a SIGKILL without the OOM killer is somebody’s kill', () => {
  expect(kindOf('all is well', killed, 0)).toBe('killed');
  expect(kindOf('all is well', exited(137), 0)).toBe('killed');
});

test('says so where the platform cannot tell the OOM killer from somebody’s kill', () => {
  expect(explainExit({ exit: killed, oomKills: null, logTail: '' }).message).toContain('cannot be told');
});

test.each([
  ['host-oom', "terminate called after throwing an instance of 'std::bad_alloc'"],
  ['port-in-use', 'Error: listen EADDRINUSE: address already in use 127.0.0.1:8080'],
  ['port-in-use', "main: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8080"],
  ['bad-launch-flag', 'error: invalid argument: --frobnicate'],
  ['model-load-failed', "llama_model_load: error loading model: unknown model architecture: 'qwen9'"],
] as const)('names %s', (kind, log) => {
  expect(kindOf(log)).toBe(kind);
});

test('tells a crash from a plain exit', () => {
  expect(kindOf('', { code: null, signal: 'SIGSEGV' })).toBe('crashed');
  expect(kindOf('', exited(139))).toBe('crashed');
  expect(kindOf('bye', exited(0))).toBe('exited');
});

test('quotes the line that matched even if the engine talked on after it', () => {
  const log = `CUDA error: out of memory\n${'chatter\n'.repeat(100)}`;
  const { cause } = explainExit({ exit: exited(1), oomKills: 0, logTail: log });
  expect(cause).toContain('CUDA error: out of memory');
});

test('keeps a quote bounded', () => {
  const { cause } = explainExit({ exit: exited(1), oomKills: 0, logTail: 'x'.repeat(1_000_000) });
  expect(cause?.length).toBeLessThanOrEqual(4_096);
});
