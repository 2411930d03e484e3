/** Cases of an answer that goes well: order, numbering, exact text and counts, whatever the network does to its bytes. */
import { expect } from 'vitest';
import type { ScriptedStep } from '../engine-control.ts';
import { completion, type ConformanceCases, Reading, readAll, readFailure, settle, until } from './harness.ts';

const steps = (...texts: readonly string[]): readonly ScriptedStep[] => texts.map((text) => ({ text, tokens: 1 }));

/** Characters of two to four bytes, one outside the basic plane, quotes, escapes and line ends. */
const awkward: readonly ScriptedStep[] = [
  { text: 'é', tokens: 2 },
  { text: '日本', tokens: 6 },
  { text: ' "quoted" \\ and\n\tmore', tokens: 3 },
  { text: '😀', tokens: 4 },
  { text: '\u{2028}data: \r\n\r\n', tokens: 1 },
  { text: ' plain words that are longer than a slice', tokens: 9 },
];
const awkwardText = awkward.map((step) => step.text).join('');

/** The text that stop words leave: up to the first match of any of them. */
const stopped = (text: string, stop: readonly string[]): string => {
  const found = stop.map((word) => text.indexOf(word)).filter((at) => at !== -1);
  return found.length === 0 ? text : text.slice(0, Math.min(...found));
};

