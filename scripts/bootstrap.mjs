#!/usr/bin/env node
/**
 * Gets a fresh clone from "some Node >= 18 and git" to a running xtask command: checks the platform, installs with the
 * pinned pnpm when the lockfile asks for it, and hands over to the pinned Node. It knows nothing of what the commands do,
 * and uses no dependency, because it runs before there are any.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const binDir = join(root, 'node_modules', '.bin');
const pinnedNode = join(binDir, 'node');
const stampFile = join(root, 'node_modules', '.llama-orch-install');
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The first signal that asked this process to stop. */
let interruptedBy;

/** No tool we start may phone home. */
const quiet = {
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  PACT_DO_NOT_TRACK: 'true',
  SCARF_ANALYTICS: 'false',
  npm_config_update_notifier: 'false',
  npm_config_fund: 'false',
};

main().then(
  (code) => process.exit(code),
  (error) => fail(`unexpected failure: ${error instanceof Error ? error.stack : String(error)}`),
);

async function main() {
  const args = process.argv.slice(2);
  if (args.length === 0) fail('usage: node scripts/bootstrap.mjs COMMAND [ARGUMENTS], for example `dev` or `verify`', 2);
  checkHost();
  // A script of its own (`prestart`), because the next one begins with `exec`, which only a POSIX shell understands. Without
  // it the shell stands between npm and this process: it would swallow a SIGINT, and a SIGTERM would end it and leave us.
  if (args[0] === '--check-host') return 0;
  await installWhenNeeded();
  const path = `${binDir}${delimiter}${process.env.PATH ?? ''}`;
  // The channel carries no message: its end tells xtask that this process is gone, even by kill -9.
  return run(pinnedNode, [join(root, 'tools', 'xtask', 'src', 'main.ts'), ...args], {
    cwd: root,
    env: { ...process.env, ...quiet, PATH: path },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
}

/** Refuse at once where the install could only fail later and less plainly. */
function checkHost() {
  const { platform, arch, versions } = process;
  const major = Number(versions.node.split('.')[0]);
  if (major < 18)
    fail(`this needs Node 18 or newer to start; you run ${process.version}. Install a newer Node, then run the same command.`);
  if (platform === 'win32')
    fail('Windows is not supported directly. Open a WSL 2 shell (Ubuntu or Debian), clone there, and run the same command.');
  if (platform !== 'linux' && platform !== 'darwin') fail(`${platform} is not supported: use Linux (glibc) or macOS.`);
  if (arch !== 'x64' && arch !== 'arm64') fail(`processor ${arch} is not supported: use x64 or arm64.`);
  if (platform === 'linux') checkGlibc();
}

/** The pinned Node and the engine's binaries are built for glibc. */
function checkGlibc() {
  // Without this the report looks up host names, which takes seconds where there is no network.
  if (process.report) process.report.excludeNetwork = true;
  const version = process.report?.getReport()?.header?.glibcVersionRuntime;
  if (!version)
    fail(
      'this Linux uses musl (Alpine?), for which there are no binaries. Use a glibc distribution, for example Debian, Ubuntu or Fedora.',
    );
  const [major, minor] = version.split('.').map(Number);
  if (major < 2 || (major === 2 && minor < 28))
    fail(`glibc ${version} is too old: 2.28 or newer is needed (Debian 10, Ubuntu 18.10, RHEL 8).`);
}

async function installWhenNeeded() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const pnpm = packageManager.split('+')[0];
  const wanted = installStamp(pnpm);
  if (existsSync(pinnedNode) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  const startedAt = Date.now();
  say(
    `Node ${process.version} on ${process.platform}-${process.arch}; installing dependencies with ${pnpm} (about 250 MB on the first run) …`,
  );
  let output = '';
  const code = await run('npx', ['--yes', pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    cwd: root,
    env: {
      ...process.env,
      ...quiet,
      // Never a question: there may be nobody to answer it.
      CI: 'true',
      npm_config_yes: 'true',
      // The version is exact, so what npx has of it is as good as new.
      npm_config_prefer_offline: 'true',
      // `npm test --silent` would hide why it fails; and without a network the default waits add up to more than a minute.
      npm_config_loglevel: 'error',
      npm_config_fetch_retry_mintimeout: '1000',
      npm_config_fetch_retry_maxtimeout: '5000',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    onText: (text) => {
      output = (output + text).slice(-64 * 1024);
      process.stderr.write(text);
    },
  });
  if (interruptedBy) process.exit(128 + constants.signals[interruptedBy]);
  if (code === 'no-such-program')
    fail('`npx` was not found. It comes with Node (npm): install Node from your distribution or nodejs.org with npm.');
  if (code !== 0) fail(`the installation failed (exit ${code}) after ${seconds(startedAt)}. ${explainInstallFailure(output)}`);
  if (!existsSync(pinnedNode))
    fail(`the installation brought no Node for ${process.platform}-${process.arch}. Was it run with --no-optional?`);
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stampFile, wanted);
  say(`dependencies installed in ${seconds(startedAt)}`);
}

/** Changes with everything that decides what `pnpm install` would put into node_modules here. */
function installStamp(pnpm) {
  const hash = createHash('sha256').update(`${pnpm} ${process.platform} ${process.arch}`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']) hash.update('\0').update(readFileSync(join(root, file)));
  return `${hash.digest('hex')}\n`;
}

/** Say in words what the installer's output means; the output itself was already shown. */
function explainInstallFailure(output) {
  if (/ENOSPC|no space left|disk quota/i.test(output))
    return 'The disk is full: about 1.5 GB are needed for the package store and node_modules. Free some space, then run the same command.';
  if (/SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_|certificate/i.test(output))
    return 'The registry’s TLS certificate is not trusted: behind an inspecting proxy, set NODE_EXTRA_CA_CERTS to its root certificate.';
  if (/OUTDATED_LOCKFILE|FROZEN_LOCKFILE/.test(output))
    return 'pnpm-lock.yaml does not fit a package.json: run `npx pnpm install` and commit the lockfile.';
  if (/UNSUPPORTED_PLATFORM|EBADPLATFORM|UNSUPPORTED_ENGINE/.test(output))
    return `A package does not support ${process.platform}-${process.arch}: use Linux (glibc) or macOS, x64 or arm64.`;
  if (/EACCES|EPERM|permission denied/i.test(output))
    return 'A file could not be written: check who owns this folder and the npm and pnpm caches in your home.';
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|META_FETCH_FAIL|socket hang up|error sending request|dns error|timed out|network/i.test(
      output,
    )
  ) {
    return 'The package registry could not be reached: check the network, the proxy (HTTPS_PROXY) and `npm config get registry`. Nothing else is downloaded, and a second run needs no network.';
  }
  return 'The lines above are the installer’s.';
}

/**
 * Run one child to its end and pass signals on to it.
 *
 * A Ctrl-C arrives here once from the terminal and once more from npm, and the child has it from the terminal, too. So
 * signals within 300 ms count as one; what comes later is a second wish and is passed on; a third one kills.
 *
 * @returns its exit code, 128 + the signal's number when a signal ended it, or `no-such-program`.
 */
function run(command, args, { onText, ...options }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, options);
    let wishes = 0;
    let lastAt = 0;
    const onSignal = (signal) => {
      const now = Date.now();
      const isEcho = now - lastAt < 300;
      lastAt = now;
      if (isEcho) return;
      wishes += 1;
      interruptedBy ??= signal;
      child.kill(wishes > 2 ? 'SIGKILL' : signal);
    };
    for (const signal of signals) process.on(signal, onSignal);
    const done = (result) => {
      for (const signal of signals) process.off(signal, onSignal);
      resolve(result);
    };
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', onText);
    child.once('error', (error) =>
      done(error.code === 'ENOENT' ? 'no-such-program' : fail(`could not start ${command}: ${error.message}`)),
    );
    child.once('close', (code, signal) => {
      done(signal === null ? code : 128 + constants.signals[signal]);
    });
  });
}

function seconds(sinceMs) {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
}

function say(message) {
  process.stderr.write(`[setup] ${message}\n`);
}

function fail(message, code = 1) {
  process.stderr.write(`[setup] ${message}\n`);
  process.exit(code);
}
