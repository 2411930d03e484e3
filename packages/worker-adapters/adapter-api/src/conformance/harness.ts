/**
 * What every conformance case works with: one scripted engine for the suite, fresh adapters for each case. It owns their
 * lives; what is checked is the cases'.
 */
import { expect } from 'vitest';
import type { EngineControl } from '../engine-control.ts';
import type { AdapterOptions, CompletionTask, CreateAdapter, WorkerAdapter, WorkerEvent, WorkerTask } from '../worker-adapter.ts';
import { WorkerError } from '../worker-error.ts';

/** Slots that the scripted engine of the suite must have. */
export const engineSlots = 2;

export type EngineUnderTest = { readonly baseUrl: string; readonly engine: EngineControl; readonly stop: () => Promise<void> };

export type ConformanceCases = Readonly<Record<string, (harness: Harness) => Promise<void>>>;

/** Sent with every request; no message may repeat it. */
export const engineKey = 'key-of-the-conformance-suite';

/** How an engine that loads looks from outside. */
export type LoadingIs = 'loading' | 'unreachable';

/** What `tokensOut` of a token event is worth: `exact`, or at least one for each event because nothing says more on the way. */
export type CountsAre = 'exact' | 'at-least-events';

export class Harness {
  readonly loadingIs: LoadingIs;
  readonly countsAre: CountsAre;
  readonly #createAdapter: CreateAdapter;
  readonly #start: () => Promise<EngineUnderTest>;
  readonly #adapters = new Set<WorkerAdapter>();
  #target: EngineUnderTest | null = null;
  #adapter: WorkerAdapter | null = null;

  constructor(
    createAdapter: CreateAdapter,
    start: () => Promise<EngineUnderTest>,
    engine: { readonly loadingIs: LoadingIs; readonly countsAre: CountsAre },
  ) {
    this.loadingIs = engine.loadingIs;
    this.countsAre = engine.countsAre;
    this.#createAdapter = createAdapter;
    this.#start = start;
  }

  async open(): Promise<void> {
    this.#target = await this.#start();
  }

