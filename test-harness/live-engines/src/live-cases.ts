/**
 * The cases of the worker contract that an engine can be held to without a script: it is asked for work and watched. They know
 * no engine's wire; what differs between engines is in what the case is given.
 */
import { type CompletionTask, type WorkerAdapter, WorkerError, type WorkerEvent, type WorkerTask } from '@llama-orch/adapter-api';
import { eventually } from '@llama-orch/e2e-haiku';
import { expect, test } from 'vitest';

export type LiveEngineUnderTest = {
  readonly adapter: WorkerAdapter;
  /** Requests that it decodes at a time. */
  readonly slots: number;
  /** Context of one slot, tokens. */
  readonly ctxTokens: number;
};

type LiveCase = (engine: LiveEngineUnderTest) => Promise<void>;

const patienceMs = 60_000;
const signal = (): AbortSignal => AbortSignal.timeout(patienceMs);

/** Open prompts, to which a model of any kind has something to say. */
const openPrompt = 'Tell me about the sea.\n';

const completion = (changes: Partial<CompletionTask> = {}): CompletionTask => ({
  workload: 'completion',
  taskId: '00000000-0000-4000-8000-000000000001',
  prompt: openPrompt,
  maxTokens: 24,
  seed: 7,
  stop: [],
  samplerProfileVersion: 'v1',
  kvReuse: false,
  ...changes,
});

/** Work that goes on until it is aborted or has filled half the context: repetition that models continue. */
const longTask = ({ ctxTokens }: LiveEngineUnderTest): CompletionTask =>
  completion({ prompt: `Copy "${'abc123'.repeat(20)}"\n`, maxTokens: Math.floor(ctxTokens / 2), samplerProfileVersion: 'v1-greedy' });

type Read = {
  readonly events: readonly WorkerEvent[];
  readonly text: string;
  readonly end: Extract<WorkerEvent, { kind: 'end' }> | undefined;
};

async function read(adapter: WorkerAdapter, task: WorkerTask): Promise<Read> {
  const events: WorkerEvent[] = [];
  for await (const batch of adapter.submit(task, { signal: signal() })) {
    expect(batch.length).toBeGreaterThan(0);
    events.push(...batch);
  }
  const text = events.map((event) => (event.kind === 'token' ? event.text : '')).join('');
  return { events, text, end: events.find((event) => event.kind === 'end') };
}

async function failureOf(run: Promise<unknown>): Promise<WorkerError> {
  const thrown = await run.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(WorkerError);
  if (!(thrown instanceof WorkerError)) throw new Error('no WorkerError');
  return thrown;
}

/** Abort a task when `until` says so; what it then threw is the answer to the abort. */
async function runAborted(adapter: WorkerAdapter, task: WorkerTask, until: (event: WorkerEvent) => boolean): Promise<void> {
  const abort = new AbortController();
  const run = async (): Promise<void> => {
    for await (const batch of adapter.submit(task, { signal: abort.signal })) if (batch.some(until)) abort.abort();
  };
  expect((await failureOf(run())).kind).toBe('aborted');
}

const released = (adapter: WorkerAdapter): Promise<void> =>
  adapter.confirmReleased({ signal: signal(), expectedBusy: () => 0, expectedInFlight: () => 0 });

/** Declare every case as a test, in a vitest file that opens the engine before and closes it after. */
export function declareLiveCases(engine: () => LiveEngineUnderTest): void {
  for (const [title, run] of Object.entries(liveCases)) test(title, () => run(engine()));
}

