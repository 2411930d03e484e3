/** Flags as people write them. */
import { expect, test } from 'vitest';
import { parseFlags } from './flags.ts';

const names = ['one', 'two'];

test('--json stands alone or names a file', () => {
  expect(parseFlags([], names).json).toBeNull();
  expect(parseFlags(['--json'], names).json).toBe('');
  expect(parseFlags(['--json', '--quick'], names)).toMatchObject({ json: '', isQuick: true, rounds: 2 });
  expect(parseFlags(['--json', 'out.json', '--only', 'two'], names)).toMatchObject({ json: 'out.json', only: ['two'], rounds: 3 });
});

test('wrong flags say what is expected', () => {
  expect(() => parseFlags(['--rounds', '0'], names)).toThrow('1 to 99');
  expect(() => parseFlags(['--only', 'three'], names)).toThrow('one of one, two');
  expect(() => parseFlags(['--unknown'], names)).toThrow('--unknown');
});
