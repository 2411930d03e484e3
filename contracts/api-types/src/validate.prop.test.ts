/** Valid requests pass whatever they hold; one broken field is always refused, at its own path. */
import * as fc from 'fast-check';
import { test } from 'vitest';
import { validate } from './validate.ts';

const int = (min: number, max = 2_147_483_647) => fc.integer({ min, max });
const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
const modelRef = fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme' }).filter((value) => !/\p{Cc}/u.test(value));

const shared = {
  task_id: fc.uuid(),
  session_id: fc.uuid(),
  engine: fc.constantFrom('llamacpp', 'vllm', 'tgi', 'triton'),
  ctx: int(1),
  priority: fc.constantFrom('interactive', 'batch'),
  deadline_ms: int(1),
  seed: int(0, 4_294_967_294),
  determinism: fc.constantFrom('strict', 'best_effort'),
  sampler_profile_version: id,
  stop: fc.array(text, { maxLength: 8 }),
  pin_pool_id: id,
  expected_tokens: int(1),
  kv_hint: fc.constantFrom('reuse', 'cold'),
};

const completion = fc.record(
  { model_ref: modelRef, prompt: text, workload: fc.constant('completion'), max_tokens: int(1), ...shared },
  { requiredKeys: ['model_ref', 'prompt'] },
);
const listed = fc.record(
  {
    model_ref: modelRef,
    workload: fc.constantFrom('embedding', 'rerank'),
    inputs: fc.array(text, { minLength: 2, maxLength: 8 }),
    ...shared,
  },
  { requiredKeys: ['model_ref', 'workload', 'inputs'] },
);
const request = fc.oneof(completion, listed);

/** A field, and values that it never takes. */
const broken = fc.oneof(
  ...Object.entries({
    model_ref: ['', '\0', null, 1, 'x'.repeat(257)],
    task_id: ['', 'x', '0b9b0a2e7c1c4c869d4e6a3a1b7c9f10', 1, null],
    session_id: ['\0', {}, null],
    workload: ['chat', '', null, 1],
    engine: ['mock', 'LLAMACPP', null],
    ctx: [0, -1, 1.5, '1', null, 2 ** 31],
    priority: ['high', null],
    deadline_ms: [0, -1, 0.5, null, Number.POSITIVE_INFINITY],
    seed: [-1, 4_294_967_295, 1.5, '1', null],
    determinism: [true, 'none', null],
    sampler_profile_version: ['', 'a b', null],
    stop: [[''], 'x', [1], Array.from({ length: 9 }, () => 'x'), null],
    pin_pool_id: ['', '../x', 'a/b', null, 'x'.repeat(64)],
    expected_tokens: [0, '1', null],
    kv_hint: ['warm', null],
    surprise: [1, null],
  }).map(([field, values]) => fc.record({ field: fc.constant(field), value: fc.constantFrom<unknown>(...values) })),
);

test('[ORCH-2001] never refuses a request that fits the spec’s table', () => {
  fc.assert(fc.property(request, (value) => validate('TaskRequest', value).ok));
});

test('[ORCH-2006] never lets a broken field pass, and names its path', () => {
  fc.assert(
    fc.property(request, broken, (value, { field, value: bad }) => {
      const checked = validate('TaskRequest', { ...value, [field]: bad });
      return !checked.ok && checked.faults.some(({ path }) => path === `/${field}` || path.startsWith(`/${field}/`));
    }),
  );
});

test('[ORCH-2001] a required field is never optional', () => {
  fc.assert(
    fc.property(request, fc.constantFrom('model_ref', 'prompt', 'inputs'), (value, field) => {
      const { [field]: gone, ...rest } = value as Record<string, unknown>;
      return gone === undefined || !validate('TaskRequest', rest).ok;
    }),
  );
});

test('[ORCH-2006] any JSON value gets an answer, with at least one fault where it is refused', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const checked = validate('TaskRequest', value);
      return checked.ok || checked.faults.length > 0;
    }),
  );
});