export const streamCases = {
  'gives started first and once, tokens in order, one end and nothing after it': async ({ adapter, engine }) => {
    await engine.script({ steps: steps('a', 'b', 'c') });
    const reading = await readAll(adapter, completion());
    expect(reading.events.map((event) => event.kind)).toEqual(['started', 'token', 'token', 'token', 'end']);
    expect(reading.text).toBe('abc');
    expect(reading.end).toMatchObject({ finishReason: 'stop', cachedTokens: 0 });
  },

  'gives no empty batch and no empty text, not for an end of sequence either': async ({ adapter, engine }) => {
    await engine.script({ steps: steps('a', '', 'b', '') });
    const reading = await readAll(adapter, completion());
    expect(reading.batches.every((batch) => batch.length > 0)).toBe(true);
    expect(reading.tokens.map((event) => event.text)).toEqual(['a', 'b']);
  },

  'tells a started task before its first token': async ({ adapter, engine }) => {
    await engine.script({ steps: steps('a'), holdAfterSteps: 0 });
    const reading = new Reading(adapter, completion());
    await until('it started', () => reading.events.length > 0);
    expect(reading.events).toEqual([{ kind: 'started' }]);
    await engine.release(9);
    await reading.over;
    expect(reading.text).toBe('a');
  },

  'hands each token over when it comes, and not later': async ({ adapter, engine }) => {
    await engine.script({ steps: steps('a', 'b', 'c', 'd', 'e'), holdAfterSteps: 3 });
    const reading = new Reading(adapter, completion());
    for (const count of [3, 4, 5]) {
      await until('the engine holds', async () => (await engine.counters()).held === 1);
      await until(`${count} tokens came`, () => reading.tokens.length >= count);
      await settle();
      expect(reading.tokens.length).toBe(count);
      expect(reading.isOver).toBe(false);
      await engine.release(1);
    }
    await reading.over;
    expect(reading.text).toBe('abcde');
  },

  'counts model tokens, not events': async (harness) => {
    await harness.engine.script({ steps: awkward });
    const reading = await readAll(harness.adapter, completion());
    harness.expectCounts(reading, [2, 8, 11, 15, 16, 25]);
    if (harness.countsAre === 'exact') expect(reading.end?.tokensOut).toBeGreaterThanOrEqual(25);
    expect(reading.end?.tokensIn).toBeGreaterThan(0);
  },

  'keeps characters whole however the network slices their bytes': async ({ adapter, engine }) => {
    for (const sliceBytes of [1, 2, 3, 7, 100]) {
      await engine.script({ steps: awkward, sliceBytes });
      expect((await readAll(adapter, completion())).text).toBe(awkwardText);
    }
  },

  'reads escaped and plain characters alike': async ({ adapter, engine }) => {
    await engine.script({ steps: awkward, escapeText: true });
    expect((await readAll(adapter, completion())).text).toBe(awkwardText);
  },

  'gives many tokens of one read as few batches, in order': async ({ adapter, engine }) => {
    await engine.script({ answerTokens: 500, stepsPerWrite: 100 });
    const reading = await readAll(adapter, completion({ maxTokens: 1_000 }));
    const single = await readAll(adapter, completion({ maxTokens: 1_000 }));
    expect(reading.tokens.length).toBe(500);
    expect(reading.tokens.map((event) => event.tokensOut)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    expect(reading.batches.length).toBeLessThan(100);
    expect(single.text).toBe(reading.text);
  },

  'skips keep-alive comments': async ({ adapter, engine }) => {
    await engine.script({ steps: steps('a', 'b'), pings: true });
    expect((await readAll(adapter, completion())).text).toBe('ab');
  },

  'tells an answer that was cut by the token limit from one that ended': async ({ adapter, engine }) => {
    await engine.script({ answerTokens: 5 });
    expect((await readAll(adapter, completion({ maxTokens: 9 }))).end).toMatchObject({ finishReason: 'stop' });
    expect((await readAll(adapter, completion({ maxTokens: 3 }))).end).toMatchObject({ finishReason: 'length', tokensOut: 3 });
  },

  'ends in an orderly way when the token limit falls inside a character': async ({ adapter, engine }) => {
    await engine.script({
      steps: [
        { text: 'a', tokens: 1 },
        { text: '日', tokens: 3 },
      ],
    });
    const reading = await readAll(adapter, completion({ maxTokens: 3 }));
    expect(reading.text).toBe('a');
    expect(reading.end).toMatchObject({ finishReason: 'length', tokensOut: 3 });
    await engine.script({ steps: [{ text: '日', tokens: 3 }] });
    const nothing = await readAll(adapter, completion({ maxTokens: 2 }));
    expect(nothing.events.map((event) => event.kind)).toEqual(['started', 'end']);
    expect(nothing.end?.tokensIn).toBe(reading.end?.tokensIn);
  },

  'cuts the text exactly at a stop text, and never swallows what only looked like one': async ({ adapter, engine }) => {
    const answers = [
      steps(' he', ' dow', ' w', ' wher', 'e'),
      steps('a\n', '\n', 'b'),
      steps('xx', 'xy', '日', 'z'),
      steps('ab', 'ab', 'a'),
    ];
    const stops = [[' wher'], ['w wherx'], ['\n\n'], ['\n\nb'], ['xxy日!'], ['日z?', 'xy'], ['abc', 'ba'], ['zz']];
    for (const answer of answers) {
      const whole = answer.map((step) => step.text).join('');
      for (const stop of stops) {
        // With an end of its own accord, and with the token limit in the last place where text may be held back.
        for (const maxTokens of [64, answer.length]) {
          await engine.script({ steps: answer });
          const reading = await readAll(adapter, completion({ stop, maxTokens }));
          expect({ stop, maxTokens, text: reading.text }).toEqual({ stop, maxTokens, text: stopped(whole, stop) });
          const met = stopped(whole, stop) !== whole;
          expect(reading.end?.finishReason).toBe(met || maxTokens === 64 ? 'stop' : 'length');
        }
      }
    }
  },

  'leaves no slot taken after a stop text': async ({ adapter, engine }) => {
    await engine.script({ steps: steps('a', 'STOP', 'b', 'c'), cancelNoticeMs: 60_000 });
    const reading = await readAll(adapter, completion({ stop: ['STOP'] }));
    expect(reading.text).toBe('a');
    expect((await engine.counters()).slotsBusy).toBe(0);
  },

  'passes prompt, limit and seed on: equal input gives equal text, another seed another': async ({ adapter, engine }) => {
    await engine.script({ answerTokens: 40 });
    const first = await readAll(adapter, completion());
    expect((await readAll(adapter, completion())).text).toBe(first.text);
    expect((await readAll(adapter, completion({ seed: 8 }))).text).not.toBe(first.text);
    expect((await readAll(adapter, completion({ seed: 2 ** 32 - 2 }))).text).not.toBe(first.text);
    expect((await readAll(adapter, completion({ prompt: 'Say something loud.' }))).text).not.toBe(first.text);
    const short = await readAll(adapter, completion({ maxTokens: 10 }));
    expect(first.text.startsWith(short.text)).toBe(true);
    expect(short.end?.tokensOut).toBe(10);
  },

  'says the same under every seed where the profile is greedy': async ({ adapter, engine }) => {
    await engine.script({ answerTokens: 40 });
    const greedy = await readAll(adapter, completion({ samplerProfileVersion: 'v1-greedy' }));
    expect((await readAll(adapter, completion({ samplerProfileVersion: 'v1-greedy', seed: 8 }))).text).toBe(greedy.text);
    expect((await readAll(adapter, completion())).text).not.toBe(greedy.text);
  },

  'refuses a seed out of range and an unknown sampler profile before anything is sent': async ({ adapter, engine }) => {
    const { tasksSeen } = await engine.counters();
    for (const seed of [-1, 0.5, 2 ** 32 - 1]) expect((await readFailure(adapter, completion({ seed }))).error.kind).toBe('internal');
    const { error } = await readFailure(adapter, completion({ samplerProfileVersion: 'v0-nobody' }));
    expect(error.kind).toBe('unknown-sampler-profile');
    expect((await engine.counters()).tasksSeen).toBe(tasksSeen);
  },

  'runs as many tasks at a time as the engine has slots': async ({ adapter, engine }) => {
    await engine.script({ answerTokens: 20, holdAfterSteps: 10 });
    const readings = [1, 2].map((seed) => new Reading(adapter, completion({ seed })));
    await until('both run', async () => (await engine.counters()).held === 2);
    await engine.release(100);
    await Promise.all(readings.map((reading) => reading.over));
    expect(readings.map((reading) => reading.error)).toEqual([null, null]);
    expect(readings[0]?.text).not.toBe(readings[1]?.text);
  },
} satisfies ConformanceCases;
