/** What requests are refused for, and in which words. */
import { expect, test } from 'vitest';
import { schemaBundle, type SchemaName } from './generated/validators.ts';
import { isOrchError } from './orch-error.ts';
import { maxFaults, parseAs, validate } from './validate.ts';

const faultsOf = (value: unknown) => {
  const checked = validate('TaskRequest', value);
  return checked.ok ? [] : checked.faults.map(({ path, message }) => `${path}: ${message}`);
};
const shortest = { model_ref: 'haiku-tiny', prompt: 'x' };

test('every component schema compiles strictly', () => {
  for (const name of Object.keys(schemaBundle.$defs) as SchemaName[]) {
    expect(() => validate(name, undefined), name).not.toThrow();
  }
});

test('[ORCH-2001] two fields are enough, and the value is not changed', () => {
  const checked = validate('TaskRequest', shortest);
  expect(checked).toEqual({ ok: true, value: { model_ref: 'haiku-tiny', prompt: 'x' } });
});

test.each<readonly [string, unknown, readonly string[]]>([
  ['unknown field', { ...shortest, promt: 'x' }, ['/promt: unknown field']],
  ['unknown field with slashes', { ...shortest, 'a/b~c': 1 }, ['/a~1b~0c: unknown field']],
  ['a prototype as a field', JSON.parse('{"model_ref":"a","prompt":"x","__proto__":{}}'), ['/__proto__: unknown field']],
  ['wrong type', { ...shortest, model_ref: 7 }, ['/model_ref: expected string, got number']],
  ['null for absent', { ...shortest, seed: null }, ['/seed: expected integer, got null']],
  ['neither prompt nor inputs', { model_ref: 'a' }, ['/prompt: missing; `completion` takes `prompt`']],
  ['both prompt and inputs', { ...shortest, inputs: ['x'] }, ['/inputs: not allowed; `completion` takes `prompt`']],
  [
    'inputs for a completion',
    { model_ref: 'a', inputs: ['x'] },
    ['/prompt: missing; `completion` takes `prompt`', '/inputs: not allowed; `completion` takes `prompt`'],
  ],
  [
    'prompt for an embedding',
    { ...shortest, workload: 'embedding' },
    ['/inputs: missing; this workload takes `inputs`', '/prompt: not allowed; this workload takes `inputs`'],
  ],
  [
    'max_tokens for an embedding',
    { model_ref: 'a', workload: 'embedding', inputs: ['x'], max_tokens: 1 },
    ['/max_tokens: not allowed; only for `completion`'],
  ],
  [
    'a rerank without documents',
    { model_ref: 'a', workload: 'rerank', inputs: ['q'] },
    ['/inputs: expected the query and at least one document'],
  ],
  ['unknown engine', { ...shortest, engine: 'mock' }, ['/engine: expected one of "llamacpp", "vllm", "tgi", "triton"']],
  ['no UUID', { ...shortest, task_id: 'urn:uuid:0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10' }, ['/task_id: expected a UUID']],
  [
    'a NUL in an id',
    { ...shortest, pin_pool_id: 'a\0' },
    ['/pin_pool_id: expected 1 to 63 letters, digits, `.`, `_` or `-`, the first a letter or digit'],
  ],
  ['a NUL in a name', { ...shortest, model_ref: 'a\0' }, ['/model_ref: expected text without control characters']],
  ['the seed no engine can take', { ...shortest, seed: 4294967295 }, ['/seed: must be <= 4294967294']],
  ['no tokens', { ...shortest, max_tokens: 0 }, ['/max_tokens: must be >= 1']],
  ['an empty stop', { ...shortest, stop: ['a', ''] }, ['/stop/1: must NOT have fewer than 1 characters']],
  ['nine stops', { ...shortest, stop: Array.from('123456789') }, ['/stop: must NOT have more than 8 items']],
  ['an endless prompt', { ...shortest, prompt: 'x'.repeat(1_000_001) }, ['/prompt: must NOT have more than 1000000 characters']],
  ['no object', [shortest], [': expected object, got array']],
])('[ORCH-2006] refuses %s, saying where and why', (_, value, faults) => {
  expect(faultsOf(value).toSorted()).toEqual(faults.toSorted());
});

test('[ORCH-2006] lists every fault of a request', () => {
  expect(faultsOf({ model_ref: '', prompt: 1, ctx: 0, priority: 'high' })).toHaveLength(4);
});

test('[ORCH-2006] a hostile value gets few and short faults', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, i]));
  expect(faultsOf({ ...shortest, ...many })).toHaveLength(maxFaults);
  expect(faultsOf({ ...shortest, inputs: Array.from({ length: 100_000 }, () => 1) })).toHaveLength(1);
  expect(faultsOf({ ...shortest, ['x'.repeat(10_000)]: 1 })[0]?.length).toBeLessThan(100);
});

test('[ORCH-3043] a fault does not quote the value', () => {
  const checked = JSON.stringify(validate('TaskRequest', { model_ref: 'secret\0', prompt: ['secret'], engine: 'secret', stop: 'secret' }));
  expect(checked).not.toContain('secret');
});

test('a union names all its forms', () => {
  const checked = validate('DesiredRuntime', { kind: 'docker' });
  expect(!checked.ok && checked.faults[0]).toMatchObject({ path: '/kind', message: 'expected one of "embedded", "command", "external"' });
});

test('[ORCH-2006] parseAs throws the typed error whose details list the faults', () => {
  const caught = (() => {
    try {
      return parseAs('TaskRequest', { ...shortest, seed: -1 });
    } catch (error) {
      return error;
    }
  })();
  expect(isOrchError(caught)).toBe(true);
  expect(caught).toMatchObject({
    kind: 'invalid-params',
    message: 'The request does not fit its schema: /seed: must be >= 0.',
    details: { faults: [{ path: '/seed', message: 'must be >= 0' }] },
  });
});
