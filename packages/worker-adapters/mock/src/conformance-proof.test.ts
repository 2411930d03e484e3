/** Shows that the conformance suite sees faults: adapters that are each wrong in one way, and the case that must say so. */
import {
  type CreateAdapter,
  type SubmitOptions,
  type WorkerAdapter,
  WorkerError,
  type WorkerEvent,
  type WorkerTask,
} from '@llama-orch/adapter-api';
import { type ConformanceCase, runConformanceCase } from '@llama-orch/adapter-api/conformance';
import { expect, test } from 'vitest';
import { createMockAdapter } from './adapter.ts';
import { createMockServer } from './server.ts';

type End = Extract<WorkerEvent, { kind: 'end' }>;

/** The mock's adapter with some methods replaced. */
const wrong =
  (change: (adapter: WorkerAdapter, apiKey: string) => Partial<WorkerAdapter>): CreateAdapter =>
  (options) => {
    const adapter = createMockAdapter(options);
    return {
      engine: adapter.engine,
      capabilities: adapter.capabilities,
      health: (signal) => adapter.health(signal),
      props: (signal) => adapter.props(signal),
      engineVersion: (signal) => adapter.engineVersion(signal),
      submit: (task, submitOptions) => adapter.submit(task, submitOptions),
      confirmReleased: (cancelOptions) => adapter.confirmReleased(cancelOptions),
      metrics: (signal) => adapter.metrics(signal),
      countTokens: async (text, signal) => (await adapter.countTokens?.(text, signal)) ?? 0,
      slots: async (signal) => (await adapter.slots?.(signal)) ?? [],
      close: () => adapter.close(),
      ...change(adapter, options.apiKey ?? ''),
    };
  };

type Submit = WorkerAdapter['submit'];

/** Events changed on their way; an empty batch is left out. */
const wrongEvents = (change: (events: readonly WorkerEvent[]) => readonly WorkerEvent[]): CreateAdapter =>
  wrong((adapter) => ({
    submit: async function* (task: WorkerTask, options: SubmitOptions) {
      for await (const batch of adapter.submit(task, options)) {
        const changed = change(batch);
        if (changed.length > 0) yield changed;
      }
    } satisfies Submit,
  }));

const wrongEnd = (change: (end: End) => End): CreateAdapter =>
  wrongEvents((events) => events.map((event) => (event.kind === 'end' ? change(event) : event)));

const wrongTask = (change: (task: WorkerTask) => WorkerTask): CreateAdapter =>
  wrong((adapter) => ({ submit: (task, options) => adapter.submit(change(task), options) }));

/** What follows a failure is this instead of the failure. */
const wrongFailure = (
  instead: (thrown: unknown, again: () => AsyncIterable<readonly WorkerEvent[]>, apiKey: string) => AsyncIterable<readonly WorkerEvent[]>,
): CreateAdapter =>
  wrong((adapter, apiKey) => ({
    submit: async function* (task: WorkerTask, options: SubmitOptions) {
      try {
        yield* adapter.submit(task, options);
      } catch (thrown) {
        yield* instead(thrown, () => adapter.submit(task, options), apiKey);
      }
    } satisfies Submit,
  }));

const goodEnd: End = { kind: 'end', finishReason: 'stop', tokensIn: 1, tokensOut: 1, cachedTokens: 0 };