  async close(): Promise<void> {
    // Some are left only where a case failed; nothing more is asked of them then.
    await Promise.allSettled([...this.#adapters].map((adapter) => adapter.close()));
    await this.#target?.stop();
  }

  async reset(): Promise<void> {
    await this.engine.script({});
  }

  /** Close what the case made, and hold the adapter to its word that nothing is left. */
  async closeAdapters(): Promise<void> {
    await Promise.all([...this.#adapters].map((adapter) => adapter.close()));
    this.#adapters.clear();
    this.#adapter = null;
    await until('every connection is closed', async () => (await this.engine.counters()).openSockets === 0);
  }

  /** Hold the counts of a reading against the exact ones, as far as the engine can know them. */
  expectCounts(reading: Reading, exact: readonly number[]): void {
    const counts = reading.tokens.map((event) => event.tokensOut);
    if (this.countsAre === 'exact') expect(counts).toEqual(exact);
    else {
      expect(counts.length).toBe(exact.length);
      for (const [index, count] of counts.entries()) {
        expect(count).toBeGreaterThanOrEqual(index + 1);
        expect(count).toBeLessThanOrEqual(exact[index] ?? 0);
      }
    }
  }

  get engine(): EngineControl {
    if (this.#target === null) throw new Error('The suite has not started.');
    return this.#target.engine;
  }

  /** The case's adapter, made at the first use. */
  get adapter(): WorkerAdapter {
    this.#adapter ??= this.createAdapter();
    return this.#adapter;
  }

  /** One more adapter for the suite's engine. */
  createAdapter(changes: Partial<AdapterOptions> = {}): WorkerAdapter {
    if (this.#target === null) throw new Error('The suite has not started.');
    return this.#track({ baseUrl: this.#target.baseUrl, ...changes });
  }

  /** An engine of the case's own, which it may kill; the caller stops it. */
  async startEngine(): Promise<EngineUnderTest & { readonly adapter: WorkerAdapter }> {
    const target = await this.#start();
    return { ...target, adapter: this.#track({ baseUrl: target.baseUrl }) };
  }

  #track(changes: Partial<AdapterOptions> & Pick<AdapterOptions, 'baseUrl'>): WorkerAdapter {
    const adapter = this.#createAdapter({
      apiKey: engineKey,
      maxConnections: 8,
      callTimeoutMs: 5_000,
      nowMs: () => performance.now(),
      ...changes,
    });
    this.#adapters.add(adapter);
    return adapter;
  }
}

export const completion = (changes: Partial<CompletionTask> = {}): CompletionTask => ({
  workload: 'completion',
  taskId: '00000000-0000-4000-8000-000000000001',
  prompt: 'Say something quiet.',
  maxTokens: 64,
  seed: 7,
  stop: [],
  samplerProfileVersion: 'v1',
  kvReuse: false,
  ...changes,
});

/** What one submit gave, also while it still runs. */
export class Reading {
  readonly batches: (readonly WorkerEvent[])[] = [];
  error: unknown = null;
  /** Resolves when the iteration ended, whichever way. */
  readonly over: Promise<void>;
  isOver = false;
  readonly #abort = new AbortController();

  constructor(adapter: WorkerAdapter, task: WorkerTask) {
    this.over = this.#read(adapter, task);
  }

  get events(): readonly WorkerEvent[] {
    return this.batches.flat();
  }

  get text(): string {
    return this.tokens.map((event) => event.text).join('');
  }

  get tokens(): readonly Extract<WorkerEvent, { kind: 'token' }>[] {
    return this.events.filter((event) => event.kind === 'token');
  }

  get end(): Extract<WorkerEvent, { kind: 'end' }> | undefined {
    return this.events.find((event) => event.kind === 'end');
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  abort(reason?: unknown): void {
    this.#abort.abort(reason);
  }

  async #read(adapter: WorkerAdapter, task: WorkerTask): Promise<void> {
    try {
      for await (const batch of adapter.submit(task, { signal: this.#abort.signal })) this.batches.push(batch);
    } catch (thrown) {
      this.error = thrown;
    }
    this.isOver = true;
  }
}

/** Run a task to its end, which must be an orderly one. */
export const readAll = async (adapter: WorkerAdapter, task: WorkerTask): Promise<Reading> => {
  const reading = new Reading(adapter, task);
  await reading.over;
  expect(reading.error).toBeNull();
  return reading;
};

/** Run a task that must fail with a typed error, and not pretend to have ended. */
export const readFailure = async (
  adapter: WorkerAdapter,
  task: WorkerTask,
): Promise<{ readonly error: WorkerError; readonly reading: Reading }> => {
  const reading = new Reading(adapter, task);
  await reading.over;
  expect(reading.end).toBeUndefined();
  return { error: workerError(reading.error), reading };
};

/** A task of each kind of work that generates nothing. */
export const embedding = (...inputs: readonly string[]): WorkerTask => ({ workload: 'embedding', taskId: 'e', inputs });
export const scoring = (query: string, ...documents: readonly string[]): WorkerTask => ({
  workload: 'rerank',
  taskId: 'r',
  query,
  documents,
});

/** What a promise rejects with, which must be a typed error. */
export const failureOf = async (promise: Promise<unknown>): Promise<WorkerError> => {
  let thrown: unknown = null;
  try {
    await promise;
  } catch (error) {
    thrown = error;
  }
  return workerError(thrown);
};

export const workerError = (thrown: unknown): WorkerError => {
  expect(thrown).toBeInstanceOf(WorkerError);
  if (!(thrown instanceof WorkerError)) throw new Error('Not a WorkerError.');
  return thrown;
};

export const never = (): AbortSignal => new AbortController().signal;

/** Wait for a condition; a case never sleeps for a time it guessed. */
export const until = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
  const deadlineMs = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`Waited in vain until ${what}.`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
};

/** Let everything that has already arrived be read. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
};
