/**
 * What would be started for one pool here and now, as text, for `--print-launch`. It looks at the host like a start does, but
 * takes no lock, verifies no checksum and starts nothing.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DesiredPool } from '@llama-orch/api-types';
import { type AgentConfig, parseConfig } from '@llama-orch/config-schema';
import { type Environment, ExitCode, StartError, toConfiguredPool, toDesiredPool } from '@llama-orch/service-kit';
import { createDesiredStore } from './desired-store.ts';
import { readEngineKey } from './engine-key.ts';
import { PoolFailure } from './failure.ts';
import type { GpuDevice } from './gpu-device.ts';
import type { GpuProbe } from './gpu-probe.ts';
import { planHeadroom } from './host-checks.ts';
import { type AuxPorts, noAuxPorts } from './launch-template.ts';
import { toLaunchText } from './launch-text.ts';
import { auxPortNames } from './launchers/command.ts';
import { containerName, planProcess } from './launchers/plan.ts';
import { createModelDigests } from './model-digest.ts';
import type { PoolSpec } from './pool-spec.ts';
import type { PortPicker } from './port-picker.ts';
import { preflight } from './preflight.ts';
import { toPoolSpec } from './wire.ts';

export type PrintLaunchOptions = {
  readonly poolId: string;
  /** The agent's config file; it may be the whole fleet's. */
  readonly file: string;
  readonly config: AgentConfig;
  readonly dataDir: string;
  readonly env: Environment;
  readonly gpuProbe: GpuProbe;
  readonly ports: PortPicker;
};

/**
 * The command with its environment, secrets masked, behind comments that say what stands in its way.
 *
 * 1. The pool: from the config file where that has it for this host, else from the desired state that the agent has stored.
 * 2. The devices: of this host; on one without any, as the config names them.
 * 3. The plan, whether or not there is room for it now.
 *
 * @errors {@link StartError} for an unknown pool, one that would be refused, and one whose key cannot be read.
 */
export const printLaunch = async (options: PrintLaunchOptions): Promise<string> => {
  const { config, env } = options;
  // 1
  const pools = await knownPools(options);
  const spec = pools.find(({ id }) => id === options.poolId);
  if (spec === undefined) {
    const known = pools.map(({ id }) => id).join(', ') || 'none';
    throw new StartError(
      `No pool "${options.poolId}" for agent ${config.name}: neither ${options.file} nor the stored desired state has it (known: ${known}).`,
    );
  }
  if (spec.runtime.kind === 'external') return `# Pool ${spec.id} is external: nothing is started, ${spec.runtime.url} is probed.\n`;

  try {
    // 2
    const { devices, onCpu, notes } = await devicesOf(spec, pools, options);
    // 3
    const { plan, failure } = await planHeadroom(createModelDigests(), spec, devices, {
      vramRatio: config.headroom.vram_ratio,
      ramBytes: config.headroom.ram_bytes,
    });
    if (failure !== null) notes.push(`${failure.kind}: ${failure.message}`);
    const launch = planProcess({
      spec,
      place: {
        host: config.worker_bind,
        port: await options.ports.pick(),
        ports: await pickAux(options.ports, auxPortNames(spec, plan, onCpu)),
        stateDir: resolve(options.dataDir, 'pools', spec.id),
        deviceUuids: devices.map(({ uuid }) => uuid),
        containerName: containerName(spec.id, 1, '00000000'),
      },
      plan,
      onCpu,
      apiKey: readEngineKey(spec),
      agentEnv: env,
    });
    notes.push('Ports are picked anew at each start; the model’s checksum is verified before it.');
    return `${notes.map((note) => `# ${note}\n`).join('')}${toLaunchText(launch, env)}`;
  } catch (error) {
    if (error instanceof PoolFailure)
      throw new StartError(`Pool ${spec.id} would not be started here: ${error.failure.kind}: ${error.message}`, {
        cause: error,
        exitCode: ExitCode.failure,
      });
    throw error;
  }
};

/** All pools of this host: of the file, and behind them those of the stored state that the file does not have. */
const knownPools = async ({ file, config, dataDir }: PrintLaunchOptions): Promise<readonly PoolSpec[]> => {
  const parsed = parseConfig(await readFile(file, 'utf8'), { file });
  const configured: DesiredPool[] = parsed.ok
    ? parsed.config.pools
        .filter(({ host }) => host === config.name)
        .map((pool) => toDesiredPool(toConfiguredPool(pool, parsed.config.models), 0))
    : [];
  const stored = await createDesiredStore(dataDir).load();
  const ids = new Set(configured.map(({ id }) => id));
  const others = stored.kind === 'loaded' ? stored.desired.pools.filter(({ id }) => !ids.has(id)) : [];
  return [...configured, ...others].map((pool) => toPoolSpec(pool, resolve(config.models_dir)));
};

type FoundDevices = { readonly devices: readonly GpuDevice[]; readonly onCpu: boolean; readonly notes: string[] };

const devicesOf = async (spec: PoolSpec, pools: readonly PoolSpec[], { env, gpuProbe }: PrintLaunchOptions): Promise<FoundDevices> => {
  const inventory = await gpuProbe.inventory(0);
  if (inventory.kind === 'none' && spec.devices.length > 0)
    return {
      devices: spec.devices.map(asConfigured),
      onCpu: false,
      notes: [`No devices here (${inventory.message}): the mask is shown as it is configured.`],
    };
  const cpuAllowedHere = env['ORCH_ALLOW_CPU'] === '1';
  const verdict = preflight({ spec, inventory, cpuAllowedHere, pools: pools.filter(({ preload }) => preload), hasAdapter: true });
  if (verdict.kind === 'failed') throw new PoolFailure(verdict.failure.kind, verdict.failure.message);
  return { devices: verdict.devices, onCpu: verdict.onCpu, notes: [] };
};

/** A device nobody has looked at: of a size that nothing is too large for. */
const asConfigured = (name: string, index: number): GpuDevice => ({
  index,
  uuid: name,
  name: 'unknown',
  memoryTotalBytes: Number.MAX_SAFE_INTEGER,
  memoryUsedBytes: 0,
  utilizationRatio: null,
  computeCapability: null,
  numaNode: null,
  parentUuid: null,
  migEnabled: null,
  driverVersion: null,
  eccUncorrectedErrors: null,
  fault: null,
  links: [],
});

const pickAux = async (picker: PortPicker, names: readonly (keyof AuxPorts)[]): Promise<AuxPorts> => {
  let ports = noAuxPorts;
  for (const name of names) ports = { ...ports, [name]: await picker.pick() };
  return ports;
};