const faults: readonly (readonly [what: string, ConformanceCase, CreateAdapter])[] = [
  [
    'drops a token',
    'gives started first and once, tokens in order, one end and nothing after it',
    wrongEvents((events) => events.filter((event) => event.kind !== 'token' || event.tokensOut !== 3)),
  ],
  [
    'starts twice',
    'gives started first and once, tokens in order, one end and nothing after it',
    wrongEvents((events) => events.flatMap<WorkerEvent>((event) => (event.kind === 'started' ? [event, event] : [event]))),
  ],
  [
    'counts one token for each event',
    'counts model tokens, not events',
    wrongEvents((events) => events.map((event) => (event.kind === 'token' ? { ...event, tokensOut: 1 } : event))),
  ],
  [
    'trims text',
    'keeps characters whole however the network slices their bytes',
    wrongEvents((events) => events.map((event) => (event.kind === 'token' ? { ...event, text: event.text.trim() } : event))),
  ],
  [
    'hands out text of no length',
    'gives no empty batch and no empty text, not for an end of sequence either',
    wrongEvents((events) =>
      events.flatMap<WorkerEvent>((event) =>
        event.kind === 'end' ? [{ kind: 'token', text: '', tokensOut: event.tokensOut }, event] : [event],
      ),
    ),
  ],
  [
    'takes every end for a stop',
    'tells an answer that was cut by the token limit from one that ended',
    wrongEnd((end) => ({ ...end, finishReason: 'stop' })),
  ],
  [
    'takes a cut stream for a whole one',
    'takes a stream that is cut at any byte for broken, never for whole',
    wrongFailure(async function* () {
      yield [goodEnd];
    }),
  ],
  [
    'takes a stream without an end for a whole one',
    'takes a stream that ends in good order, but without what ends an answer, for broken',
    wrongFailure(async function* () {
      yield [goodEnd];
    }),
  ],
  [
    'takes an abort by the engine for an end',
    'takes a request that the engine itself gave up for a failure',
    wrongFailure(async function* () {
      yield [goodEnd];
    }),
  ],
  ['sends a task again', 'never sends a task again once its answer began', wrongFailure((_thrown, again) => again())],
  [
    'has one kind for all errors',
    'maps every refusal to its kind, and repeats neither key nor prompt',
    wrongFailure(async function* () {
      yield* [];
      throw new WorkerError('worker-reset', 'broken', { mayRunAgain: true });
    }),
  ],
  [
    'throws what is no error of ours',
    'takes a frame that is no event for a broken worker',
    wrongFailure(async function* () {
      yield* [];
      throw new Error('broken');
    }),
  ],
  [
    'repeats the key',
    'maps every refusal to its kind, and repeats neither key nor prompt',
    wrongFailure(async function* (thrown, _again, apiKey) {
      yield* [];
      if (thrown instanceof WorkerError)
        throw new WorkerError(thrown.kind, `${thrown.message} ${apiKey}`, { mayRunAgain: thrown.mayRunAgain });
      throw thrown;
    }),
  ],
  [
    'sends what was aborted before',
    'sends nothing when the abort came first',
    wrong((adapter) => ({ submit: (task) => adapter.submit(task, { signal: new AbortController().signal }) })),
  ],
  [
    'confirms a release unseen',
    'does not confirm before the engine shows the slot free',
    wrong(() => ({ confirmReleased: async () => {} })),
  ],
  [
    'keeps a listener',
    'is not undone by an abort that comes after the end',
    wrong((adapter) => ({
      submit: (task, options) => {
        options.signal.addEventListener('abort', () => {});
        return adapter.submit(task, options);
      },
    })),
  ],
  ['works on after close', 'can be closed twice, and then works no more', wrong(() => ({ close: async () => {} }))],
  [
    'is ready whatever the engine says',
    'tells ready, loading and broken engines apart',
    wrong(() => ({ health: async () => ({ kind: 'ready' }) })),
  ],
  [
    'says a version it once read',
    'sees another version under way, and the stream that runs goes on',
    wrong((adapter) => {
      let first: Promise<string> | null = null;
      return { engineVersion: (signal) => (first ??= adapter.engineVersion(signal)) };
    }),
  ],
  [
    'says the KV cache in percent',
    'shows how full the KV cache is, if at all, and that it empties',
    wrong((adapter) => ({
      metrics: async (signal) => {
        const metrics = await adapter.metrics(signal);
        return { ...metrics, kvUsageRatio: (metrics.kvUsageRatio ?? 0) * 100 };
      },
    })),
  ],
  [
    'counts no beginning of sequence',
    'counts the tokens that a submit then counts',
    wrong((adapter) => ({ countTokens: async (text, signal) => ((await adapter.countTokens?.(text, signal)) ?? 0) - 1 })),
  ],
  [
    'has calls that it does not declare',
    'offers exactly the calls that its capabilities declare',
    wrong((adapter) => ({ capabilities: { ...adapter.capabilities, tokenize: false } })),
  ],
  [
    'sends no seed',
    'passes prompt, limit and seed on: equal input gives equal text, another seed another',
    wrongTask((task) => (task.workload === 'completion' ? { ...task, seed: 0 } : task)),
  ],
  [
    'sends no stop text',
    'cuts the text exactly at a stop text, and never swallows what only looked like one',
    wrongTask((task) => (task.workload === 'completion' ? { ...task, stop: [] } : task)),
  ],
  [
    'turns vectors round',
    'gives one vector for each input, in the order of the inputs',
    wrongEnd((end) => (end.embeddings === undefined ? end : { ...end, embeddings: end.embeddings.toReversed() })),
  ],
  [
    'sorts scores',
    'gives one score for each document, in the order of the documents',
    wrongEnd((end) => (end.scores === undefined ? end : { ...end, scores: end.scores.toSorted((a, b) => b - a) })),
  ],
];

const start = async () => {
  const { url, control, stop } = await createMockServer({ wire: 'plain', slots: 2 });
  return { baseUrl: url, engine: control, stop };
};

test.each(faults)('[ORCH-3057] an adapter that %s fails the case that says so', async (_what, title, createAdapter) => {
  await expect(runConformanceCase(title, { createAdapter, start })).rejects.toThrow(/^expected/);
  // And it is the fault that fails it.
  await runConformanceCase(title, { createAdapter: wrong(() => ({})), start });
});
