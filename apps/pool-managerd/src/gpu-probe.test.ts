import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createGpuProbe } from './gpu-probe.ts';
import { smiText } from './testing/smi-fixtures.ts';

const dirs: string[] = [];
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true });
});

/** A program that notes its first argument at each run and answers as the script says. */
const fakeSmi = async (script: string): Promise<{ readonly program: string; readonly runs: () => Promise<readonly string[]> }> => {
  const dir = await mkdtemp(join(tmpdir(), 'fake-smi-'));
  dirs.push(dir);
  const program = join(dir, 'nvidia-smi');
  await writeFile(program, `#!/bin/sh\necho "$1" >> ${dir}/runs\n${script}\n`);
  await chmod(program, 0o755);
  return { program, runs: async () => (await readFile(join(dir, 'runs'), 'utf8')).trim().split('\n') };
};

/** The tool as it answers from fixtures. */
const smiOf = async (answers: { readonly query: string; readonly topo?: string; readonly list?: string; readonly details?: string }) => {
  const say = (file: string | undefined): string => (file === undefined ? 'exit 3' : `cat <<'TEXT'\n${smiText(file)}TEXT\n`);
  return fakeSmi(
    `case "$1" in\ntopo) ${say(answers.topo)};;\n-L) ${say(answers.list)};;\n-q) ${say(answers.details)};;\n*) ${say(answers.query)};;\nesac`,
  );
};
const probeOf = (program: string, nowMs = () => 0) => createGpuProbe({ program, timeoutMs: 10_000, nowMs });

test('[ORCH-3013] eight H100 with their links and NUMA nodes; the links are asked for once', async () => {
  const { program, runs } = await smiOf({ query: '8x-h100.query.csv', topo: '8x-h100.topo.txt' });
  let nowMs = 0;
  const probe = probeOf(program, () => nowMs);
  const inventory = await probe.inventory(0);
  if (inventory.kind !== 'devices') throw new Error('expected devices');
  expect(inventory.devices).toHaveLength(8);
  expect(inventory.devices[7]).toMatchObject({ numaNode: 1, parentUuid: null });
  expect(inventory.devices[7]?.links).toHaveLength(7);
  expect(inventory.devices[7]?.links[0]).toEqual({ uuid: inventory.devices[0]?.uuid, kind: 'NV18' });
  nowMs = 10;
  await probe.inventory(0);
  expect((await runs()).filter((argument) => argument === 'topo')).toHaveLength(1);
});

test('[ORCH-3011] the slices of a GPU in MIG mode are devices of their own', async () => {
  const { program } = await smiOf({ query: 'a100-mig.query.csv', list: 'a100-mig.list.txt', details: 'a100-mig.details.xml' });
  const inventory = await probeOf(program).inventory(0);
  expect(inventory).toMatchObject({
    devices: [
      { migEnabled: true, parentUuid: null },
      {
        uuid: 'MIG-feb88891-0321-5fef-9c87-d4af3b54259e',
        parentUuid: 'GPU-7fdaf0a5-179b-f636-d15d-daf243e3ff16',
        name: 'NVIDIA A100-SXM4-80GB MIG 1g.10gb',
        memoryTotalBytes: 9_728 * 1_048_576,
        computeCapability: '8.0',
        index: 0,
      },
      {},
      {},
    ],
  });
});

test('runs the program once for callers that come together, and again when the answer is old', async () => {
  const { program, runs } = await smiOf({ query: '3090-3060.query.csv', topo: '3090-3060.topo.txt' });
  let nowMs = 0;
  const probe = probeOf(program, () => nowMs);
  const [first, second] = await Promise.all([probe.inventory(5_000), probe.inventory(5_000)]);
  expect(first).toEqual(second);
  expect(first.kind).toBe('devices');
  await probe.inventory(5_000);
  const queries = async () => (await runs()).filter((argument) => argument.startsWith('--query-gpu')).length;
  expect(await queries()).toBe(1);
  nowMs = 6_000;
  await probe.inventory(5_000);
  expect(await queries()).toBe(2);
});

test('asks again without each field that the driver does not know', async () => {
  const { program, runs } = await fakeSmi(
    `case "$1" in *mig.mode*) echo 'Field "mig.mode.current" is not a valid field to query.'; exit 2;; *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2;; --query*) echo '0, GPU-8f6d2c1e, Tesla K80, 11441, 0, 0, 00000000:19:00.0, 440.33.01, 0';; *) exit 1;; esac`,
  );
  const inventory = await probeOf(program).inventory(0);
  expect(inventory).toMatchObject({
    devices: [
      { name: 'Tesla K80', computeCapability: null, migEnabled: null, driverVersion: '440.33.01', eccUncorrectedErrors: 0, links: [] },
    ],
  });
  expect((await runs()).filter((argument) => argument.startsWith('--query-gpu'))).toHaveLength(3);
});

test('[ORCH-3038] gives up on a program that hangs', async () => {
  const { program } = await fakeSmi('exec sleep 60');
  const inventory = await createGpuProbe({ program, timeoutMs: 200, nowMs: () => 0 }).inventory(0);
  expect(inventory).toMatchObject({ kind: 'none', code: 'timeout' });
});

test('[ORCH-1101] says not-found where there is no such program', async () => {
  expect(await probeOf('/nonexistent/nvidia-smi').inventory(0)).toMatchObject({ kind: 'none', code: 'not-found' });
});
