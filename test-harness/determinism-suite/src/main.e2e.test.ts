/** The command as pipelines run it, on a `llama-server` that is broken: its exit code, its table, its files. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mockEngineMain } from '@llama-orch/adapter-mock';
import { workspaceRoot } from '@llama-orch/e2e-haiku';
import { expect, onTestFinished, test } from 'vitest';

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

const run = (args: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome> =>
  new Promise((done) => {
    const program = join(workspaceRoot, 'tools/xtask/src/main.ts');
    execFile(process.execPath, [program, 'ci:determinism', ...args], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr });
    });
  });

/** Takes `llama-server`'s words, as the agent's template gives them, and is the simulator with a fault. */
const brokenServer = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'llama-orch-broken-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'script.json'), JSON.stringify({ flipOneIn: 149 }));
  const words = `while [ $# -gt 0 ]; do
  case "$1" in --host) host=$2;; --port) port=$2;; -c) ctx=$2;; -np) slots=$2;; -a) model=$2;; esac
  shift
done`;
  const simulator = `'${process.execPath}' '${mockEngineMain()}' --script '${join(dir, 'script.json')}'`;
  const path = join(dir, 'llama-server');
  const flags = '--host "$host" --port "$port" --ctx "$ctx" --slots "$slots" --model "$model"';
  writeFileSync(path, `#!/bin/sh\n${words}\nexec ${simulator} ${flags}\n`, { mode: 0o755 });
  return path;
};

test('[ORCH-3050] a broken engine is exit code 1, and each difference a file that names prompt, seed and token', async () => {
  const { code, stdout, stderr } = await run(['--engine', 'llama-server', '--prompts', '2', '--json'], { LLAMA_SERVER: brokenServer() });
  expect(code, stderr).toBe(1);
  const { engines } = JSON.parse(stdout) as {
    engines: { state: string; prompts: number; differences: { prompt: string; seed: number; token: number }[]; diff_files: string[] }[];
  };
  expect(engines).toMatchObject([{ engine: 'llama-server', state: 'unequal', prompts: 2, streams: 20 }]);
  const [{ differences, diff_files: files } = { differences: [], diff_files: [] }] = engines;
  expect(differences.length).toBeGreaterThan(0);
  expect(files).toHaveLength(differences.length);
  const [first] = differences;
  const text = readFileSync(files[0] ?? '', 'utf8');
  expect(text).toContain(`${first?.prompt} (seed ${first?.seed}`);
  expect(text).toContain(`differs at token ${first?.token},`);
  expect(stderr).toContain(`difference: ${files[0]}`);
});

test('a call that cannot be meant is exit code 2, with what was expected', async () => {
  expect(await run(['--engine', 'llama'], {})).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--engine must be one of') as unknown,
  });
  expect(await run([], { VLLM_URL: 'gpu-1' })).toMatchObject({ code: 2, stderr: expect.stringContaining('VLLM_URL: expected') as unknown });
  const help = await run(['--help'], {});
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('after-restart') as unknown });
});
