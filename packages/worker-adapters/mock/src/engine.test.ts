/** Tests of the engine behind the wires: its passes, its cache, its queue, its text. Driven by hand on a clock of their own. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Batch, type CostModel } from './batch.ts';
import {
  type AnswerEnd,
  type AnswerFault,
  type AnswerRequest,
  type AnswerSink,
  ScriptedEngine,
  type ScriptedEngineOptions,
} from './engine.ts';
import { defaultScript, type MockScript, type ScriptedStep } from './script.ts';

const toFake = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] as const;
beforeEach(() => void vi.useFakeTimers({ toFake: [...toFake] }));
afterEach(() => void vi.useRealTimers());

const cost: CostModel = { prefillTokensPerSecond: 1_000, stepMs: 10, perRequestMs: 5, batchTokens: 100 };

class Listener implements AnswerSink {
  readonly beganMs: number[] = [];
  readonly tokenMs: number[] = [];
  text = '';
  cachedTokens = 0;
  ended: AnswerEnd | null = null;
  fault: AnswerFault | null = null;

  begin(_slotId: number, cachedTokens: number): void {
    this.beganMs.push(performance.now());
    this.cachedTokens = cachedTokens;
  }

  say(steps: readonly ScriptedStep[]): boolean {
    for (const step of steps) {
      this.text += step.text;
      this.tokenMs.push(performance.now());
    }
    return true;
  }

  end(how: AnswerEnd): void {
    this.ended = how;
  }

  fail(fault: AnswerFault): void {
    this.fault = fault;
  }
}

const setUp = ({ script = {}, ...changes }: Partial<Omit<ScriptedEngineOptions, 'script'>> & { script?: Partial<MockScript> } = {}) => {
  const engine = new ScriptedEngine({
    slots: 2,
    kv: { tokens: 1_000, policy: 'preempt' },
    maxWaiting: null,
    batch: new Batch(cost),
    weights: 0,
    script: () => ({ ...defaultScript, ...script }),
    ...changes,
  });
  const ask = (request: Partial<AnswerRequest> = {}) => {
    const listener = new Listener();
    const answer = engine.submit({ prompt: 'p', tokensIn: 50, maxTokens: 4, seed: 1, ...request }, listener);
    return { listener, answer };
  };
  return { engine, ask, startMs: performance.now() };
};

test('a prompt is read at its rate, and then a token costs a pass', async () => {
  const { ask, startMs } = setUp();
  const { listener } = ask();
  await vi.advanceTimersByTimeAsync(1_000);
  // 10 ms for the pass and 50 for 50 tokens; then 10 ms and 5 for the one request.
  expect(listener.beganMs.map((ms) => ms - startMs)).toEqual([60]);
  expect(listener.tokenMs.map((ms) => ms - startMs)).toEqual([75, 90, 105, 120]);
  expect(listener.ended).toBe('limit');
});

test('requests share a pass: two cost less than twice one', async () => {
  const { ask, startMs } = setUp();
  const [one, two] = [ask({ tokensIn: 50 }), ask({ tokensIn: 50 })];
  await vi.advanceTimersByTimeAsync(1_000);
  // Both prompts in the first two passes, then passes of 10 + 2 × 5 ms for two tokens.
  const gaps = [one, two].map(({ listener }) => listener.tokenMs.slice(1).map((ms, i) => ms - (listener.tokenMs[i] ?? 0)));
  expect(gaps.flat()).toContain(20);
  expect((two.listener.tokenMs.at(-1) ?? 0) - startMs).toBeLessThan(2 * 120);
});

test('a long prompt is read in several passes, between which others decode', async () => {
  const { ask } = setUp();
  const short = ask({ tokensIn: 10, maxTokens: 10 });
  await vi.advanceTimersByTimeAsync(20);
  const long = ask({ tokensIn: 350 });
  await vi.advanceTimersByTimeAsync(1_000);
  const before = short.listener.tokenMs.filter((ms) => ms <= (long.listener.beganMs[0] ?? 0));
  // 350 tokens at 99 a pass: four passes at least, each with a token of the other.
  expect(before.length).toBeGreaterThanOrEqual(4);
});

test('a canceled request leaves its pass at once, and the queue moves up', async () => {
  const { engine, ask } = setUp({ slots: 1 });
  const [first, second] = [ask({ maxTokens: 100 }), ask()];
  await vi.advanceTimersByTimeAsync(100);
  expect([engine.busy, engine.queued]).toEqual([1, 1]);
  first.answer.abandon();
  const said = first.listener.text;
  expect([engine.busy, engine.queued, engine.kvTokensUsed]).toEqual([1, 0, 50]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(first.listener.text).toBe(said);
  expect(second.listener.ended).toBe('limit');
  expect([engine.busy, engine.kvTokensUsed]).toEqual([0, 0]);
});

test('says that it is full only where nobody may wait any more', async () => {
  const { engine, ask } = setUp({ slots: 1, maxWaiting: 1 });
  expect(engine.isFull).toBe(false);
  ask();
  expect(engine.isFull).toBe(false);
  ask();
  expect(engine.isFull).toBe(true);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(engine.isFull).toBe(false);
});

test('with a cache that reserves, a request waits until its longest answer fits', async () => {
  const { engine, ask } = setUp({ kv: { tokens: 120, policy: 'reserve' } });
  const [first, second] = [ask({ maxTokens: 50 }), ask({ maxTokens: 50 })];
  expect([engine.busy, engine.queued, engine.kvTokensUsed]).toEqual([1, 1, 100]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([first.listener.ended, second.listener.ended, engine.kvTokensUsed]).toEqual(['limit', 'limit', 0]);
  expect(second.listener.beganMs[0]).toBeGreaterThan(first.listener.tokenMs.at(-1) ?? 0);
});

test('with a cache that preempts, the youngest is read again, and its text is as if nothing had been', async () => {
  const alone = setUp();
  const undisturbed = alone.ask({ prompt: 'second', maxTokens: 40 });
  await vi.advanceTimersByTimeAsync(5_000);
  const { engine, ask } = setUp({ kv: { tokens: 130, policy: 'preempt' } });
  const [first, second] = [ask({ maxTokens: 40 }), ask({ prompt: 'second', maxTokens: 40 })];
  await vi.advanceTimersByTimeAsync(5_000);
  expect(engine.preemptionsTotal).toBeGreaterThan(0);
  expect([first.listener.ended, second.listener.ended, engine.kvTokensUsed]).toEqual(['limit', 'limit', 0]);
  expect(second.listener.text).toBe(undisturbed.listener.text);
  expect(second.listener.beganMs).toHaveLength(1);
});

test('with a shared cache that fails, all that runs dies at once', async () => {
  const { engine, ask } = setUp({ kv: { tokens: 130, policy: 'fail' } });
  const answers = [ask({ maxTokens: 40 }), ask({ maxTokens: 40 })];
  await vi.advanceTimersByTimeAsync(5_000);
  for (const { listener } of answers)
    expect(listener.fault).toMatchObject({ kind: 'error-event', message: expect.stringContaining('Context size') });
  expect([engine.busy, engine.kvTokensUsed]).toEqual([0, 0]);
});

test('what a slot has of a prompt is not read again, where the request allows it', async () => {
  const { engine, ask } = setUp({ slots: 1 });
  const prompt = 'the same beginning, and then ';
  ask({ prompt, tokensIn: 9 });
  await vi.advanceTimersByTimeAsync(1_000);
  const strict = ask({ prompt: `${prompt}more`, tokensIn: 10 });
  await vi.advanceTimersByTimeAsync(1_000);
  const reusing = ask({ prompt: `${prompt}less`, tokensIn: 10, reusesKv: true });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(strict.listener.cachedTokens).toBe(0);
  expect(reusing.listener.cachedTokens).toBeGreaterThan(0);
  expect(engine.cachedTokensTotal).toBe(reusing.listener.cachedTokens);
  expect(engine.promptTokensTotal).toBe(9 + 10 + 10 - reusing.listener.cachedTokens);
});

test('text depends on prompt, seed, sampling and weights; greedy text on no seed', async () => {
  const textOf = async (request: Partial<AnswerRequest>, weights = 0): Promise<string> => {
    const { listener } = setUp({ weights }).ask({ maxTokens: 30, ...request });
    await vi.advanceTimersByTimeAsync(5_000);
    return listener.text;
  };
  const text = await textOf({});
  expect(await textOf({})).toBe(text);
  const others = [
    await textOf({ seed: 2 }),
    await textOf({ prompt: 'q' }),
    await textOf({ params: '{"temperature":1}' }),
    await textOf({}, 7),
    await textOf({ seed: null }),
  ];
  expect(new Set([text, ...others]).size).toBe(6);
  expect(await textOf({ seed: null })).toBe(others[4]);
});

test('a flip changes one token in so many, whoever they belong to, and no other', async () => {
  const textOf = async (flipOneIn: number | null): Promise<readonly string[]> => {
    const { ask } = setUp({ script: { flipOneIn } });
    const answers = [ask({ maxTokens: 30 }), ask({ maxTokens: 30, seed: 2 })];
    await vi.advanceTimersByTimeAsync(5_000);
    return answers.map(({ listener }) => listener.text);
  };
  const [right, flipped] = [await textOf(null), await textOf(50)];
  // 60 tokens in all: the fiftieth is another one.
  expect(flipped.filter((text, index) => text !== right[index])).toHaveLength(1);
  expect(await textOf(61)).toEqual(right);
});
