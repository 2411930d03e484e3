/** The shell scripts of ci/scripts, run as a person runs them; downloads come from a server of the test. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { workspaceRoot } from './workspace-root.ts';

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

const script = (name: string): string => join(workspaceRoot, 'ci', 'scripts', name);

const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
  new Promise((done) => {
    execFile(program, args, { cwd: workspaceRoot, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr });
    });
  });

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'llama-orch-scripts-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A mirror that holds one file, and counts how often it was asked. */
async function mirror(path: string, body: string): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === path) response.end(body);
    else response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => new Promise((closed) => server.close(() => closed())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const body = 'GGUF stand-in';
const digest = createHash('sha256').update(body).digest('hex');

/** @param clients - Hub clients that are installed; their stand-ins hand over to curl. */
const fetchModel = async (endpoint: string, cache: string, args: readonly string[], clients: readonly string[] = []): Promise<Outcome> => {
  const bin = await folder();
  for (const client of clients) {
    await writeFile(
      join(bin, client),
      '#!/bin/sh\nshift\nexec curl -fsSL -o "$6/$2" "$HF_ENDPOINT/$1/resolve/$4/$2?transfer=$HF_HUB_ENABLE_HF_TRANSFER"\n',
    );
    await chmod(join(bin, client), 0o755);
  }
  return run(script('fetch_model.sh'), args, {
    HF_ENDPOINT: endpoint,
    MODEL_CACHE: cache,
    PATH: [bin, '/usr/bin', '/bin'].join(delimiter),
  });
};

test('[ORCH-3037] fetch_model brings a model once, checks it, and mends a copy that is not whole', async () => {
  const { url, asked } = await mirror('/team/tiny/resolve/r1/tiny.gguf', body);
  const cache = await folder();
  const call = () => fetchModel(url, cache, ['team/tiny', 'r1', 'tiny.gguf', digest]);
  const path = join(cache, 'tiny.gguf');
  expect(await call()).toMatchObject({ code: 0, stdout: `${path}\n` });
  expect(await readFile(path, 'utf8')).toBe(body);
  expect(await call()).toMatchObject({ code: 0, stdout: `${path}\n` });
  expect(asked).toHaveLength(1);
  await writeFile(path, 'half');
  expect(await call()).toMatchObject({ code: 0, stderr: expect.stringContaining('is not whole') as unknown });
  expect(await readFile(path, 'utf8')).toBe(body);
  expect(await readdir(cache)).toEqual(['tiny.gguf']);
});

test.each(['hf', 'huggingface-cli'])('fetch_model uses the hub client %s where it is installed', async (client) => {
  const { url, asked } = await mirror('/team/tiny/resolve/r1/tiny.gguf?transfer=1', body);
  const cache = await folder();
  expect(await fetchModel(url, cache, ['team/tiny', 'r1', 'tiny.gguf', digest], [client])).toMatchObject({ code: 0 });
  expect(asked).toHaveLength(1);
});

test('[ORCH-3037] fetch_model refuses what is not what was asked for, and leaves nothing of it', async () => {
  const { url } = await mirror('/team/tiny/resolve/r1/tiny.gguf', 'something else');
  const cache = await folder();
  const outcome = await fetchModel(url, cache, ['team/tiny', 'r1', 'tiny.gguf', digest]);
  expect(outcome).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining(`expected ${digest}: not used`) as unknown });
  expect(await readdir(cache)).toEqual([]);
});

test('fetch_model says what to do where nothing can be downloaded, and tries the second model', async () => {
  const { url, asked } = await mirror('/nothing', '');
  const cache = await folder();
  const outcome = await fetchModel(url, cache, []);
  expect(outcome).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('Offline? Put the file at') as unknown });
  expect(asked.map((path) => path.split('/')[2])).toEqual(['Qwen2.5-0.5B-Instruct-GGUF', 'TinyLlama-1.1B-Chat-v1.0-GGUF']);
  expect(await fetchModel(url, cache, ['one'])).toMatchObject({ code: 2, stderr: expect.stringContaining('usage:') as unknown });
});

