#!/usr/bin/env node
/**
 * The command: flags, the port, the model, the signals. Binds before it loads, so that `/health` answers 503 meanwhile.
 *
 * SIGTERM or SIGINT: running requests are cut off and the process ends with 0 within a second; a second signal ends it
 * at once with 1. Exit 1 also for bad flags, a taken port, and a model that cannot be loaded.
 */
import type { Server } from 'node:http';
import { Batcher } from './batcher.ts';
import { helpText, parseFlags, type Settings } from './flags.ts';
import type { WorkerTask } from './generation.ts';
import { createWorkerHttp } from './http.ts';
import { createStderrLog, type Log } from './log.ts';
import { Metrics } from './metrics.ts';
import { createRoutes } from './routes.ts';
import { SlotPool } from './slots.ts';

/** Longest wait for the running llama.cpp call: ending the process under it can crash it. */
const stopGraceMs = 800;

const log = createStderrLog();
const command = parseFlags(process.argv.slice(2), process.env);
switch (command.kind) {
  case 'serve':
    await serve(command.settings, log);
    break;
  case 'version': {
    const { readBuild } = await import('./engine.ts');
    log(`version: ${await readBuild(log)}`);
    process.exit(0);
  }
  case 'help':
    process.stdout.write(`${helpText()}\n`);
    break;
  case 'invalid':
    log(command.message);
    process.exit(1);
}

async function serve(settings: Settings, log: Log): Promise<void> {
  const startedMs = performance.now();
  const { server, setRoutes } = createWorkerHttp(settings.apiKey, log);
  let batcher: Batcher | undefined;
  endOnSignals(server, () => batcher?.whenIdle() ?? Promise.resolve(), log);

  const port = await listen(server, settings).catch((error: unknown) => exitWith(log, 'exiting due to HTTP server error', error));
  // Imported only now: the package takes as long to import as the model to load, and the port should answer before.
  const { loadEngine } = await import('./engine.ts');
  const engine = await loadEngine(settings, log).catch((error: unknown) => {
    log(`failed to load model '${settings.model}'`);
    return exitWith(log, 'exiting due to model loading error', error);
  });

  const metrics = new Metrics(Math.round(Date.now() * 1000));
  const pool = new SlotPool<WorkerTask>(engine.slots);
  batcher = engine.decoder && new Batcher(engine.decoder, (step) => metrics.onStep(step));
  setRoutes(
    createRoutes({
      settings,
      engine,
      pool,
      batcher,
      metrics,
      log,
      nowMs: () => performance.now(),
      nowUnixS: () => Math.floor(Date.now() / 1000),
    }),
  );
  log(
    `${engine.info.build}: ${engine.slots} slots of ${engine.slotCtxTokens} tokens, ready after ${Math.round(performance.now() - startedMs)} ms`,
  );
  log(`listening on http://${settings.host}:${port}`);
}

function listen(server: Server, { host, port }: Settings): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function exitWith(log: Log, message: string, cause: unknown): never {
  log(cause instanceof Error ? cause.message : String(cause));
  log(message);
  process.exit(1);
}

function endOnSignals(server: Server, whenIdle: () => Promise<void>, log: Log): void {
  let isEnding = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isEnding) process.exit(1);
    isEnding = true;
    log(`${signal}: ending; a second signal ends at once`);
    server.close();
    // Closed sockets abort their requests, so the batcher runs dry after the step it is in.
    server.closeAllConnections();
    const grace = new Promise((resolve) => setTimeout(resolve, stopGraceMs));
    void Promise.race([whenIdle(), grace]).then(() => process.exit(0));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
