/** `--check-journal` as an operator calls it: exit codes, both forms of the report, and a journal that is in use. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { expect, onTestFinished, test } from 'vitest';
import type { JournalReport } from './journal/check-journal.ts';
import { journalFileName } from './journal/journal-file.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));

const setUp = () => {
  const home = mkdtempSync(join(tmpdir(), 'orch-check-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const config = join(home, 'orchestrator.yaml');
  writeFileSync(
    config,
    stringify({
      models: { m: { path: 'm.gguf', digest: `sha256:${'a'.repeat(64)}`, quant: 'Q8_0', ctx_limit: 1024 } },
      pools: [{ id: 'a', host: 'h', engine: 'llamacpp', model: 'm', runtime: { kind: 'embedded' }, allow_cpu: true }],
    }),
  );
  const flags = ['--config', config, '--data-dir', join(home, 'data')];
  const check = (...more: string[]) => spawnSync(process.execPath, [program, ...flags, '--check-journal', ...more], { encoding: 'utf8' });
  return { flags, check, file: join(home, 'data', journalFileName) };
};

/** @returns the running service and where it listens. */
const serve = async (flags: readonly string[]): Promise<{ readonly child: ChildProcess; readonly url: string }> => {
  const child = spawn(process.execPath, [program, ...flags, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ORCH_LOG: 'json' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, url } = JSON.parse(line) as { event: string; url: string };
    if (event === 'listening') return { child, url };
  }
  throw new Error('the service ended before it listened');
};

test('[ORCH-3302] --check-journal tells of a journal: none, in use, whole, damaged', async () => {
  const { flags, check, file } = setUp();
  expect(check()).toMatchObject({ status: 0, stdout: `${file}: no journal yet\n` });

  const { child, url } = await serve(flags);
  const body = JSON.stringify({ model_ref: 'm', prompt: 'a secret prompt' });
  const accepted = await fetch(`${url}/v1/tasks`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect(accepted.status).toBe(202);
  expect(check()).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(`is in use by process ${child.pid}`) as string });
  child.kill('SIGKILL');
  await once(child, 'close');

  const whole = check('--json');
  expect([whole.status, statSync(file).mode & 0o777]).toEqual([0, 0o600]);
  expect(JSON.parse(whole.stdout) as JournalReport).toMatchObject({
    state: 'ok',
    tasks: { queued: 1, running: 0, ended: 0 },
    problems: [],
  });
  expect(whole.stdout).not.toContain('secret');

  const database = new DatabaseSync(file);
  database.exec(`UPDATE record SET body = replace(body, 'secret', 'sacred') WHERE kind = 'accepted'`);
  database.close();
  const damaged = check();
  expect(damaged).toMatchObject({ status: 1, stdout: expect.stringContaining('does not match its checksum') as string });
  expect(damaged.stdout).not.toContain('sacred');
  // And it is not started with either: who runs it decides what to do.
  const start = spawnSync(process.execPath, [program, ...flags, '--listen', '127.0.0.1:0'], { encoding: 'utf8' });
  expect(start).toMatchObject({ status: 2, stderr: expect.stringContaining('is damaged') as string });
});
