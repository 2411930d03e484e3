/** Cases of the calls beside `submit`: health, props, figures, tokens, slots, embeddings and scores. */
import { expect } from 'vitest';
import { completion, type ConformanceCases, engineSlots, failureOf, never, Reading, readAll, readFailure, until } from './harness.ts';

const hold = { answerTokens: 5, holdAfterSteps: 1 };

export const callCases = {
  'tells ready, loading and broken engines apart': async ({ adapter, engine, loadingIs }) => {
    expect(await adapter.health(never())).toEqual({ kind: 'ready' });
    await engine.script({ health: 'loading' });
    expect((await adapter.health(never())).kind).toBe(loadingIs);
    expect(await failureOf(adapter.props(never()))).toMatchObject({
      kind: loadingIs === 'loading' ? 'pool-unready' : 'worker-reset',
      mayRunAgain: true,
    });
    await engine.script({ health: 'lies' });
    expect((await adapter.health(never())).kind).toBe('unhealthy');
    await engine.script({ health: 'error-page' });
    expect((await adapter.health(never())).kind).toBe('unhealthy');
  },

  'is a state, not an exception, when its own signal ends a health call': async ({ adapter, engine }) => {
    await engine.script({ fault: { kind: 'half-open' } });
    const controller = new AbortController();
    const health = adapter.health(controller.signal);
    controller.abort();
    expect((await health).kind).toBe('unreachable');
  },

  'reads what the engine is, and sees that it changed': async ({ adapter, engine }) => {
    await engine.script({ engineVersion: 'version-1' });
    const props = await adapter.props(never());
    expect(props.engineVersion).toBe('version-1');
    // An engine may keep the number of its slots to itself, but not if it lists them.
    if (adapter.capabilities.slots || props.slotsTotal !== null) expect(props.slotsTotal).toBe(engineSlots);
    expect(props.requestsMax ?? engineSlots).toBeGreaterThanOrEqual(engineSlots);
    expect(props.ctxTokens).toBeGreaterThanOrEqual(2_048);
    await engine.script({ engineVersion: 'version-2' });
    expect(await adapter.engineVersion(never())).toBe('version-2');
  },

  'sees another version under way, and the stream that runs goes on': async ({ adapter, engine }) => {
    const steps = ['a', 'b', 'c'].map((text) => ({ text, tokens: 1 }));
    await engine.script({ engineVersion: 'version-1', steps, tokensPerSecond: 50 });
    const reading = new Reading(adapter, completion());
    await until('it is under way', () => reading.tokens.length > 0);
    expect(await adapter.engineVersion(never())).toBe('version-1');
    await engine.script({ engineVersion: 'version-2' });
    expect(await adapter.engineVersion(never())).toBe('version-2');
    await reading.over;
    expect({ error: reading.error, text: reading.text }).toEqual({ error: null, text: 'abc' });
  },

  'answers while every slot is taken, and tells how many run and how many wait': async ({ adapter, engine }) => {
    await engine.script(hold);
    const readings = [1, 2, 3].map((seed) => new Reading(adapter, completion({ seed })));
    await until('two run and one waits', async () => {
      const { held, queued } = await engine.counters();
      return held === 2 && queued === 1;
    });
    expect(await adapter.health(never())).toEqual({ kind: 'ready' });
    expect((await adapter.props(never())).engineVersion).not.toBe('');
    const { requestsRunning, requestsWaiting } = await adapter.metrics(never());
    // Some engines count only those that run, some all that they let in, some neither.
    expect([null, 2, 3]).toContain(requestsRunning);
    expect([null, 0, 1]).toContain(requestsWaiting);
    expect((await adapter.slots?.(never()))?.map((slot) => slot.busy) ?? [true, true]).toEqual([true, true]);
    for (const reading of readings) reading.abort();
    await Promise.all(readings.map((reading) => reading.over));
  },

  'shows how full the KV cache is, if at all, and that it empties': async ({ adapter, engine }) => {
    const before = (await adapter.metrics(never())).kvUsageRatio;
    await engine.script({ ...hold, answerTokens: 50 });
    const reading = new Reading(adapter, completion({ prompt: 'words and more words '.repeat(40) }));
    await until('it runs', async () => (await engine.counters()).held === 1);
    const { kvTokensUsed, kvTokensTotal } = await engine.counters();
    const during = (await adapter.metrics(never())).kvUsageRatio;
    if (before === null) expect(during).toBeNull();
    else {
      expect(before).toBe(0);
      // Engines count whole blocks of up to some dozens of tokens.
      expect(during).toBeGreaterThanOrEqual(kvTokensUsed / kvTokensTotal);
      expect(during).toBeLessThanOrEqual((kvTokensUsed + 128) / kvTokensTotal);
    }
    reading.abort();
    await reading.over;
    await until('the cache is empty', async () => (await engine.counters()).kvTokensUsed === 0);
    expect((await adapter.metrics(never())).kvUsageRatio).toBe(before);
  },

  'fails in every call, typed, while the engine loads': async ({ adapter, engine, loadingIs }) => {
    await engine.script({ health: 'loading' });
    const kind = loadingIs === 'loading' ? 'pool-unready' : 'worker-reset';
    const failures = [await failureOf(adapter.engineVersion(never()))];
    if (adapter.countTokens !== undefined) failures.push(await failureOf(adapter.countTokens('a', never())));
    failures.push((await readFailure(adapter, completion())).error);
    for (const failure of failures) expect(failure).toMatchObject({ kind, mayRunAgain: true });
  },

  'reads figures that rise with the work': async ({ adapter, engine }) => {
    const before = await adapter.metrics(never());
    await engine.script({ answerTokens: 10 });
    const { end } = await readAll(adapter, completion());
    const after = await adapter.metrics(never());
    expect((after.generatedTokensTotal ?? 0) - (before.generatedTokensTotal ?? 0)).toBe(end?.tokensOut);
    expect((after.promptTokensTotal ?? 0) - (before.promptTokensTotal ?? 0)).toBe(end?.tokensIn);
    expect(after.requestsRunning ?? 0).toBe(0);
    expect(after.kvUsageRatio ?? 0).toBeLessThanOrEqual(1);
  },

  'offers exactly the calls that its capabilities declare': async ({ adapter }) => {
    expect(adapter.countTokens !== undefined).toBe(adapter.capabilities.tokenize);
    expect(adapter.slots !== undefined).toBe(adapter.capabilities.slots);
    expect(adapter.load !== undefined).toBe(adapter.capabilities.load);
    expect(adapter.unload !== undefined).toBe(adapter.capabilities.load);
    expect(adapter.capabilities.workloads).toContain('completion');
    expect(adapter.capabilities.cancelBoundMs).toBeGreaterThan(0);
  },

  'counts the tokens that a submit then counts': async ({ adapter, engine }) => {
    await engine.script({ answerTokens: 1 });
    for (const prompt of ['a', 'Two plus two is', '日本語 😀 "quoted"\n']) {
      const { end } = await readAll(adapter, completion({ prompt }));
      expect(await adapter.countTokens?.(prompt, never())).toBe(end?.tokensIn);
    }
  },

  'shows busy slots': async ({ adapter, engine }) => {
    expect((await adapter.slots?.(never()))?.map((slot) => slot.busy)).toEqual([false, false]);
    await engine.script(hold);
    const reading = new Reading(adapter, completion());
    await until('it runs', async () => (await engine.counters()).held === 1);
    expect((await adapter.slots?.(never()))?.filter((slot) => slot.busy).length).toBe(1);
    reading.abort();
    await reading.over;
  },

  'gives one vector for each input, in the order of the inputs': async ({ adapter }) => {
    const inputs = ['first', 'second', 'third 日本'];
    const { events, end } = await readAll(adapter, { workload: 'embedding', taskId: 'e', inputs });
    expect(events.map((event) => event.kind)).toEqual(['started', 'end']);
    expect(end?.embeddings?.length).toBe(3);
    expect(end?.tokensIn).toBeGreaterThan(0);
    for (const [index, input] of inputs.entries()) {
      const alone = await readAll(adapter, { workload: 'embedding', taskId: 'e', inputs: [input] });
      expect(alone.end?.embeddings?.[0]).toEqual(end?.embeddings?.[index]);
    }
    expect(end?.embeddings?.[0]).not.toEqual(end?.embeddings?.[1]);
  },

  'gives one score for each document, in the order of the documents': async ({ adapter }) => {
    const documents = ['nothing of it', 'the water is small', 'water alone', 'the water is small'];
    const { events, end } = await readAll(adapter, { workload: 'rerank', taskId: 'r', query: 'the water is small', documents });
    expect(events.map((event) => event.kind)).toEqual(['started', 'end']);
    const [nothing = 0, all = 0, some = 0, again = 0] = end?.scores ?? [];
    expect(end?.scores?.length).toBe(4);
    expect(all).toBeGreaterThan(some);
    expect(some).toBeGreaterThan(nothing);
    expect(again).toBe(all);
  },
} satisfies ConformanceCases;
