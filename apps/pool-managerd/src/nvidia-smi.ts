/**
 * The texts of `nvidia-smi`, read: the device query, the process query, the topology matrix, the slices. Pure; it runs
 * nothing.
 */
import type { DeviceLink, GpuDevice, Inventory, InventoryErrorCode, ProcessMemory, SmiOutput } from './gpu-device.ts';

const mib = 1_048_576;

/** Columns of the device query. The optional ones are unknown to some drivers, which then answer nothing at all. */
export const requiredColumns = ['index', 'uuid', 'name', 'memory.total', 'memory.used', 'utilization.gpu', 'pci.bus_id'] as const;
export const optionalColumns = ['compute_cap', 'driver_version', 'mig.mode.current', 'ecc.errors.uncorrected.volatile.total'] as const;
export type SmiColumn = (typeof requiredColumns)[number] | (typeof optionalColumns)[number];

/** The column that a driver does not know; `null` when it complains of none. */
export const unknownColumn = (output: SmiOutput): string | null =>
  output.kind === 'ran' && output.exitCode !== 0
    ? (/Field "([^"]+)" is not a valid field/i.exec(output.stdout + output.stderr)?.[1] ?? null)
    : null;

export type DeviceRow = Omit<GpuDevice, 'numaNode' | 'links' | 'parentUuid'> & { readonly busId: string };

export type DeviceRows =
  | { readonly kind: 'devices'; readonly devices: readonly DeviceRow[]; readonly lost: string | null }
  | Extract<Inventory, { kind: 'none' }>;

/** A line in place of a device that is gone from the bus. The query goes on after it, and exits with an error. */
const lostDevice = /^Unable to determine the device handle for [^\n]*$/m;
/** What a device that is no use answers in place of a figure; other words in brackets only mean that it does not tell. */
const broken = /^\[(?:GPU requires reset|GPU is lost)\]$|^ERR!$/i;

/**
 * Read the answer to the device query: one CSV line per device, MiB and percent without units.
 *
 * 1. The program did not answer, or said why there is nothing to say.
 * 2. A device that fell off the bus costs the host that device and not the others.
 * 3. `[N/A]` and its relatives are `null` where a device may not tell; a device without readable memory has a fault.
 *
 * @req ORCH-1101, ORCH-1104, ORCH-3038
 */
export const parseInventory = (output: SmiOutput, columns: readonly SmiColumn[] = [...requiredColumns, ...optionalColumns]): DeviceRows => {
  // 1
  if (output.kind === 'not-found')
    return none('not-found', 'nvidia-smi was not found; install the NVIDIA driver, or set `agent.nvidia_smi`.');
  if (output.kind === 'timeout')
    return none('timeout', 'nvidia-smi did not answer in time; the driver may hang (look at `dmesg` for Xid lines).');
  const text = `${output.stdout}\n${output.stderr}`.trim();
  // 2
  const lost = lostDevice.exec(text)?.[0].trim() ?? null;
  const lines = output.stdout
    .split('\n')
    .filter((line) => line.trim() !== '' && !lostDevice.test(line) && !/^(?:\[Unknown Error\](?:, |$))+$/.test(line));
  if (/no devices were found/i.test(text)) return none('no-devices', `The NVIDIA driver sees no device.${lost === null ? '' : ` ${lost}`}`);
  if (output.exitCode !== 0 && (lost === null || lines.length === 0))
    return none('driver-error', `nvidia-smi failed with exit code ${output.exitCode}: ${text.slice(0, 500)}`);
  if (lines.length === 0) return none('no-devices', 'The NVIDIA driver sees no device.');
  // 3
  const devices = lines.map((line) => parseRow(line, columns));
  const bad = devices.indexOf(null);
  if (bad >= 0) return none('unparsable', `nvidia-smi answered a line of another form: ${lines[bad]?.slice(0, 200)}`);
  return { kind: 'devices', devices: devices.filter((device) => device !== null), lost };
};

const none = (code: InventoryErrorCode, message: string) => ({ kind: 'none', code, message }) as const;

