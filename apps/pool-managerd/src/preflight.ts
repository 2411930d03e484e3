/**
 * Whether a pool may run on this host at all, and on which devices: every rule that needs no file and no process. Pure.
 */
import { determinismTable, launcherOf } from '@llama-orch/config-schema';
import { createFailure, type Failure, type FailureKind } from './failure.ts';
import type { GpuDevice, Inventory } from './gpu-device.ts';
import { type PoolSpec, serverOf } from './pool-spec.ts';

export type PreflightInput = {
  readonly spec: PoolSpec;
  readonly inventory: Inventory;
  /** `ORCH_ALLOW_CPU=1` is set in the agent's environment. */
  readonly cpuAllowedHere: boolean;
  /** All pools of this host, this one included. */
  readonly pools: readonly PoolSpec[];
  /** An adapter for the engine is installed. */
  readonly hasAdapter: boolean;
};

export type PreflightVerdict =
  | {
      readonly kind: 'admitted';
      /** The mask in its order; empty on the CPU and for external engines. */
      readonly devices: readonly GpuDevice[];
      readonly onCpu: boolean;
    }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * Judge one pool.
 *
 * 1. Its engine has an adapter, and llama.cpp serves one use per worker.
 * 2. CPU: both switches, and no device named. The embedded engine runs on nothing else.
 * 3. An external engine's devices are its owner's business.
 * 4. Every device of the mask exists, works, and is as new as the determinism mode needs; a GPU in MIG mode gives its slices,
 *    one to a pool. A host without devices is refused for good, a driver that does not answer only for now.
 * 5. Without ratios only like devices share a model.
 * 6. No other pool has one of the devices, unless both say they share.
 *
 * @req ORCH-1101, ORCH-1102, ORCH-1104, ORCH-3011, ORCH-3012, ORCH-3038
 */
