/**
 * What NVIDIA devices this host has, asked of `nvidia-smi` in bounded time. It owns the query and its parsing; it knows no
 * pool.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export type GpuDevice = {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly memoryTotalBytes: number;
  readonly memoryUsedBytes: number;
  /** 0..1; `null` where the device does not tell. */
  readonly utilizationRatio: number | null;
  /** e.g. `9.0`. */
  readonly computeCapability: string | null;
  readonly numaNode: number | null;
};

/** Why there is no inventory. `not-found` and `no-devices` are facts of the host; the others may pass. */
export type InventoryErrorCode = 'not-found' | 'no-devices' | 'driver-error' | 'timeout' | 'unparsable';

export type Inventory =
  | { readonly kind: 'devices'; readonly devices: readonly GpuDevice[] }
  | { readonly kind: 'none'; readonly code: InventoryErrorCode; readonly message: string };

/** Device memory of one process on one device. */
export type ProcessMemory = { readonly pid: number; readonly uuid: string; readonly usedBytes: number };

/** What running `nvidia-smi` gave; the seam at which tests feed fixtures. */
export type SmiOutput =
  | { readonly kind: 'ran'; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'timeout' };

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

const mib = 1_048_576;
const columns = ['index', 'uuid', 'name', 'memory.total', 'memory.used', 'utilization.gpu', 'pci.bus_id', 'compute_cap'] as const;

/**
 * Make a probe. Concurrent callers share one run of the program, so a hanging driver holds at most one child.
 *
 * @req ORCH-1101, ORCH-1104, ORCH-3003, ORCH-3013
 */
export const createGpuProbe = (options: GpuProbeOptions): GpuProbe => {
  let last: { readonly inventory: Inventory; readonly atMs: number } | null = null;
  let running: Promise<Inventory> | null = null;

  const read = async (): Promise<Inventory> => {
    const wanted = await runSmi(options, gpuQuery(columns));
    // Drivers before 510 do not know `compute_cap` and then answer nothing at all.
    const output = isUnknownField(wanted) ? await runSmi(options, gpuQuery(columns.slice(0, -1))) : wanted;
    const rows = parseInventory(output);
    if (rows.kind === 'none') return rows;
    const devices = await Promise.all(
      rows.devices.map(async ({ busId, ...device }) => ({ ...device, numaNode: await readNumaNode(busId) })),
    );
    return { kind: 'devices', devices };
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

const gpuQuery = (fields: readonly string[]): string[] => [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];

const isUnknownField = (output: SmiOutput): boolean =>
  output.kind === 'ran' && output.exitCode !== 0 && /not a valid field/i.test(output.stdout + output.stderr);

const runSmi = (options: GpuProbeOptions, args: readonly string[]): Promise<SmiOutput> =>
  new Promise((resolve) => {
    execFile(
      options.program,
      args,
      { timeout: options.timeoutMs, killSignal: 'SIGKILL', maxBuffer: 4 * mib, windowsHide: true, env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ kind: 'ran', exitCode: 0, stdout, stderr });
        if (error.code === 'ENOENT' || error.code === 'EACCES') return resolve({ kind: 'not-found' });
        if (error.killed === true) return resolve({ kind: 'timeout' });
        resolve({ kind: 'ran', exitCode: typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      },
    );
  });

type DeviceRow = Omit<GpuDevice, 'numaNode'> & { readonly busId: string };

/**
 * Read the answer to the device query: one CSV line per device, MiB and percent without units.
 *
 * `[N/A]` and its relatives are `null` where a device may not tell, and unparsable where every device does.
 */
export const parseInventory = (
  output: SmiOutput,
): { readonly kind: 'devices'; readonly devices: readonly DeviceRow[] } | Extract<Inventory, { kind: 'none' }> => {
  const none = (code: InventoryErrorCode, message: string) => ({ kind: 'none', code, message }) as const;
  if (output.kind === 'not-found')
    return none('not-found', 'nvidia-smi was not found; install the NVIDIA driver, or set `agent.nvidia_smi`.');
  if (output.kind === 'timeout')
    return none('timeout', 'nvidia-smi did not answer in time; the driver may hang (look at `dmesg` for Xid lines).');
  const text = `${output.stdout}\n${output.stderr}`.trim();
  if (/no devices were found/i.test(text)) return none('no-devices', 'The NVIDIA driver sees no device.');
  if (output.exitCode !== 0) return none('driver-error', `nvidia-smi failed with exit code ${output.exitCode}: ${text.slice(0, 500)}`);

  const lines = output.stdout.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return none('no-devices', 'The NVIDIA driver sees no device.');
  const devices = lines.map(parseRow);
  const bad = devices.indexOf(null);
  if (bad >= 0) return none('unparsable', `nvidia-smi answered a line of another form: ${lines[bad]?.slice(0, 200)}`);
  return { kind: 'devices', devices: devices.filter((device) => device !== null) };
};

const parseRow = (line: string): DeviceRow | null => {
  const [index, uuid, name, total, used, utilization, busId, capability] = line.split(',').map((cell) => cell.trim());
  const numbers = [toNumber(index), toNumber(total), toNumber(used)] as const;
  if (numbers[0] === null || numbers[1] === null || numbers[2] === null) return null;
  if (uuid === undefined || !/^GPU-[0-9a-f-]+$/i.test(uuid) || name === undefined || name === '' || busId === undefined) return null;
  const percent = toNumber(utilization);
  return {
    index: numbers[0],
    uuid,
    name,
    memoryTotalBytes: numbers[1] * mib,
    memoryUsedBytes: numbers[2] * mib,
    utilizationRatio: percent === null ? null : Math.min(1, percent / 100),
    computeCapability: capability !== undefined && /^\d+\.\d+$/.test(capability) ? capability : null,
    busId,
  };
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