const liveCases: Readonly<Record<string, LiveCase>> = {
  'is ready, and says its version and a context that holds what was promised': async ({ adapter, ctxTokens, slots }) => {
    expect(await adapter.health(signal())).toEqual({ kind: 'ready' });
    const props = await adapter.props(signal());
    expect(props.engineVersion).not.toBe('');
    expect(await adapter.engineVersion(signal())).toBe(props.engineVersion);
    expect(props.ctxTokens).toBeGreaterThanOrEqual(ctxTokens);
    if (props.slotsTotal !== null) expect(props.slotsTotal).toBe(slots);
  },

  'gives started first and once, tokens in order, one end and nothing after it': async ({ adapter }) => {
    const { events, text, end } = await read(adapter, completion());
    expect(events.map(({ kind }) => kind).filter((kind) => kind !== 'token')).toEqual(['started', 'end']);
    expect([events[0]?.kind, events.at(-1)?.kind]).toEqual(['started', 'end']);
    const counts = events.flatMap((event) => (event.kind === 'token' ? [event.tokensOut] : []));
    expect(counts).toEqual(counts.toSorted((one, other) => one - other));
    expect(counts.length).toBeGreaterThan(1);
    expect(end?.tokensOut).toBeGreaterThanOrEqual(counts.at(-1) ?? 0);
    expect(text).not.toContain('\uFFFD');
  },

  'ends at the token limit, and says so': async ({ adapter }) => {
    const { end } = await read(adapter, completion({ maxTokens: 5 }));
    expect(end).toMatchObject({ finishReason: 'length', tokensOut: 5 });
  },

  'cuts the text exactly at a stop text': async ({ adapter }) => {
    const task = completion({ samplerProfileVersion: 'v1-greedy' });
    const whole = await read(adapter, task);
    const middle = Math.floor(whole.text.length / 2);
    const stop = whole.text.slice(middle, middle + 3);
    expect(stop).toHaveLength(3);
    const cut = await read(adapter, { ...task, stop: [stop] });
    expect(cut.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
    expect(cut.end?.finishReason).toBe('stop');
  },

  'passes prompt, limit and seed on: equal input gives equal text, another seed another': async ({ adapter }) => {
    const { text } = await read(adapter, completion());
    expect((await read(adapter, completion())).text).toBe(text);
    const others = await Promise.all([8, 9, 10].map((seed) => read(adapter, completion({ seed }))));
    expect(new Set([text, ...others.map((other) => other.text)]).size).toBeGreaterThan(1);
  },

  'says the same under every seed where the profile is greedy': async ({ adapter }) => {
    const one = await read(adapter, completion({ samplerProfileVersion: 'v1-greedy', seed: 1 }));
    expect((await read(adapter, completion({ samplerProfileVersion: 'v1-greedy', seed: 2 }))).text).toBe(one.text);
  },

  'reads wide characters of a prompt as they are': async ({ adapter }) => {
    const prompt = '雪の朝 🌊 👩‍🚀 é שלום\n';
    const { end } = await read(adapter, completion({ prompt }));
    if (adapter.countTokens !== undefined) expect(end?.tokensIn).toBe(await adapter.countTokens(prompt, signal()));
  },

  'counts the tokens that a submit then counts': async ({ adapter }) => {
    if (adapter.countTokens === undefined) return;
    const { end } = await read(adapter, completion({ maxTokens: 1 }));
    expect(await adapter.countTokens(openPrompt, signal())).toBe(end?.tokensIn);
  },

  'takes more tasks at a time than it has slots, and answers all': async ({ adapter, slots }) => {
    const answers = await Promise.all(
      Array.from({ length: 2 * slots + 1 }, (_, nth) => read(adapter, completion({ taskId: `task-${nth}`, seed: nth }))),
    );
    expect(answers.every(({ end, text }) => end !== undefined && text !== '')).toBe(true);
    await released(adapter);
  },

  'reads figures that rise with the work': async ({ adapter }) => {
    const before = await adapter.metrics(signal());
    const { end } = await read(adapter, completion());
    if (!adapter.capabilities.tokenCounters) return;
    await eventually('the token counter to rise by the answer', async () => {
      const after = await adapter.metrics(signal());
      return (after.generatedTokensTotal ?? 0) - (before.generatedTokensTotal ?? 0) >= (end?.tokensOut ?? Infinity);
    });
  },

  'shows busy slots while it works, and free ones after': async (engine) => {
    const { adapter } = engine;
    if (adapter.slots === undefined) return;
    const abort = new AbortController();
    // One task after the other: a tiny model is done before anybody has looked.
    const work = async (): Promise<void> => {
      for (;;) for await (const batch of adapter.submit(longTask(engine), { signal: abort.signal })) expect(batch).not.toEqual([]);
    };
    const failed = failureOf(work());
    await eventually('a busy slot', async () => (await adapter.slots?.(signal()))?.some((slot) => slot.busy), { withinMs: patienceMs });
    abort.abort();
    expect((await failed).kind).toBe('aborted');
    await released(adapter);
    expect((await adapter.slots(signal())).every((slot) => !slot.busy)).toBe(true);
  },

  'frees the slot of a task aborted in decode, and confirms it': async (engine) => {
    await runAborted(engine.adapter, longTask(engine), (event) => event.kind === 'token' && event.tokensOut > 3);
    await released(engine.adapter);
    expect((await read(engine.adapter, completion({ maxTokens: 2 }))).end).toBeDefined();
  },

  'frees the slot of a task aborted before its first token, and confirms it': async (engine) => {
    const abort = new AbortController();
    const run = read.bind(null, { ...engine.adapter, submit: (task: WorkerTask) => engine.adapter.submit(task, { signal: abort.signal }) });
    const failed = failureOf(run(longTask(engine)));
    abort.abort();
    expect((await failed).kind).toBe('aborted');
    await released(engine.adapter);
  },

  'aborts the request when the consumer leaves the loop': async (engine) => {
    for await (const batch of engine.adapter.submit(longTask(engine), { signal: signal() }))
      if (batch.some(({ kind }) => kind === 'token')) break;
    await released(engine.adapter);
  },

  'fails a prompt beyond the context as one that is too long': async ({ adapter, ctxTokens }) => {
    const prompt = 'sea '.repeat(8 * ctxTokens);
    expect((await failureOf(read(adapter, completion({ prompt })))).kind).toBe('prompt-too-long');
    await released(adapter);
  },
};
