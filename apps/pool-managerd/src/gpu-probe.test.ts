import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createGpuProbe, parseInventory, parseProcessMemory } from './gpu-probe.ts';

const ran = (stdout: string, exitCode = 0, stderr = '') => ({ kind: 'ran', exitCode, stdout, stderr }) as const;

// Captured lines of an H200 and of two consumer cards.
const h200 = '0, GPU-8f6d2c1e-6f0b-7a52-3e0a-5a1c0f4b9d77, NVIDIA H200, 143771, 4, 0, 00000000:19:00.0, 9.0\n';
const mixed =
  '0, GPU-11111111-6f0b-7a52-3e0a-5a1c0f4b9d77, NVIDIA GeForce RTX 3090, 24576, 1024, 41, 00000000:01:00.0, 8.6\n' +
  '1, GPU-22222222-6f0b-7a52-3e0a-5a1c0f4b9d77, NVIDIA GeForce RTX 3060, 12288, 0, [N/A], 00000000:02:00.0, 8.6\n';

test('reads memory in bytes, load as a ratio and the compute capability', () => {
  expect(parseInventory(ran(h200))).toEqual({
    kind: 'devices',
    devices: [
      {
        index: 0,
        uuid: 'GPU-8f6d2c1e-6f0b-7a52-3e0a-5a1c0f4b9d77',
        name: 'NVIDIA H200',
        memoryTotalBytes: 143_771 * 1_048_576,
        memoryUsedBytes: 4 * 1_048_576,
        utilizationRatio: 0,
        computeCapability: '9.0',
        busId: '00000000:19:00.0',
      },
    ],
  });
});

test('[ORCH-1104] reads unlike devices, and what one does not tell as null', () => {
  const inventory = parseInventory(ran(mixed));
  expect(inventory).toMatchObject({
    kind: 'devices',
    devices: [{ utilizationRatio: 0.41 }, { utilizationRatio: null, name: 'NVIDIA GeForce RTX 3060' }],
  });
});

test.each([
  ['not-found', { kind: 'not-found' } as const],
  ['timeout', { kind: 'timeout' } as const],
  ['no-devices', ran('No devices were found\n', 6)],
  ['no-devices', ran('')],
  ['driver-error', ran("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n", 9)],
  ['driver-error', ran('Failed to initialize NVML: Driver/library version mismatch\n', 18)],
  ['unparsable', ran('0, GPU-8f6d2c1e-6f0b-7a52-3e0a-5a1c0f4b9d77, NVIDIA H200, [Unknown Error], 4, 0, 00000000:19:00.0, 9.0\n')],
  ['unparsable', ran('<html>not csv</html>\n')],
] as const)('[ORCH-1101] says %s with a sentence', (code, output) => {
  const inventory = parseInventory(output);
  expect(inventory).toMatchObject({ kind: 'none', code });
  expect(inventory.kind === 'none' && inventory.message.length > 20).toBe(true);
});

test('reads memory by process and leaves out lines without a figure', () => {
  const text = '1234, GPU-1, 8192\n77, GPU-1, [N/A]\n1234, GPU-2, 1\n';
  expect(parseProcessMemory(ran(text))).toEqual([
    { pid: 1234, uuid: 'GPU-1', usedBytes: 8192 * 1_048_576 },
    { pid: 1234, uuid: 'GPU-2', usedBytes: 1_048_576 },
  ]);
});

const dirs: string[] = [];
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true });
});

/** A program that counts its runs and answers as the script says. */
const fakeSmi = async (script: string): Promise<{ readonly program: string; readonly runs: () => Promise<number> }> => {
  const dir = await mkdtemp(join(tmpdir(), 'fake-smi-'));
  dirs.push(dir);
  const program = join(dir, 'nvidia-smi');
  await writeFile(program, `#!/bin/sh\necho run >> ${dir}/runs\n${script}\n`);
  await chmod(program, 0o755);
  const { readFile } = await import('node:fs/promises');
  return { program, runs: async () => (await readFile(join(dir, 'runs'), 'utf8')).trim().split('\n').length };
};

test('runs the program once for callers that come together, and again when the answer is old', async () => {
  const { program, runs } = await fakeSmi(`cat <<'CSV'\n${h200}CSV`);
  let nowMs = 0;
  const probe = createGpuProbe({ program, timeoutMs: 10_000, nowMs: () => nowMs });
  const [first, second] = await Promise.all([probe.inventory(5_000), probe.inventory(5_000)]);
  expect(first).toEqual(second);
  expect(first.kind).toBe('devices');
  await probe.inventory(5_000);
  expect(await runs()).toBe(1);
  nowMs = 6_000;
  await probe.inventory(5_000);
  expect(await runs()).toBe(2);
});

test('asks again without the compute capability where the driver does not know that field', async () => {
  const { program } = await fakeSmi(
    `case "$1" in *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2;; *) echo '0, GPU-8f6d2c1e, Tesla K80, 11441, 0, 0, 00000000:19:00.0';; esac`,
  );
  const inventory = await createGpuProbe({ program, timeoutMs: 10_000, nowMs: () => 0 }).inventory(0);
  expect(inventory).toMatchObject({ kind: 'devices', devices: [{ name: 'Tesla K80', computeCapability: null }] });
});

test('[ORCH-3038] gives up on a program that hangs', async () => {
  const { program } = await fakeSmi('exec sleep 60');
  const inventory = await createGpuProbe({ program, timeoutMs: 200, nowMs: () => 0 }).inventory(0);
  expect(inventory).toMatchObject({ kind: 'none', code: 'timeout' });
});

test('[ORCH-1101] says not-found where there is no such program', async () => {
  const inventory = await createGpuProbe({ program: '/nonexistent/nvidia-smi', timeoutMs: 1_000, nowMs: () => 0 }).inventory(0);
  expect(inventory).toMatchObject({ kind: 'none', code: 'not-found' });
});