const parseRow = (line: string, columns: readonly SmiColumn[]): DeviceRow | null => {
  const cells = line.split(',').map((cell) => cell.trim());
  const cell = (column: SmiColumn): string | undefined => (columns.includes(column) ? cells[columns.indexOf(column)] : undefined);
  const [index, uuid, name, busId] = [toNumber(cell('index')), cell('uuid'), cell('name'), cell('pci.bus_id')];
  if (index === null || uuid === undefined || !/^GPU-[0-9a-f-]+$/i.test(uuid) || name === undefined || name === '' || busId === undefined)
    return null;
  const [total, used] = [toNumber(cell('memory.total')), toNumber(cell('memory.used'))];
  const percent = toNumber(cell('utilization.gpu'));
  const mode = cell('mig.mode.current');
  const migEnabled = mode === 'Enabled' ? true : mode === 'Disabled' ? false : null;
  const capability = cell('compute_cap');
  const version = cell('driver_version');
  return {
    index,
    uuid,
    name,
    memoryTotalBytes: (total ?? 0) * mib,
    memoryUsedBytes: (used ?? 0) * mib,
    utilizationRatio: percent === null ? null : Math.min(1, percent / 100),
    computeCapability: capability !== undefined && /^\d+\.\d+$/.test(capability) ? capability : null,
    migEnabled,
    driverVersion: version !== undefined && /^\d+(?:\.\d+)+$/.test(version) ? version : null,
    eccUncorrectedErrors: toNumber(cell('ecc.errors.uncorrected.volatile.total')),
    fault: faultOf(cells, total, used, migEnabled, cell('memory.total'), cell('memory.used')),
    busId,
  };
};

/** A GPU in MIG mode may keep its memory figures to itself; nothing runs on it but its slices. */
const faultOf = (
  cells: readonly string[],
  total: number | null,
  used: number | null,
  migEnabled: boolean | null,
  totalCell: string | undefined,
  usedCell: string | undefined,
): string | null => {
  const word = cells.find((cell) => broken.test(cell));
  if (word !== undefined) return `nvidia-smi says ${word}`;
  if (total === null) return `nvidia-smi says ${totalCell ?? 'nothing'} of its memory`;
  return used === null && migEnabled !== true ? `nvidia-smi says ${usedCell ?? 'nothing'} of its used memory` : null;
};

const toNumber = (cell: string | undefined): number | null => (cell !== undefined && /^\d+(\.\d+)?$/.test(cell) ? Number(cell) : null);

/** Read the answer to the process query; lines without a figure (other namespaces, WDDM) are left out. */
export const parseProcessMemory = (output: SmiOutput): readonly ProcessMemory[] => {
  if (output.kind !== 'ran' || output.exitCode !== 0) return [];
  return output.stdout.split('\n').flatMap((line) => {
    const [pid, uuid, used] = line.split(',').map((cell) => cell.trim());
    const [pidNumber, usedMib] = [toNumber(pid), toNumber(used)];
    return pidNumber === null || usedMib === null || uuid === undefined ? [] : [{ pid: pidNumber, uuid, usedBytes: usedMib * mib }];
  });
};

export type Topology = {
  /** Link kinds by index of the GPU and index of its peer. */
  readonly links: ReadonlyMap<number, ReadonlyMap<number, string>>;
  readonly numaNodes: ReadonlyMap<number, number>;
};

/**
 * Read `nvidia-smi topo -m`: a matrix of links with the affinities behind it, its header underlined on a terminal's behalf.
 * Network cards are left out. Whatever is not a matrix reads as an empty one: a hint is missing, nothing else.
 *
 * @req ORCH-3013
 */
