/**
 * `npm start`: both services and the workers of the development config as one program on this machine, with a haiku as its
 * first task. It starts programs and speaks HTTP with them; it imports none of them.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Config, formatFault, parseConfig } from '@llama-orch/config-schema';
import { type Command, UsageError } from './command.ts';
import { haikuRequest, runHaiku } from './dev/haiku-demo.ts';
import type { LogLine } from './dev/log-line.ts';
import { waitForReadyz, waitUntilReady } from './dev/readiness.ts';
import { type Ending, type Service, startService, stopInOrder } from './dev/service.ts';
import { listenForStopWish, type StopWish } from './stop-wish.ts';
import { toolEnv, workspaceRoot } from './workspace-root.ts';

const agentProgram = 'pool-managerd';
const configFile = 'contracts/config-schema/examples/cpu-development.yaml';

/** A service that does not end this long after it was asked is ended by force. */
const patienceMs = 60_000;

/** What an agent gets to find and end the workers of the one before. */
const orphanPatienceMs = 20_000;

/** From "at once" to SIGKILL. */
const killGraceMs = 3_000;

export const dev: Command = {
  summary: 'Start controller, agent and two real workers here, stream one haiku, stay up until Ctrl-C (npm start).',
  usage: `[--port N] [--no-demo] [--data-dir DIR]

  --port N        port of the controller; 0 picks a free one (default 8080). The agent's port is picked.
  --no-demo       do not run the haiku
  --data-dir DIR  where the services keep their data and logs (default .orch)

Prints \`ready http://127.0.0.1:PORT\` once tasks can be served. Ctrl-C lets running tasks end; a second one does not.`,
  async run(args) {
    const flags = parseFlags(args);
    const config = await readConfig();
    const wish = listenForStopWish();
    try {
      return await runStack(flags, config, wish);
    } finally {
      wish.close();
    }
  },
};

type Flags = { readonly port: number; readonly hasDemo: boolean; readonly dataDir: string };

export function parseFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({
    args: args.filter((each) => each !== '--'),
    options: {
      port: { type: 'string', default: '8080' },
      'no-demo': { type: 'boolean' },
      'data-dir': { type: 'string', default: '.orch' },
    },
  });
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535)
    throw new UsageError(`--port must be 0 to 65535, got \`${values.port}\``);
  return { port: Number(values.port), hasDemo: values['no-demo'] !== true, dataDir: resolve(workspaceRoot, values['data-dir']) };
}

async function readConfig(): Promise<Config> {
  const result = parseConfig(await readFile(join(workspaceRoot, configFile), 'utf8'), { file: configFile });
  if (!result.ok) throw new UsageError(result.faults.map(formatFault).join('\n'));
  return result.config;
}

/** @returns The exit code: 1 when something failed, 128 + the signal's number after a wish to stop. */
async function runStack(flags: Flags, config: Config, wish: StopWish): Promise<number> {
  if (flags.port !== 0 && !(await isFree(flags.port))) {
    console.error(
      `port ${flags.port} of 127.0.0.1 is taken by another program. Stop that one, or choose another port: npm start -- --port 0`,
    );
    return 1;
  }
  const logDir = join(flags.dataDir, 'dev');
  await mkdir(logDir, { recursive: true });
  console.log(`starting the development stack; logs are in ${relative(workspaceRoot, logDir) || '.'}/`);
  const services: Service[] = [];
  const start: StartService = (name, args, { env = {}, logName = name } = {}) => {
    const service = startService({
      name,
      args: [join(workspaceRoot, 'apps', name, 'src', 'main.ts'), '--config', join(workspaceRoot, configFile), ...args],
      // Without the cache every start strips the types of every file again.
      env: toolEnv({ NODE_COMPILE_CACHE: join(workspaceRoot, 'node_modules', '.cache', 'node'), ...env }),
      cwd: workspaceRoot,
      logFile: join(logDir, `${logName}.log`),
      onLogLine: (line) => showEssential(name, line, wish),
    });
    services.push(service);
    return service;
  };
  // Ends the waiting and the demo when somebody wants to stop, and when a service died meanwhile.
  const over = new AbortController();
  const serving = serve(flags, config, start, AbortSignal.any([wish.asked, over.signal]));
  const upThenDown = serving.then(async (failure) => failure ?? describeEnding(await Promise.race(services.map(({ ended }) => ended))));
  try {
    const failure = await Promise.race([upThenDown, aborted(wish.asked)]);
    if (failure === undefined) console.log('\nstopping: running tasks may end; Ctrl-C again stops at once');
    else console.error(`\n${failure}`);
    return failure === undefined ? wish.exitCode : 1;
  } finally {
    over.abort();
    const diedAlone = services.filter(({ hasEnded }) => hasEnded).map(({ name }) => name);
    await stopInOrder(services, { forced: AbortSignal.any([wish.forced, AbortSignal.timeout(patienceMs)]), graceMs: killGraceMs });
    if (diedAlone.includes(agentProgram) || wish.forced.aborted) await endOrphanedWorkers(flags, config, start);
    console.log('stopped');
  }
}

/**
 * An agent that was killed, or told twice to stop, leaves its workers streaming, as it must. A new one finds them by its data
 * directory and adopts them, so that its own end is theirs.
 */
