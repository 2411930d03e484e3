/** A Prometheus on a port of its own that scrapes nothing and answers queries from the blocks it is given. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface PrometheusServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * @param dir - Holds its blocks in `data`; its config is written there.
 * @throws Error with its last lines where it ends before it is ready.
 */
export async function startPrometheus(program: string, dir: string): Promise<PrometheusServer> {
  const config = join(dir, 'prometheus.yml');
  await writeFile(config, '{}\n');
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(dir, 'data')}`, '--web.listen-address=127.0.0.1:0'];
  // Blocks of another year are not to be thrown away.
  const child = spawn(program, [...flags, '--storage.tsdb.retention.time=100y'], { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  const found = Promise.withResolvers<string>();
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    const [, address] = /msg="Listening on" address=(127\.0\.0\.1:\d+)/.exec(line) ?? [];
    if (address !== undefined) found.resolve(`http://${address}`);
    if (line.includes('Server is ready to receive web requests')) ready.resolve();
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const ended = exited.then(() => {
    throw new Error(`prometheus ended before it was ready:\n${lines.slice(-20).join('\n')}`);
  });
  try {
    const [url] = await Promise.race([Promise.all([found.promise, ready.promise]), ended]);
    ended.catch(() => {}); // Its end from now on is ours.
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
