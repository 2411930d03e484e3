/**
 * nginx without buffering, as a baseline: the installed one, or Debian's package unpacked into a cache folder. It installs
 * nothing and needs no rights.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type Nginx = { readonly program: string; readonly version: string };
export type NginxAnswer = { readonly kind: 'found'; readonly nginx: Nginx } | { readonly kind: 'missing'; readonly reason: string };

const downloadTimeoutMs = 60_000;

/** @param cacheDir - Where a downloaded one is unpacked, and found again by the next run. */
export async function findNginx(cacheDir: string): Promise<NginxAnswer> {
  const unpacked = join(cacheDir, 'root', 'usr', 'sbin', 'nginx');
  for (const program of ['nginx', '/usr/sbin/nginx', unpacked]) {
    const version = await versionOf(program);
    if (version !== null) return { kind: 'found', nginx: { program, version } };
  }
  try {
    await unpackPackage(cacheDir);
  } catch (error) {
    return { kind: 'missing', reason: `nginx is not installed and Debian's package could not be had: ${firstLine(error)}` };
  }
  const version = existsSync(unpacked) ? await versionOf(unpacked) : null;
  if (version === null) return { kind: 'missing', reason: 'the unpacked nginx does not run here (a library it needs is missing)' };
  return { kind: 'found', nginx: { program: unpacked, version } };
}

async function unpackPackage(cacheDir: string): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  await run('apt-get', ['download', 'nginx'], { cwd: cacheDir, timeout: downloadTimeoutMs });
  const archive = (await readdir(cacheDir)).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error('apt-get downloaded nothing');
  await run('dpkg-deb', ['-x', archive, 'root'], { cwd: cacheDir });
}

async function versionOf(program: string): Promise<string | null> {
  try {
    const { stderr } = await run(program, ['-v']);
    return stderr.replace(/^nginx version: /, '').trim();
  } catch {
    return null;
  }
}

/** Write a config that relays `port` to the engine. @returns the arguments that start nginx with it, in the foreground. */
export async function configureNginx(dir: string, port: number, enginePort: number): Promise<readonly string[]> {
  await mkdir(dir, { recursive: true });
  const file = join(dir, 'nginx.conf');
  await writeFile(file, toConfig(dir, port, enginePort));
  return ['-p', dir, '-e', 'stderr', '-c', file];
}

/** One process, so that its time is one number; kept-alive connections to the engine, as a good config has them. */
function toConfig(dir: string, port: number, enginePort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${join(dir, name)};`);
  return `daemon off;
master_process off;
pid ${join(dir, 'nginx.pid')};
error_log stderr crit;
worker_rlimit_nofile 65536;
events {
  worker_connections 32768;
}
http {
${temporary.join('\n')}
  access_log off;
  keepalive_requests 1000000;
  tcp_nodelay on;
  upstream engine {
    server 127.0.0.1:${enginePort};
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://engine;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 1h;
      proxy_send_timeout 1h;
    }
  }
}
`;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
