/**
 * What NVIDIA devices this host has, asked of `nvidia-smi` in bounded time. It owns the queries and when they are asked; what
 * the answers mean is in `nvidia-smi.ts`, and it knows no pool.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { GpuDevice, Inventory, ProcessMemory, SmiOutput } from './gpu-device.ts';
import {
  type DeviceRow,
  type DeviceRows,
  linksOf,
  optionalColumns,
  parseInventory,
  parseProcessMemory,
  parseSlices,
  parseTopology,
  requiredColumns,
  type SmiColumn,
  type Topology,
  unknownColumn,
} from './nvidia-smi.ts';

export type GpuProbe = {
  /** The inventory, at most `maxAgeMs` old. Never throws. */
  inventory(maxAgeMs: number): Promise<Inventory>;
  /** Memory by process; empty where the driver does not tell (containers, no devices). Never throws. */
  processMemory(): Promise<readonly ProcessMemory[]>;
};

export type GpuProbeOptions = {
  /** Program to run, looked up in PATH. */
  readonly program: string;
  readonly timeoutMs: number;
  readonly nowMs: () => number;
};

/**
 * Make a probe. Concurrent callers share one run of the program, so a hanging driver holds at most one child.
 *
 * @req ORCH-1101, ORCH-1104, ORCH-3003, ORCH-3013
 */
export const createGpuProbe = (options: GpuProbeOptions): GpuProbe => {
  let last: { readonly inventory: Inventory; readonly atMs: number } | null = null;
  let running: Promise<Inventory> | null = null;
  /** How devices lie to each other changes only with the devices; it is asked again when they do. */
  let known: { readonly uuids: string; readonly topology: Topology } | null = null;

  const topologyOf = async (rows: readonly DeviceRow[]): Promise<Topology> => {
    const uuids = rows.map(({ uuid }) => uuid).join();
    if (known?.uuids === uuids) return known.topology;
    const output = await runSmi(options, ['topo', '-m']);
    const topology = parseTopology(output);
    if (output.kind === 'ran' && output.exitCode === 0) known = { uuids, topology };
    return topology;
  };

  const slicesOf = async (devices: readonly GpuDevice[]): Promise<readonly GpuDevice[]> => {
    if (!devices.some(({ migEnabled }) => migEnabled === true)) return [];
    const slices = parseSlices(await runSmi(options, ['-L']), await runSmi(options, ['-q', '-x']));
    return slices.flatMap(({ parentUuid, profile, ...slice }) => {
      const parent = devices.find(({ uuid }) => uuid === parentUuid);
      return parent === undefined
        ? []
        : [{ ...parent, ...slice, name: `${parent.name} MIG ${profile}`, parentUuid, utilizationRatio: null, migEnabled: null, links: [] }];
    });
  };

  const read = async (): Promise<Inventory> => {
    const rows = await readRows(options);
    if (rows.kind === 'none') return rows;
    const topology = await topologyOf(rows.devices);
    const uuids = new Map(rows.devices.map(({ index, uuid }) => [index, uuid]));
    const gpus = await Promise.all(
      rows.devices.map(async ({ busId, ...row }) => ({
        ...row,
        parentUuid: null,
        numaNode: (await readNumaNode(busId)) ?? topology.numaNodes.get(row.index) ?? null,
        links: linksOf(topology, row.index, uuids),
      })),
    );
    return { kind: 'devices', devices: [...gpus, ...(await slicesOf(gpus))], lost: rows.lost };
  };

  return {
    async inventory(maxAgeMs) {
      if (last !== null && options.nowMs() - last.atMs <= maxAgeMs) return last.inventory;
      running ??= read().finally(() => {
        running = null;
      });
      const inventory = await running;
      last = { inventory, atMs: options.nowMs() };
      return inventory;
    },
    async processMemory() {
      return parseProcessMemory(
        await runSmi(options, ['--query-compute-apps=pid,gpu_uuid,used_gpu_memory', '--format=csv,noheader,nounits']),
      );
    },
  };
};

/** Ask for every column, then again without each that the driver does not know. */
const readRows = async (options: GpuProbeOptions): Promise<DeviceRows> => {
  let columns: readonly SmiColumn[] = [...requiredColumns, ...optionalColumns];
  for (;;) {
    const output = await runSmi(options, [`--query-gpu=${columns.join(',')}`, '--format=csv,noheader,nounits']);
    const unknown = optionalColumns.find((column) => column === unknownColumn(output));
    if (unknown === undefined || !columns.includes(unknown)) return parseInventory(output, columns);
    columns = columns.filter((column) => column !== unknown);
  }
};

const runSmi = (options: GpuProbeOptions, args: readonly string[]): Promise<SmiOutput> =>
  new Promise((resolve) => {
    execFile(
      options.program,
      args,
      {
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: 4 * 1_048_576,
        windowsHide: true,
        env: { ...process.env, LC_ALL: 'C' },
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ kind: 'ran', exitCode: 0, stdout, stderr });
        if (error.code === 'ENOENT' || error.code === 'EACCES') return resolve({ kind: 'not-found' });
        if (error.killed === true) return resolve({ kind: 'timeout' });
        resolve({ kind: 'ran', exitCode: typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      },
    );
  });

/** NUMA node of a PCI device, from sysfs; `null` elsewhere and where the kernel says -1. `00000000:65:00.0` is `0000:65:00.0` there. */
const readNumaNode = async (busId: string): Promise<number | null> => {
  const address = busId.toLowerCase().replace(/^[0-9a-f]{4}(?=[0-9a-f]{4}:)/, '');
  if (!/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(address)) return null;
  try {
    const node = Number((await readFile(`/sys/bus/pci/devices/${address}/numa_node`, 'utf8')).trim());
    return Number.isInteger(node) && node >= 0 ? node : null;
  } catch {
    return null; // No sysfs, or no such device in this namespace: a hint is missing, nothing else.
  }
};
