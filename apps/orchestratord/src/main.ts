#!/usr/bin/env -S node --max-semi-space-size=8
/**
 * `orchestratord`: flags → config → parts → port → signals. Nothing but the order of these is decided here.
 */
import { readFileSync } from 'node:fs';
import type { Context } from 'hono';
import type { Config } from '@llama-orch/config-schema';
import {
  assertSafeListen,
  createKeyring,
  createLogger,
  createRequestGuard,
  isLoopbackHost,
  type ListenAddress,
  loadControllerConfig,
  type Logger,
  lockDataDir,
  onShutdown,
  parseFlags,
  parseListenAddress,
  StartError,
  toUrl,
} from '@llama-orch/service-kit';
import { createApp, createRawHandlers } from './app.ts';
import { systemClock } from './clock.ts';
import { Controller } from './controller.ts';
import { engineAdapters } from './fleet/engine-adapters.ts';
import { formatReport } from './journal/check-journal.ts';
import { startOfRun } from './journal/journal-time.ts';
import { checkDataDirJournal, openJournal } from './journal/open-journal.ts';
import { ConfigHistory } from './operations/config-history.ts';
import { createJournalStore, storedIn } from './operations/journal-store.ts';
import { createServer, listen } from './server.ts';
import { createSpanSinks } from './tracing/create-tracing.ts';

const program = 'orchestratord';
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

const run = async (argv: readonly string[]): Promise<void> => {
  const parsed = parseFlags(argv, {
    program,
    summary: 'The controller of llama-orch: queues tasks, places them and streams their tokens.',
    version,
    switches: {
      'check-journal': 'look at the journal of a controller that does not run and exit: 0, or 1 where it is damaged',
      json: 'with --check-journal: the report as JSON',
    },
  });
  if (!parsed.ok) {
    (parsed.exitCode === 0 ? process.stdout : process.stderr).write(parsed.text);
    process.exitCode = parsed.exitCode;
    return;
  }
  const { flags } = parsed;
  const { config: file, keySecret, warnings } = loadControllerConfig({ file: flags.config, env: process.env });
  const fileAddress = addressOf(file, flags.listen);
  if (flags.check) {
    process.stdout.write(`${flags.config}: ok, ${file.pools.length} pools\n`);
    return;
  }

  const dataDir = flags.dataDir ?? file.controller.data_dir;
  if (flags.switches.has('check-journal')) {
    const lock = lockDataDir(dataDir);
    const report = checkDataDirJournal(dataDir);
    lock.release();
    process.stdout.write(flags.switches.has('json') ? `${JSON.stringify(report)}\n` : formatReport(report));
    process.exitCode = report.state === 'damaged' ? 1 : 0;
    return;
  }

  const log = createLogger({ service: program, level: file.controller.log.level });
  for (const warning of warnings) log.warn({ event: 'config_warning' }, warning);
  const lock = lockDataDir(dataDir);
  const start = startOfRun();
  const { journal, contents } = openJournal(file.controller.journal, dataDir, log);
  const store = createJournalStore(journal);
  const stored = storedIn(contents);
  const generations = new ConfigHistory({ store, stored, file, epochMs: systemClock.epochMs() });
  // What was applied by HTTP may differ from the file; where the journal lies only the file can say.
  const { config } = generations.current;
  const address = config === file ? fileAddress : addressOf(config, flags.listen);
  const keyringOf = ({ keys }: Config) => createKeyring({ keys, secret: keySecret ?? '' });
  let keyring = keyringOf(generations.current.config);
  const guard = createRequestGuard({
    keyring: {
      get size() {
        return keyring.size;
      },
      verify: (key) => keyring.verify(key),
    },
    allowedHosts: config.controller.allowed_hosts,
  });
  const controller = new Controller({
    generations,
    store,
    stored,
    faultOf: ({ keys }) => keyFault({ keys, hasSecret: keySecret !== undefined, host: address.host }),
    onConfig: (active) => {
      keyring = keyringOf(active);
    },
    adapters: engineAdapters,
    createSpanSink: createSpanSinks(config.controller.tracing, { env: process.env, version, log }),
    journal,
    clock: systemClock,
    log,
    history: { contents, start },
  });
  const app = createApp({ controller, guard, log, remoteOf: remoteAddress });
  const server = createServer({
    fetch: (request, bindings) => app.fetch(request, bindings),
    raw: createRawHandlers({ controller, guard, log }),
    limits: config.controller.limits,
    log,
  });
  const listening = await listen(server, address);
  controller.start();
  const url = toUrl({ ...address, port: listening.port });
  log.info({ event: 'listening', url, pools: config.pools.length, version }, `listening on ${url}`);

  process.on('SIGHUP', () => void reloadFile({ file: flags.config, controller, log }));
  onShutdown({
    log,
    deadlineMs: config.controller.shutdown_deadline_ms,
    drain: async (deadline) => {
      await controller.drain(deadline);
      // First the port: an agent whose poll is answered would ask again, and be waited for.
      const closed = listening.close();
      await controller.close();
      await closed;
      lock.release();
    },
  });
};

/** @errors {@link StartError} for one that cannot be, or that may not be served without keys. */
const addressOf = (config: Config, flag: ListenAddress | undefined): ListenAddress => {
  const address = flag ?? parseListenAddress(config.controller.listen);
  if (address === undefined) throw new StartError(`controller.listen: ${config.controller.listen} is not HOST:PORT`);
  assertSafeListen({ host: address.host, keyCount: config.keys.length });
  return address;
};

/**
 * Read the config file again and put it in force, or say why not and change nothing.
 *
 * @req ORCH-2107
 */
const reloadFile = async ({ file, controller, log }: { file: string; controller: Controller; log: Logger }): Promise<void> => {
  try {
    const { config, warnings } = loadControllerConfig({ file, env: process.env });
    for (const warning of warnings) log.warn({ event: 'config_warning' }, warning);
    const { generation, diff } = await controller.control.configs.applyFile(config, 'SIGHUP');
    log.info({ event: 'config_reloaded', generation, diff }, `read ${file} again; generation ${generation} is active`);
  } catch (cause) {
    log.error({ event: 'config_refused', err: cause }, `${file} was not applied; the config in force goes on`);
  }
};

/** Keys that this process could not check, or an address it may not serve without any. */
const keyFault = ({ keys, hasSecret, host }: { keys: Config['keys']; hasSecret: boolean; host: string }) => {
  if (keys.length > 0)
    return hasSecret
      ? null
      : { path: '/keys', message: 'ORCH_KEY_SECRET is not set in the environment of the controller; restart it with it' };
  return isLoopbackHost(host) ? null : { path: '/keys', message: `is empty, and the controller listens on ${host}; name at least one key` };
};

const remoteAddress = (c: Context): string | undefined => {
  const { incoming } = c.env as { incoming?: { socket: { remoteAddress?: string } } };
  return incoming?.socket.remoteAddress;
};

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`${program}: ${error.message.split('\n').join(`\n${program}: `)}\n`);
  process.exitCode = error.exitCode;
}
