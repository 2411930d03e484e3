/** Cases of how an answer's bytes travel: whatever a stream of events may look like, the text is the same. */
import { expect } from 'vitest';
import type { EngineScript, ScriptedStep } from '../engine-control.ts';
import { completion, type ConformanceCases, type Harness, readAll } from './harness.ts';

const steps: readonly ScriptedStep[] = [
  { text: 'one', tokens: 1 },
  { text: ' zwei', tokens: 2 },
  { text: ' 三 😀', tokens: 5 },
  { text: '\n\n: data: x\r\n', tokens: 3 },
];
const whole = steps.map((step) => step.text).join('');

const expectWhole = async (harness: Harness, changes: Partial<EngineScript>): Promise<void> => {
  await harness.engine.script({ steps, ...changes });
  const reading = await readAll(harness.adapter, completion());
  expect(reading.text).toBe(whole);
  harness.expectCounts(reading, [1, 3, 8, 11]);
  expect(reading.end?.finishReason).toBe('stop');
};

export const framingCases = {
  'reads line ends of CR and LF, also where a read ends between the two': async (harness) => {
    await expectWhole(harness, { lineEnds: 'crlf' });
    for (const sliceBytes of [1, 2, 5]) await expectWhole(harness, { lineEnds: 'crlf', sliceBytes });
  },

  'skips comment lines and fields that mean nothing': async (harness) => {
    await expectWhole(harness, { comments: true });
    await expectWhole(harness, { comments: true, pings: true, lineEnds: 'crlf', sliceBytes: 3 });
  },

  'reads a whole answer from one read': async (harness) => {
    await expectWhole(harness, { stepsPerWrite: 100 });
  },

  'takes one event of half a megabyte, whole and in slices': async ({ adapter, engine }) => {
    const large = '日é😀"\\ plain '.repeat(20_000);
    await engine.script({
      steps: [
        { text: 'a', tokens: 1 },
        { text: large, tokens: 9 },
        { text: 'z', tokens: 1 },
      ],
    });
    expect((await readAll(adapter, completion())).text).toBe(`a${large}z`);
    await engine.script({ steps: [{ text: large, tokens: 9 }], sliceBytes: 16_383 });
    expect((await readAll(adapter, completion())).text).toBe(large);
  },

  'counts tokens whose character comes only with a later frame': async (harness) => {
    const { adapter, engine } = harness;
    const split = [
      { text: '', tokens: 1 },
      { text: '', tokens: 1 },
      { text: '日', tokens: 1 },
      { text: '', tokens: 3 },
      { text: '😀!', tokens: 1 },
    ];
    await engine.script({ steps: split });
    const reading = await readAll(adapter, completion());
    expect(reading.tokens.map(({ text }) => text)).toEqual(['日', '😀!']);
    harness.expectCounts(reading, [3, 7]);
  },

  'keeps joined and combining characters as they are': async ({ adapter, engine }) => {
    const family = ['👩', '\u{200d}', '👧', ' e', '\u{301}', ' ', '\u{1f1f3}', '\u{1f1f1}', '\u{feff}', '\u{fffd}'];
    for (const sliceBytes of [1, 4]) {
      await engine.script({ steps: family.map((text) => ({ text, tokens: 1 })), sliceBytes });
      expect((await readAll(adapter, completion())).text).toBe(family.join(''));
    }
  },

  'gives an answer of no text at all an end': async ({ adapter, engine }) => {
    await engine.script({ steps: [] });
    const reading = await readAll(adapter, completion());
    expect(reading.events.map((event) => event.kind)).toEqual(['started', 'end']);
    expect(reading.end?.finishReason).toBe('stop');
  },
} satisfies ConformanceCases;