async function endOrphanedWorkers(flags: Flags, config: Config, start: StartService): Promise<void> {
  const patience = AbortSignal.timeout(orphanPatienceMs);
  const heir = startAgent(flags, config, start, { controllerUrl: 'http://127.0.0.1:1', logName: `${agentProgram}-heir` });
  const url = await heir.listening;
  // Ready means that it has looked for the workers of the one before.
  if (url !== undefined) await waitForReadyz(url, patience);
  await stopInOrder([heir], { forced: patience, graceMs: killGraceMs });
}

type StartService = (
  name: string,
  args: readonly string[],
  options?: { readonly env?: Readonly<Record<string, string>>; readonly logName?: string },
) => Service;

function startAgent(
  { dataDir }: Flags,
  config: Config,
  start: StartService,
  { controllerUrl, logName = agentProgram }: { controllerUrl: string; logName?: string },
): Service {
  const args = [
    '--listen',
    '127.0.0.1:0',
    '--controller',
    controllerUrl,
    '--data-dir',
    join(dataDir, `agent-${config.agent?.name ?? 'dev'}`),
  ];
  // The one place where the development switch is set: the workers run on this machine's CPU (ORCH-1102).
  return start(agentProgram, args, { env: { ORCH_ALLOW_CPU: '1' }, logName });
}

/**
 * Bring the stack up and run the demo.
 *
 * @returns In words what keeps it from coming up; `undefined` when all is up, or when `signal` said to give up.
 */
async function serve(flags: Flags, config: Config, start: StartService, signal: AbortSignal): Promise<string | undefined> {
  const since = stopwatch();
  const controller = start('orchestratord', ['--listen', `127.0.0.1:${flags.port}`, '--data-dir', join(flags.dataDir, 'controller')]);
  const url = await controller.listening;
  if (url === undefined) return describeEnding(await controller.ended);
  if (signal.aborted) return undefined;
  console.log(`  orchestratord listens on ${url} (${since()})`);
  const agent = startAgent(flags, config, start, { controllerUrl: url });
  const agentUrl = await agent.listening;
  if (agentUrl === undefined) return describeEnding(await agent.ended);
  if (signal.aborted) return undefined;
  console.log(`  pool-managerd listens on ${agentUrl} (${since()})`);
  const ready = waitUntilReady(
    url,
    config.pools.map(({ id }) => id),
    signal,
    ({ poolId, state, trouble }) => console.log(`  ${poolId}: ${state}${trouble === undefined ? '' : `: ${trouble}`} (${since()})`),
  );
  const outcome = await Promise.race([ready, controller.ended, agent.ended]);
  if (outcome === 'given-up') return undefined;
  if (outcome !== 'ready')
    return 'poolId' in outcome
      ? `the agent refuses to start ${outcome.poolId}: ${outcome.trouble ?? 'no reason given'}`
      : describeEnding(outcome);
  console.log(`ready ${url}`);
  if (flags.hasDemo) await showHaiku(url, signal);
  if (!signal.aborted) showHints(url);
  return undefined;
}

async function showHaiku(url: string, signal: AbortSignal): Promise<void> {
  const request = haikuRequest(new Date());
  console.log(`\nPOST /v1/tasks ${JSON.stringify({ model_ref: request.model_ref, prompt: request.prompt, seed: request.seed })}\n`);
  try {
    const { started, end } = await runHaiku(url, request, { onToken: (text) => void process.stdout.write(text) }, signal);
    const { replica_id: replica, engine, engine_version: version, cpu_carve_out: onCpu } = started;
    console.log(
      `\n\n${String(end['tokens_out'])} tokens from ${String(replica)} (${String(engine)} ${String(version)}${onCpu === true ? ', on the CPU' : ''}),`,
    );
    console.log(`first token after ${whole(end['ttft_ms'])} ms, decoded in ${whole(end['decode_ms'])} ms`);
  } catch (error) {
    if (!signal.aborted) console.error(`\nthe haiku did not work: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function whole(milliseconds: unknown): string {
  return typeof milliseconds === 'number' ? String(Math.round(milliseconds)) : '?';
}

function showHints(url: string): void {
  const { task_id: id, ...body } = haikuRequest(new Date());
  const json = JSON.stringify({ ...body, task_id: id, prompt: 'Write a haiku about rain.\n' });
  console.log(`
A task of your own:
  curl -s ${url}/v1/tasks -H 'content-type: application/json' -d '${json}'
  curl -N ${url}/v1/tasks/${id}/stream
The API in a browser: ${url}/docs   figures: ${url}/metrics   Ctrl-C stops everything.`);
}

/** Warnings and worse of the services appear on the terminal; all else is in the log files. */
function showEssential(name: string, line: LogLine, wish: StopWish): void {
  if (line.isEssential && !wish.asked.aborted) console.error(`[${name}] ${line.text}`);
}

function describeEnding({ name, code, signal, lastLines }: Ending): string {
  const how = signal === null ? `exit code ${code}` : signal;
  return [`${name} ended by itself (${how}). Its last lines:`, ...lastLines.map((line) => `  ${line}`)].join('\n');
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined;
  await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
  return undefined;
}

/** Whether somebody could listen on this loopback port now; the controller itself still has the last word. */
async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  const free = await new Promise<boolean>((done) => {
    probe.once('error', () => done(false));
    probe.listen(port, '127.0.0.1', () => done(true));
  });
  await new Promise((done) => probe.close(done));
  return free;
}

function stopwatch(): () => string {
  const startedAt = performance.now();
  return () => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
}
