/**
 * Prometheus' own programs, installed or unpacked from Debian's package. It starts them and judges nothing.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestContext } from 'vitest';
import { paths, workspaceRoot } from './workspace.ts';

const run = promisify(execFile);

/**
 * The path of `promtool` or `prometheus`. Where it cannot be had, the test is skipped with the reason.
 *
 * @throws what `context.skip` throws.
 */
export async function findTool(program: 'promtool' | 'prometheus', context: TestContext): Promise<string> {
  try {
    const { stdout } = await run(paths.debianTool, ['prometheus', program], { timeout: 120_000 });
    return stdout.trim();
  } catch (error) {
    const reason = isFailure(error) ? error.stderr.trim() : String(error);
    return context.skip(reason);
  }
}

/** @returns Everything it printed. @throws Error with that, where it exits other than 0. */
export async function runTool(program: string, args: readonly string[], stdin?: string): Promise<string> {
  try {
    const started = run(program, [...args], { cwd: workspaceRoot, timeout: 60_000 });
    if (stdin !== undefined) started.child.stdin?.end(stdin);
    const { stdout, stderr } = await started;
    return stdout + stderr;
  } catch (error) {
    if (!isFailure(error)) throw error;
    throw new Error(`${program} ${args.join(' ')}:\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

const isFailure = (error: unknown): error is Error & { readonly stdout: string; readonly stderr: string } =>
  error instanceof Error && 'stdout' in error && 'stderr' in error && typeof error.stderr === 'string';
