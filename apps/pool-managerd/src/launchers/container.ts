/**
 * A planned command, run in a container instead: the same program and arguments, the same ports, the devices of the mask and
 * nothing else of the host. It plans; it starts nothing.
 */
import { PoolFailure } from '../failure.ts';
import type { ContainerSpec, PoolSpec } from '../pool-spec.ts';

export type ContainerInput = {
  readonly spec: PoolSpec;
  readonly container: ContainerSpec;
  readonly name: string;
  readonly deviceUuids: readonly string[];
  /** Files and directories that the command names. */
  readonly paths: readonly string[];
  /** Variables that the container gets; their values travel in the environment of `run`, never on its command line. */
  readonly variables: readonly string[];
};

/** Several devices talk through shared memory; the default of 64 MiB is too little for them. */
const sharedMemory = '1g';

/**
 * - `--rm` and a name of its own: it is gone when it ends, and whoever comes later can end it by name.
 * - It stays in the foreground and `run` hands SIGTERM on; `--init` gives the engine a parent that passes signals and reaps.
 * - `--network host`: address and port are those of the plan.
 * - `--gpus` takes the mask in quotes of its own, since a bare comma would end the value; podman takes one device at a time.
 *   `CUDA_VISIBLE_DEVICES` goes in as well, for it also says the order.
 * - `--pull never`: an image that is not there is a fault at once and not minutes of download.
 *
 * @throws PoolFailure `invalid-pool` where a path cannot be said in `--mount`.
 * @req ORCH-3001, ORCH-3011
 */
export const toContainerCommand = (argv: readonly string[], input: ContainerInput): readonly string[] => {
  const [program = '', ...rest] = argv;
  const { container } = input;
  return [
    container.program,
    'run',
    '--rm',
    '--init',
    '--pull',
    'never',
    '--name',
    input.name,
    '--label',
    `llama-orch.pool=${input.spec.id}`,
    '--network',
    'host',
    ...devicesOf(input),
    ...(input.deviceUuids.length > 1 ? ['--shm-size', sharedMemory] : []),
    ...input.paths.flatMap((path) => ['--mount', mountOf(path)]),
    ...input.variables.flatMap((name) => ['--env', name]),
    ...container.args,
    '--entrypoint',
    container.entrypoint ?? program,
    container.image,
    ...rest,
  ];
};

const devicesOf = ({ container, deviceUuids }: ContainerInput): readonly string[] => {
  if (deviceUuids.length === 0) return [];
  return container.program === 'docker'
    ? ['--gpus', `"device=${deviceUuids.join(',')}"`]
    : deviceUuids.flatMap((uuid) => ['--device', `nvidia.com/gpu=${uuid}`]);
};

const mountOf = (path: string): string => {
  if (/[,"\n]/.test(path))
    throw new PoolFailure('invalid-pool', `The path ${path} holds a comma, a quote or a line break and cannot be mounted; rename it.`);
  return `type=bind,source=${path},target=${path},readonly`;
};