export const preflight = (input: PreflightInput): PreflightVerdict => {
  const { spec, inventory } = input;
  // 1
  if (!input.hasAdapter) return failed('adapter-missing', `No adapter for engine \`${spec.engine}\` is installed in this agent.`);
  if (spec.engine === 'llamacpp' && spec.workloads.length > 1) {
    return failed(
      'invalid-pool',
      `A llama.cpp worker serves one use, pool \`${spec.id}\` names ${spec.workloads.join(', ')}; make a pool of each.`,
    );
  }

  // 2
  const wantsCpu =
    spec.runtime.kind === 'embedded' ||
    (spec.devices.length === 0 && spec.runtime.kind === 'command') ||
    (spec.runtime.kind === 'external' && spec.allowCpu);
  if (wantsCpu) {
    if (!spec.allowCpu && spec.runtime.kind !== 'embedded' && inventory.kind === 'none' && isLasting(inventory.code)) {
      return failed('no-nvidia-device', `Pool \`${spec.id}\` names no device and this host has none: ${inventory.message}`);
    }
    if (!spec.allowCpu || !input.cpuAllowedHere) {
      const missing = [
        spec.allowCpu ? null : '`allow_cpu: true` on the pool',
        input.cpuAllowedHere ? null : '`ORCH_ALLOW_CPU=1` in the agent’s environment',
      ];
      return failed(
        'cpu-not-allowed',
        `Pool \`${spec.id}\` would run on the CPU; for development set ${missing.filter((name) => name !== null).join(' and ')}.`,
      );
    }
    return { kind: 'admitted', devices: [], onCpu: true };
  }

  // 3
  if (spec.runtime.kind === 'external') return { kind: 'admitted', devices: [], onCpu: false };

  // 4
  if (inventory.kind === 'none') {
    if (isLasting(inventory.code)) return failed('no-nvidia-device', `This host has no NVIDIA device: ${inventory.message}`);
    return failed('driver-unreachable', `The NVIDIA driver does not answer: ${inventory.message}`);
  }
  const devices: GpuDevice[] = [];
  for (const name of spec.devices) {
    const device = findDevice(inventory.devices, name);
    if (device === undefined) {
      const known = inventory.devices.map(({ index, uuid }) => `${index} (${uuid})`).join(', ');
      return failed('unknown-device', `Pool \`${spec.id}\` names device \`${name}\`; this host has ${known}.`);
    }
    if (device.fault !== null)
      return failed(
        'device-fault',
        `Device ${device.index} (${device.uuid}) is no use: ${device.fault}. Look at \`dmesg\` for Xid lines; a reset of the device, or a reboot, brings it back.`,
      );
    if (device.migEnabled === true)
      return failed(
        'device-partitioned',
        `Device ${device.index} is in MIG mode, so only its slices run anything; name one of ${slicesOf(inventory.devices, device)}.`,
      );
    if (devices.includes(device)) return failed('invalid-pool', `Pool \`${spec.id}\` names device ${device.index} twice.`);
    devices.push(device);
  }

  if (devices.length > 1 && devices.some(({ parentUuid }) => parentUuid !== null))
    return failed('invalid-pool', `Pool \`${spec.id}\` names a MIG slice and more; a process sees one slice only.`);
  const least = leastCapability(spec);
  const old = least === null ? undefined : devices.find(({ computeCapability }) => isBelow(computeCapability, least));
  if (old !== undefined)
    return failed(
      'invalid-pool',
      `\`determinism: ${spec.determinism}\` of ${spec.engine} needs compute capability ${least} or higher, device ${old.index} (${old.name}) has ${old.computeCapability}.`,
    );

  // 5
  if (spec.tensorSplit === null && devices.some((device) => !isAlike(device, devices[0]))) {
    const names = devices.map((device) => `${device.index}: ${device.name}`).join(', ');
    return failed('split-needs-ratios', `Pool \`${spec.id}\` splits a model over unlike devices (${names}); set \`tensor_split\`.`);
  }

  // 6
  for (const other of input.pools) {
    if (other.id === spec.id || (other.shareDevices && spec.shareDevices)) continue;
    const shared = other.devices
      .map((name) => findDevice(inventory.devices, name))
      .find((device) => device !== undefined && devices.includes(device));
    if (shared !== undefined) {
      return failed(
        'device-conflict',
        `Device ${shared.index} is also named by pool \`${other.id}\`; set \`share_devices: true\` on both, or give each its own.`,
      );
    }
  }
  return { kind: 'admitted', devices, onCpu: false };
};

const failed = (kind: FailureKind, message: string): PreflightVerdict => ({ kind: 'failed', failure: createFailure(kind, message) });

const isLasting = (code: string): boolean => code === 'not-found' || code === 'no-devices';

const findDevice = (devices: readonly GpuDevice[], name: string): GpuDevice | undefined =>
  devices.find(
    (device) => (device.parentUuid === null && String(device.index) === name) || device.uuid.toLowerCase() === name.toLowerCase(),
  );

const slicesOf = (devices: readonly GpuDevice[], gpu: GpuDevice): string =>
  devices
    .filter(({ parentUuid }) => parentUuid === gpu.uuid)
    .map(({ uuid, name }) => `${uuid} (${name})`)
    .join(', ') || 'them, once some are made';

/** What the engine's determinism mode asks of a device; `null` = nothing. */
const leastCapability = (spec: PoolSpec): string | null => {
  const row = determinismTable[launcherOf({ engine: spec.engine, runtime: { kind: 'command', server: serverOf(spec) } })][spec.determinism];
  return row.kind === 'supported' ? row.minComputeCapability : null;
};

/** `10.0` is above `9.0`; a device that does not tell is not refused. */
const isBelow = (capability: string | null, least: string): boolean => capability !== null && Number(capability) < Number(least);

/** Same model and memory, the few MiB that drivers reserve differently apart. */
const isAlike = (device: GpuDevice, first: GpuDevice | undefined): boolean =>
  first !== undefined &&
  device.name === first.name &&
  Math.abs(device.memoryTotalBytes - first.memoryTotalBytes) <= 0.01 * first.memoryTotalBytes;