test('start_llama_cpu starts llama-server as the determinism tests want it', async () => {
  const bin = await folder();
  const server = join(bin, 'llama-server');
  await writeFile(server, '#!/bin/sh\nprintf "%s\\n" "$@"\n');
  await chmod(server, 0o755);
  const model = join(bin, 'm.gguf');
  await writeFile(model, body);
  const env = { LLAMA_SERVER: server, LLAMA_PORT: '0' };
  const { code, stdout } = await run(script('start_llama_cpu.sh'), [model, '--', '--ctx-size', '512'], env);
  expect([code, stdout.trim().split('\n')]).toEqual([
    0,
    ['--model', model, '--host', '127.0.0.1', '--port', '0', '--metrics', '--no-webui', '--parallel', '1', '--no-cont-batching'].concat([
      '--gpu-layers',
      '0',
      '--ctx-size',
      '512',
    ]),
  ]);
  expect(await run(script('start_llama_cpu.sh'), [join(bin, 'none.gguf')], env)).toMatchObject({ code: 2 });
  expect(await run(script('start_llama_cpu.sh'), [model, 'more'], env)).toMatchObject({ code: 2 });
  const missing = await run(script('start_llama_cpu.sh'), [model], { LLAMA_SERVER: join(bin, 'absent') });
  expect(missing).toMatchObject({ code: 3, stderr: expect.stringContaining('was not found') as unknown });
});

test('debian_tool prefers what is installed, and says why a program cannot be had', async () => {
  expect((await run(script('debian_tool.sh'), ['coreutils', 'env'])).stdout).toMatch(/\/env\n$/);
  expect(await run(script('debian_tool.sh'), ['env'])).toMatchObject({ code: 2 });
  const outcome = await run(script('debian_tool.sh'), ['no-such-package-of-debian', 'no-such-program'], { PATH: '/usr/bin:/bin' });
  expect(outcome).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('no-such-program is not installed') as unknown });
});

test('install_live_engines says why it cannot, and leaves the reason for the tests that skip', async () => {
  const bin = await folder();
  await mkdir(join(bin, 'ci/scripts'), { recursive: true });
  await copyFile(script('install_live_engines.sh'), join(bin, 'ci/scripts/install_live_engines.sh'));
  const call = () => run('bash', [join(bin, 'ci/scripts/install_live_engines.sh')], { PATH: `${bin}:/usr/bin:/bin` });
  await writeFile(join(bin, 'uname'), '#!/bin/sh\necho other\n', { mode: 0o755 });
  const elsewhere = await call();
  expect(elsewhere).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('this is other on other') as unknown });
  expect(await readFile(join(bin, '.cache/live-engines/reason'), 'utf8')).toBe(elsewhere.stderr);

  // As on a machine without a way to PyPI: the environment is made, and pip fails.
  await writeFile(join(bin, 'uname'), '#!/bin/sh\ncase $1 in -s) echo Linux;; *) echo x86_64;; esac\n', { mode: 0o755 });
  const python =
    '#!/bin/sh\nmkdir -p "$3/bin"\nprintf "#!/bin/sh\\necho no route to host >&2\\nexit 1\\n" > "$3/bin/pip"\nchmod +x "$3/bin/pip"\n';
  await writeFile(join(bin, 'python3'), python, { mode: 0o755 });
  expect(await call()).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringMatching(/pip could not install .*: no route to host/) as unknown,
  });
  expect(await readdir(join(bin, '.cache/live-engines'))).toEqual(['bin', 'install.log', 'reason']);
});

test('the shell scripts have no finding of shellcheck', async (context) => {
  const tool = await run(script('debian_tool.sh'), ['shellcheck', 'shellcheck']);
  if (tool.code !== 0) context.skip(tool.stderr.trim());
  const scripts = globSync(['ci/scripts/*.sh', '.ci/run', 'models/*/recipe/*.sh'], { cwd: workspaceRoot });
  expect(scripts.length).toBeGreaterThan(4);
  expect(await run(tool.stdout.trim(), scripts)).toEqual({ code: 0, stdout: '', stderr: '' });
});
