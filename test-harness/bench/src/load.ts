/** Many streams at a time through one target: opened, kept, ended, and their tokens counted. It measures no cost. */
import { setTimeout as pause } from 'node:timers/promises';
import type { EngineControl } from './bench.ts';
import type { Pace } from './engine-wire.ts';
import { HttpConnection } from './http-connection.ts';
import type { Target } from './target.ts';

/** Requests on their way at a time while a load is opened: a burst of connections is not what is measured. */
const openAtOnce = 32;
const openPatienceMs = 60_000;
/** A stream that is ended from outside gets as many tokens as it can. */
const endless = 5_000_000;

export class Load {
  readonly #engine: EngineControl;
  readonly #connections: HttpConnection[] = [];
  readonly #streams: Promise<number>[] = [];
  #tokens = 0;
  #failure: unknown = null;

  private constructor(engine: EngineControl) {
    this.#engine = engine;
  }

  /**
   * Open `count` streams.
   *
   * @returns once the engine serves them all; they begin to speak together.
   */
  static async open(
    engine: EngineControl,
    target: Target,
    { count, pace }: { readonly count: number; readonly pace: Pace },
  ): Promise<Load> {
    const load = new Load(engine);
    const before = (await engine.count()).open;
    let left = count;
    const openNext = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await load.#openOne(target, pace);
      }
    };
    // Streams that speak would slow the opening of the others.
    await engine.hold();
    await Promise.all(Array.from({ length: Math.min(openAtOnce, count) }, openNext));
    const until = performance.now() + openPatienceMs;
    while ((await engine.count()).open - before < count) {
      if (load.#failure !== null) throw load.#failure;
      if (performance.now() > until)
        throw new Error(`${target.name}: the engine serves fewer than ${count} streams after ${openPatienceMs} ms.`);
      await pause(20);
    }
    await engine.go();
    return load;
  }

  /** Tokens received so far, of all streams. */
  get tokens(): number {
    return this.#tokens;
  }

  /**
   * Have the engine end all streams, and read them to their ends.
   *
   * @returns tokens received.
   */
  async end(): Promise<number> {
    await this.#engine.endAll();
    const received = await Promise.all(this.#streams);
    this.closeConnections();
    return received.reduce((sum, tokens) => sum + tokens, 0);
  }

  closeConnections(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #openOne(target: Target, pace: Pace): Promise<void> {
    const connection = await HttpConnection.open(target.port);
    this.#connections.push(connection);
    const opened = Promise.withResolvers<void>();
    let last = 0;
    const stream = target.stream(connection, {
      pace,
      tokens: endless,
      onOpen: opened.resolve,
      onTokens: (soFar) => {
        this.#tokens += soFar - last;
        last = soFar;
      },
    });
    this.#streams.push(stream);
    stream.catch((error: unknown) => {
      this.#failure ??= error;
      opened.resolve();
    });
    await opened.promise;
  }
}

/**
 * Streams of a fixed length, all at once, read to their ends.
 *
 * @returns tokens received in all.
 */
export async function runStreams(
  target: Target,
  connections: readonly HttpConnection[],
  wish: { readonly pace: Pace; readonly tokens: number },
): Promise<number> {
  const received = await Promise.all(connections.map((connection) => target.stream(connection, wish)));
  return received.reduce((sum, tokens) => sum + tokens, 0);
}

export async function openConnections(target: Target, count: number): Promise<readonly HttpConnection[]> {
  return Promise.all(Array.from({ length: count }, () => HttpConnection.open(target.port)));
}

/** 16 requests each: below about a thousand the relay still runs code that its engine has not compiled. */
const warmUpRounds = 75;

/** A relay's code is compiled while it runs: what is measured comes after this. */
export async function warmUp(target: Target): Promise<void> {
  const connections = await openConnections(target, 16);
  await runStreams(target, connections, { pace: 'fast', tokens: 2_000 });
  for (let round = 0; round < warmUpRounds; round += 1) await runStreams(target, connections, { pace: 'fast', tokens: 2 });
  for (const connection of connections) connection.close();
}
