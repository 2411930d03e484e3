/**
 * The haiku test as one command for CI: on this machine's CPU, or on a GPU worker that somebody runs. It chooses the engine and
 * starts the test; the protocol is the test's.
 */
import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';
import { listenForStopWish } from './stop-wish.ts';
import { runTool } from './verify/run-tool.ts';
import { toolPath } from './workspace-root.ts';

export const ciHaikuCpu: Command = {
  summary: 'the haiku test on this machine’s CPU: real llama.cpp, real model (development carve-out)',
  usage: `

Starts controller, agent and two workers, and asks for the haiku of this minute (ORCH-3059). Needs no GPU and no network.`,
  async run(args) {
    parseArgs({ args: separated(args), options: {} });
    return runHaikuTest('the CPU (development carve-out, ORCH-1102)', {});
  },
};

export const ciHaikuGpu: Command = {
  summary: 'the haiku test on a GPU worker in the LAN, named by URL; in CI falls back to the CPU and says so',
  usage: `[--worker-url URL]

  --worker-url URL  a llama-server with \`--metrics\` (default HAIKU_WORKER_URL). HAIKU_WORKER_MODEL names its model (default
                    haiku-tiny), HAIKU_WORKER_DIGEST its SHA-256 as sha256:… , HAIKU_WORKER_CTX the context of one slot.`,
  async run(args) {
    const { values } = parseArgs({ args: separated(args), options: { 'worker-url': { type: 'string' } } });
    const url = values['worker-url'] ?? process.env['HAIKU_WORKER_URL'] ?? '';
    const choice = await chooseWorker(url, isSet(process.env['CI']), isHealthy);
    switch (choice.kind) {
      case 'gpu':
        return runHaikuTest(`the GPU worker at ${choice.url}`, { HAIKU_WORKER_URL: choice.url });
      case 'cpu':
        console.log(`${choice.reason}: falling back to the CPU, which proves less (development carve-out, ORCH-1102)`);
        return runHaikuTest('the CPU (development carve-out, ORCH-1102)', {});
      case 'refused':
        throw new UsageError(choice.reason);
    }
  },
};

/** What runs the test, and why. */
export type WorkerChoice =
  | { readonly kind: 'gpu'; readonly url: string }
  | { readonly kind: 'cpu'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * 1. A worker that answers is taken.
 * 2. Without one, CI falls back to the CPU; a person is told what to set, for they asked for a GPU.
 *
 * @param url - Empty = none was named.
 */
export async function chooseWorker(url: string, isCi: boolean, isHealthy: (url: string) => Promise<boolean>): Promise<WorkerChoice> {
  if (url !== '' && !/^https?:\/\/./.test(url))
    return { kind: 'refused', reason: `expected the worker's URL as http://HOST:PORT, got \`${url}\`` };
  if (url !== '' && (await isHealthy(url))) return { kind: 'gpu', url };
  const reason = url === '' ? 'no GPU worker is named (--worker-url or HAIKU_WORKER_URL)' : `no engine answers at ${url}`;
  return isCi ? { kind: 'cpu', reason } : { kind: 'refused', reason: `${reason}; for the CPU use ci:haiku:cpu` };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url.replace(/\/+$/, '')}/health`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    // Unreachable is all that matters here; the message names the URL.
    return false;
  }
}

/** `CI=false` and `CI=0` say no. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value);
}

async function runHaikuTest(engine: string, env: Readonly<Record<string, string>>): Promise<number> {
  console.log(`the haiku test runs on ${engine}`);
  const wish = listenForStopWish();
  try {
    const { exitCode } = await runTool(toolPath('vitest'), ['run', '--project', '@llama-orch/e2e-haiku:process', 'haiku.e2e'], {
      // Without a worker of its own choice the test must not pick one up from the environment.
      env: { HAIKU_WORKER_URL: '', REQUIRE_REAL_LLAMA: '1', TZ: 'Europe/Amsterdam', ...env },
      signal: wish.asked,
      killSignal: wish.forced,
      onOutput: (text) => void process.stdout.write(text),
    });
    return wish.asked.aborted ? wish.exitCode : exitCode;
  } finally {
    wish.close();
  }
}

/** `pnpm xtask NAME -- FLAGS` hands the separator on. */
function separated(args: readonly string[]): string[] {
  return args.filter((each) => each !== '--');
}
