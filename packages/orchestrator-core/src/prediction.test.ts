import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecayedRate, DrainMeter } from './decayed.ts';
import { onTimeProbability, PRIOR_DECODE_MS, PRIOR_PREFILL_MS, predictWaitMs, ServiceModel } from './prediction.ts';
import { TokenBucket } from './rate-limit.ts';

test('before anything was measured costs come from the prior', () => {
  const model = new ServiceModel();
  expect(model.measured).toBe(false);
  expect(model.workMs(10, 5)).toBe(10 * PRIOR_PREFILL_MS + 5 * PRIOR_DECODE_MS);
  expect(model.meanServiceMs).toBeNull();
});

test('[ORCH-2013] measured costs approach the true ones, also after they changed', () => {
  const model = new ServiceModel();
  const serve = (prefillMs: number, decodeMs: number): void => {
    for (let index = 0; index < 500; index++) {
      const promptTokens = 10 + (index % 7) * 30;
      const tokensOut = 1 + (index % 5) * 10;
      model.observe({
        promptTokens,
        cachedTokens: 0,
        tokensOut,
        outBudget: 2 * tokensOut,
        prefillMs: prefillMs * promptTokens,
        decodeMs: decodeMs * tokensOut,
      });
    }
  };
  serve(2, 30);
  expect(model.workMs(100, 40)).toBeCloseTo(2 * 100 + 30 * 20, -1);
  serve(1, 10);
  expect(model.workMs(100, 40)).toBeCloseTo(1 * 100 + 10 * 20, -1);
});

test('cached tokens cost no prefill', () => {
  const model = new ServiceModel();
  model.observe({ promptTokens: 100, cachedTokens: 90, tokensOut: 0, outBudget: 0, prefillMs: 20, decodeMs: 0 });
  expect(model.workMs(10, 0)).toBe(20);
});

test('waits that are off on average are corrected', () => {
  const model = new ServiceModel();
  for (let index = 0; index < 500; index++) model.observeWait(1000, 2000);
  expect(model.waitCorrection).toBeCloseTo(2, 1);
});

test('[ORCH-3075] a wait is never longer than the class share allows, nor than draining everything', () => {
  const figure = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      figure,
      figure,
      fc.double({ min: 0, max: 0.9, noNaN: true }),
      (slots, aheadMs, otherMs, load) => {
        const snapshot = { slots, aheadMs, otherMs, otherArrival: load * slots, weight: 1, otherWeight: 8, residualMs: 100 };
        const wait = predictWaitMs(snapshot);
        expect(wait).toBeGreaterThanOrEqual((aheadMs + 100) / slots - 1e-6);
        expect(wait).toBeLessThanOrEqual((9 * (aheadMs + 100)) / slots + 1e-6);
        expect(predictWaitMs({ ...snapshot, aheadMs: aheadMs + 1000 })).toBeGreaterThan(wait);
      },
    ),
  );
});

test('[ORCH-3081] a probability lies in 0..1, rises with the time allowed and is even at the prediction', () => {
  const ms = fc.double({ min: 1, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(ms, fc.double({ min: 0.05, max: 3, noNaN: true }), ms, ms, (predictedMs, spread, elapsedMs, allowedMs) => {
      const probability = onTimeProbability(predictedMs, spread, elapsedMs, allowedMs);
      expect(probability).toBeGreaterThanOrEqual(0);
      expect(probability).toBeLessThanOrEqual(1);
      expect(onTimeProbability(predictedMs, spread, elapsedMs, 2 * allowedMs)).toBeGreaterThanOrEqual(probability);
    }),
  );
  expect(onTimeProbability(1000, 0.5, 0, 1000)).toBeCloseTo(0.5);
  expect(onTimeProbability(1000, 0.5, 500, 400)).toBe(0);
});

test('[ORCH-2007] a drain rate counts busy time only, and falls while a full queue stands still', () => {
  const meter = new DrainMeter();
  expect(meter.perMs(0)).toBeNull();
  meter.onFilled(0);
  for (let task = 1; task <= 10; task++) meter.onLeft(10 - task, 100 * task);
  expect(meter.perMs(1000)).toBeCloseTo(0.01, 3);
  expect(meter.perMs(1_000_000)).toBeCloseTo(0.01, 3);
  meter.onFilled(1_000_000);
  expect(meter.perMs(1_010_000)).toBeLessThan(0.001);
});

test('an arrival rate is right from the first minute on', () => {
  const rate = new DecayedRate(60_000);
  for (let ms = 0; ms <= 20_000; ms += 100) rate.add(5, ms);
  expect(rate.perMs(20_000)).toBeCloseTo(0.05, 2);
  for (let ms = 20_100; ms <= 400_000; ms += 100) rate.add(10, ms);
  expect(rate.perMs(400_000)).toBeCloseTo(0.1, 2);
});

test('[ORCH-3006] a bucket never grants more than its burst and its rate, however it is asked', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 10 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 3 })), { maxLength: 200 }),
      (perSecond, burst, asks) => {
        const bucket = new TokenBucket({ perSecond, burst }, 0);
        let nowMs = 0;
        let granted = 0;
        for (const [gapMs, amount] of asks) {
          nowMs += gapMs;
          const waitMs = bucket.waitMs(amount, nowMs);
          if (waitMs > 0) {
            expect(bucket.waitMs(amount, nowMs + waitMs + 1e-6)).toBe(0);
            nowMs += waitMs + 1e-6;
          }
          bucket.take(amount, nowMs);
          granted += amount;
          expect(granted).toBeLessThanOrEqual(burst + (nowMs / 1000) * perSecond + Math.max(0, amount - burst) + 1e-6);
        }
      },
    ),
  );
});

test('a retuned bucket keeps what was used', () => {
  const bucket = new TokenBucket({ perSecond: 1, burst: 10 }, 0);
  bucket.take(10, 0);
  bucket.retune({ perSecond: 10, burst: 20 }, 0);
  expect(bucket.waitMs(10, 0)).toBe(0);
  expect(bucket.waitMs(20, 0)).toBe(1000);
});
