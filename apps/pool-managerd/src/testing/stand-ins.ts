/**
 * Programs on the PATH in place of real ones, for process tests: each engine's own name and flags with a simulator behind
 * them, a container engine that keeps its containers out of its client's hands, and the device list of one H100. Each notes how
 * it was called.
 */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mockEngineMain } from '@llama-orch/adapter-mock';

export const standInUuid = 'GPU-5a1c0f4b-9d77-6f0b-7a52-3e0a8f6d2c00';

export type StandIns = {
  /** For the agent: the stand-ins stand before everything else. */
  readonly path: string;
  readonly nvidiaSmi: string;
  /** How a program was last called: its words, and its environment. */
  calls(program: string): Promise<{ readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> }>;
  containers(): Promise<readonly { readonly name: string; readonly pid: number }[]>;
};

const engines = {
  'llama-server': { wire: 'llamacpp', key: 'LLAMA_API_KEY' },
  vllm: { wire: 'vllm', key: 'VLLM_API_KEY' },
  'text-generation-launcher': { wire: 'tgi', key: 'API_KEY' },
} as const;

/** @param dir - Private; everything is written below it. */
export const installStandIns = async (dir: string): Promise<StandIns> => {
  const bin = join(dir, 'bin');
  await mkdir(join(dir, 'containers'), { recursive: true });
  await mkdir(bin);
  const install = async (name: string, script: string): Promise<void> => {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}`);
    await chmod(join(bin, name), 0o755);
  };
  for (const [name, { wire, key }] of Object.entries(engines)) await install(name, engineScript(dir, name, wire, key));
  await install('docker', dockerScript(dir));
  await install(
    'nvidia-smi',
    `case "$1" in --query-gpu=*) echo '0, ${standInUuid}, NVIDIA H100 80GB HBM3, 81559, 4, 0, 00000000:1B:00.0, 9.0, 580.173.02, Disabled, 0';; esac\n`,
  );
  const note = (name: string): Promise<string> => readFile(join(dir, name), 'utf8');
  return {
    path: `${bin}:${process.env['PATH'] ?? ''}`,
    nvidiaSmi: join(bin, 'nvidia-smi'),
    async calls(program) {
      const env = (await note(`${program}.env`))
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
      return { argv: (await note(`${program}.argv`)).trimEnd().split('\n'), env: Object.fromEntries(env) as Record<string, string> };
    },
    async containers() {
      const names = await readdir(join(dir, 'containers'));
      return Promise.all(names.map(async (name) => ({ name, pid: Number(await note(`containers/${name}`)) })));
    },
  };
};

/** What it takes of the engine's own flags is what the simulator needs; the rest is noted and checked by the test. */
const engineScript = (dir: string, name: string, wire: string, key: string): string => `
printf '%s\\n' "$@" > '${dir}/${name}.argv'
env > '${dir}/${name}.env'
while [ $# -gt 0 ]; do
  case "$1" in
    --host|--hostname) host=$2;;
    --port) port=$2;;
    -c|--max-model-len|--max-total-tokens) ctx=$2;;
    -np|--max-num-seqs|--max-concurrent-requests) slots=$2;;
    -a|--served-model-name) model=$2;;
  esac
  shift
done
if [ -n "$${key}" ]; then MOCK_ENGINE_API_KEY=$${key}; export MOCK_ENGINE_API_KEY; fi
exec '${process.execPath}' '${mockEngineMain()}' --wire ${wire} --host "$host" --port "$port" --ctx "$ctx" --slots "$slots" --model "\${model:-mock}"
`;

/**
 * As the real one: \`run\` in the foreground hands SIGTERM on and ends with its container; killed, it leaves the container
 * alone, which has neither its process group nor its environment. \`rm --force\` ends a container by name.
 */
const dockerScript = (dir: string): string => `
if [ "$1" = rm ]; then
  pid=$(cat "${dir}/containers/$3" 2>/dev/null)
  if [ -z "$pid" ]; then echo "Error response from daemon: No such container: $3" >&2; exit 1; fi
  kill -9 "$pid" 2>/dev/null
  rm -f "${dir}/containers/$3"
  exit 0
fi
printf '%s\\n' "$@" > '${dir}/docker.argv'
env > '${dir}/docker.env'
inside=""
while [ $# -gt 0 ]; do
  case "$1" in
    --name) name=$2; shift;;
    --env) eval "value=\\\${$2}"; inside="$inside $2=$value"; shift;;
    --entrypoint) program=$2; shift 3; break;;
  esac
  shift
done
setsid env -i PATH="$PATH" $inside "$program" "$@" &
child=$!
echo "$child" > "${dir}/containers/$name"
trap 'kill -TERM "$child"' TERM
wait "$child"; code=$?
while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
rm -f "${dir}/containers/$name"
exit "$code"
`;