export const parseTopology = (output: SmiOutput): Topology => {
  const links = new Map<number, Map<number, string>>();
  const numaNodes = new Map<number, number>();
  if (output.kind !== 'ran') return { links, numaNodes };
  // oxlint-disable-next-line no-control-regex -- the escape is what is removed
  const lines = output.stdout.replaceAll(/\u001B\[[0-9;]*m/g, '').split('\n');
  const header =
    lines
      .find((line) => /^\s*GPU\d+\s/.test(line) && !/\sX\s/.test(line))
      ?.trim()
      .split(/\s+/) ?? [];
  const peers = header.slice(0, header.indexOf('CPU') < 0 ? header.length : header.indexOf('CPU'));
  for (const line of lines) {
    const [label = '', ...cells] = line.trim().split(/\s+/);
    const index = gpuIndex(label);
    if (index === null || !cells.includes('X')) continue;
    const row = new Map<number, string>();
    for (const [position, peer] of peers.entries()) {
      const [other, kind] = [gpuIndex(peer), cells[position]];
      if (other !== null && other !== index && kind !== undefined) row.set(other, kind);
    }
    links.set(index, row);
    const [, node] = cells.slice(peers.length);
    if (node !== undefined && /^\d+$/.test(node)) numaNodes.set(index, Number(node));
  }
  return { links, numaNodes };
};

const gpuIndex = (label: string): number | null => {
  const digits = /^GPU(\d+)$/.exec(label)?.[1];
  return digits === undefined ? null : Number(digits);
};

/** The links of one GPU, its peers by UUID. */
export const linksOf = (topology: Topology, index: number, uuids: ReadonlyMap<number, string>): readonly DeviceLink[] =>
  [...(topology.links.get(index) ?? [])].flatMap(([peer, kind]) => {
    const uuid = uuids.get(peer);
    return uuid === undefined ? [] : [{ uuid, kind }];
  });

/** One MIG slice: `nvidia-smi -L` has its UUID, `nvidia-smi -q -x` its memory, both its number within the GPU. */
export type MigSlice = {
  readonly parentUuid: string;
  readonly uuid: string;
  /** e.g. `3g.40gb`. */
  readonly profile: string;
  readonly memoryTotalBytes: number;
  readonly memoryUsedBytes: number;
};

/** Join both outputs; a slice whose memory is not told is left out, for nothing could be planned on it. */
export const parseSlices = (list: SmiOutput, details: SmiOutput): readonly MigSlice[] => {
  if (list.kind !== 'ran' || details.kind !== 'ran') return [];
  const memory = parseSliceMemory(details.stdout);
  const slices: MigSlice[] = [];
  let parentUuid = '';
  for (const line of list.stdout.split('\n')) {
    parentUuid = /^GPU \d+: .*\(UUID: (GPU-[0-9a-fA-F-]+)\)/.exec(line)?.[1] ?? parentUuid;
    const [, profile, number, uuid] = /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)]+)\)/.exec(line) ?? [];
    const figures = memory.get(`${parentUuid}/${number ?? ''}`);
    if (profile !== undefined && uuid !== undefined && figures !== undefined) slices.push({ parentUuid, uuid, profile, ...figures });
  }
  return slices;
};

/** Memory of each slice by `GPU-uuid/number`. */
const parseSliceMemory = (xml: string): ReadonlyMap<string, Pick<MigSlice, 'memoryTotalBytes' | 'memoryUsedBytes'>> => {
  const memory = new Map<string, Pick<MigSlice, 'memoryTotalBytes' | 'memoryUsedBytes'>>();
  for (const [, gpu = ''] of xml.matchAll(/<gpu id="[^"]*">([\s\S]*?)<\/gpu>/g)) {
    const uuid = /<uuid>(GPU-[^<]+)<\/uuid>/.exec(gpu.replaceAll(/<mig_device>[\s\S]*?<\/mig_device>/g, ''))?.[1];
    for (const [, slice = ''] of gpu.matchAll(/<mig_device>([\s\S]*?)<\/mig_device>/g)) {
      const number = /<index>(\d+)<\/index>/.exec(slice)?.[1];
      const usage = /<fb_memory_usage>([\s\S]*?)<\/fb_memory_usage>/.exec(slice)?.[1] ?? '';
      const figure = (name: string): number | null => toNumber(new RegExp(`<${name}>(\\d+) MiB</${name}>`).exec(usage)?.[1]);
      const [total, used] = [figure('total'), figure('used')];
      if (uuid !== undefined && number !== undefined && total !== null && used !== null)
        memory.set(`${uuid}/${number}`, { memoryTotalBytes: total * mib, memoryUsedBytes: used * mib });
    }
  }
  return memory;
};
