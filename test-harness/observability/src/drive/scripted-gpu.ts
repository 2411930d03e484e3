/** An `nvidia-smi` for the PATH that says what it is told: one GPU with its load and its memory. It knows no service. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type GpuLoad = { readonly utilizationPercent: number; readonly memoryUsedMib: number };

export interface ScriptedGpu {
  /** Where the program lies; it goes to the front of the PATH. */
  readonly directory: string;
  /** From its next call on. */
  say(load: GpuLoad): Promise<void>;
}

/** Write the program into `directory`, which exists. */
export async function createScriptedGpu(directory: string, load: GpuLoad): Promise<ScriptedGpu> {
  const csv = join(directory, 'gpu.csv');
  const say = async ({ utilizationPercent, memoryUsedMib }: GpuLoad): Promise<void> => {
    const row = ['0', 'GPU-11111111-0000-0000-0000-000000000000', 'NVIDIA Test', '24576', memoryUsedMib, utilizationPercent];
    // Renamed into its place, so that no call reads half of it.
    await writeFile(`${csv}.next`, `${[...row, '00000000:01:00.0', '9.0'].join(', ')}\n`);
    await rename(`${csv}.next`, csv);
  };
  await say(load);
  const program = `#!/bin/sh\ncase "$1" in --query-gpu=*) cat '${csv}' ;; esac\n`;
  await writeFile(join(directory, 'nvidia-smi'), program, { mode: 0o755 });
  return { directory, say };
}
