/**
 * The nouns of a host's inventory: GPUs, slices of GPUs, and why there is no inventory. It asks nobody for them.
 */

/** How two GPUs of a host reach each other, as `nvidia-smi topo -m` names it: `NV18`, `PIX`, `PXB`, `PHB`, `NODE`, `SYS`. */
export type DeviceLink = { readonly uuid: string; readonly kind: string };

/** A GPU, or a MIG slice of one. */
export type GpuDevice = {
  /** Of the GPU; a slice has its parent's. */
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
  /** The GPU this is a slice of; `null` for a whole one. */
  readonly parentUuid: string | null;
  /** Of a whole GPU: only its slices run anything. `null` where it does not tell. */
  readonly migEnabled: boolean | null;
  readonly driverVersion: string | null;
  /** Since the driver was loaded; `null` without ECC. */
  readonly eccUncorrectedErrors: number | null;
  /** Why nothing can run on it, in the driver's words; `null` = nothing known against it. */
  readonly fault: string | null;
  readonly links: readonly DeviceLink[];
};

/** Why there is no inventory. `not-found` and `no-devices` are facts of the host; the others may pass. */
export type InventoryErrorCode = 'not-found' | 'no-devices' | 'driver-error' | 'timeout' | 'unparsable';

export type Inventory =
  | {
      readonly kind: 'devices';
      readonly devices: readonly GpuDevice[];
      /** What the driver says of a device that it lost and cannot even name; `null` = nothing. */
      readonly lost: string | null;
    }
  | { readonly kind: 'none'; readonly code: InventoryErrorCode; readonly message: string };

/** Device memory of one process on one device. */
export type ProcessMemory = { readonly pid: number; readonly uuid: string; readonly usedBytes: number };

/** What running `nvidia-smi` gave; the seam at which tests feed fixtures. */
export type SmiOutput =
  | { readonly kind: 'ran'; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'timeout' };
