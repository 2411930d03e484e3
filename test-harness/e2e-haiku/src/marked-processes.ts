/**
 * Finds every process that a stack started, directly or not, by a variable in its environment. It only looks and, as a last
 * resort, kills; it knows nothing of what the processes are.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Carried by all processes of one stack: services hand their environment down to what they start. It must not begin with a
 * prefix that an agent withholds from its workers (`ORCH_`, `LLAMA_`, `GGML_`).
 */
export const markVariable = 'E2E_STACK';

/** A living process; `command` is what a reader needs to know it by. */
export type MarkedProcess = { readonly pid: number; readonly command: string };

/** All living processes with this mark; zombies are none. */
export function findMarked(mark: string): readonly MarkedProcess[] {
  return process.platform === 'linux' ? findByProc(mark) : findByPs(mark);
}

/** End all of them, now. For the way out of a process whose tests did not get to stop their stack. */
export function killMarked(mark: string): void {
  for (const { pid } of findMarked(mark)) signalIfAlive(pid, 'SIGKILL');
}

/** Signal a process that may have ended a moment ago. */
export function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function findByProc(mark: string): readonly MarkedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const environment = readText(`/proc/${name}/environ`)?.split('\0');
      // The environment of a zombie is empty, so it is none of these.
      if (environment?.includes(`${markVariable}=${mark}`) !== true) return [];
      return [{ pid: Number(name), command: (readText(`/proc/${name}/cmdline`) ?? '').replaceAll('\0', ' ').trim() }];
    });
}

/** Elsewhere `ps` prints the environment of one's own processes behind the command. */
function findByPs(mark: string): readonly MarkedProcess[] {
  const table = execFileSync('ps', ['-axww', '-E', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return table.split('\n').flatMap((line) => {
    const [, pid, command = ''] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid !== undefined && command.includes(`${markVariable}=${mark}`) ? [{ pid: Number(pid), command: command.slice(0, 200) }] : [];
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
