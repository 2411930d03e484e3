import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { workspaceRoot } from './workspace-root.ts';

let clone: string;
let child: ChildProcess | undefined;

/** A clone of which only the bootstrap is real: its `npx` is a script, and its xtask a program of the test. */
beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), 'bootstrap-'));
  await put('scripts/bootstrap.mjs', await readFile(join(workspaceRoot, 'scripts/bootstrap.mjs'), 'utf8'));
  await put('package.json', '{ "packageManager": "pnpm@12.21.0", "type": "module" }');
  await put('pnpm-lock.yaml', 'one');
  await put('pnpm-workspace.yaml', '');
  await npx('exit 0');
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await rm(clone, { recursive: true, force: true });
});

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(clone, path)), { recursive: true });
  await writeFile(join(clone, path), text);
}

/** What `npx` does: it notes that it ran and, unless it fails, leaves the pinned Node. */
async function npx(script: string): Promise<void> {
  await put('bin/npx', `#!/bin/sh\necho "$@" >> ${clone}/installs\n${script}\n`);
  await chmod(join(clone, 'bin/npx'), 0o755);
  await mkdir(join(clone, 'node_modules/.bin'), { recursive: true });
  await rm(join(clone, 'node_modules/.bin/node'), { force: true });
  await symlink(process.execPath, join(clone, 'node_modules/.bin/node'));
}

const xtask = (source: string): Promise<void> => put('tools/xtask/src/main.ts', source);

async function run(
  args: readonly string[],
  onStdout: (text: string) => void = () => undefined,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const started = spawn(process.execPath, ['scripts/bootstrap.mjs', ...args], {
    cwd: clone,
    env: { ...process.env, PATH: `${join(clone, 'bin')}:${process.env['PATH'] ?? ''}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let stdout = '';
  let stderr = '';
  started.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onStdout(text);
  });
  started.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((done) => started.once('close', done));
  return { code, stdout, stderr };
}

test('installs once with the pinned pnpm, then only when the lockfile changes', async () => {
  await xtask('');
  expect((await run(['dev'])).stderr).toContain('dependencies installed in');
  expect((await run(['dev'])).stderr).toBe('');
  await put('pnpm-lock.yaml', 'two');
  await run(['dev']);
  expect(await readFile(join(clone, 'installs'), 'utf8')).toBe(
    '--yes pnpm@12.21.0 install --frozen-lockfile --reporter=append-only\n'.repeat(2),
  );
});

test('passes arguments on and ends with the command’s exit code', async () => {
  await xtask('console.log(JSON.stringify(process.argv.slice(2))); process.exit(7);');
  expect(await run(['dev', '--port', '0', '--no-demo'])).toMatchObject({ code: 7, stdout: '["dev","--port","0","--no-demo"]\n' });
});

test.each([
  ['echo "request to https://registry failed, reason: getaddrinfo ENOTFOUND registry" >&2; exit 1', 'registry could not be reached'],
  ['echo "ENOSPC: no space left on device, write" >&2; exit 1', 'disk is full'],
  ['echo " ERR_PNPM_OUTDATED_LOCKFILE  Cannot install" ; exit 1', 'does not fit a package.json'],
  ['echo "something new" >&2; exit 9', 'exit 9'],
])('a failed installation is put in words: %s', async (script, words) => {
  await npx(script);
  await xtask('');
  const { code, stderr } = await run(['dev']);
  expect(code).toBe(1);
  expect(stderr).toContain(words);
});

test('a failed installation is tried again the next time', async () => {
  await npx('exit 1');
  await xtask("console.log('here')");
  expect((await run(['dev'])).code).toBe(1);
  await npx('exit 0');
  expect((await run(['dev'])).stdout).toBe('here\n');
});

test('one wish reaches the command once, though it comes twice, and the bootstrap waits for its end', async () => {
  await xtask(`
    let count = 0;
    process.on('SIGINT', () => { count += 1; setTimeout(() => { console.log('signals ' + count); process.exit(5); }, 50); });
    setInterval(() => {}, 1000);
    console.log('up');
  `);
  const { code, stdout } = await run(['dev'], (text) => {
    if (!text.startsWith('up')) return;
    child?.kill('SIGINT');
    child?.kill('SIGINT');
  });
  expect({ code, stdout }).toEqual({ code: 5, stdout: 'up\nsignals 1\n' });
});

test('a command that a signal ended gives 128 + the signal’s number', async () => {
  await xtask("setInterval(() => {}, 1000); console.log('up');");
  expect((await run(['dev'], () => child?.kill('SIGTERM'))).code).toBe(143);
});

test('the command learns that the bootstrap is gone, even by kill -9', async () => {
  await xtask(`
    import { writeFileSync } from 'node:fs';
    process.on('disconnect', () => { writeFileSync('told', ''); process.exit(0); });
    console.log('up');
  `);
  await run(['dev'], () => child?.kill('SIGKILL'));
  await expect
    .poll(() =>
      cp(join(clone, 'told'), join(clone, 'seen'))
        .then(() => true)
        .catch(() => false),
    )
    .toBe(true);
});
