import { expect, test } from 'vitest';
import { parseNotYet } from './not-yet.ts';

const entry = (id: string, state = 'partly', reason = 'no time') => `- id: ${id}\n  state: ${state}\n  reason: ${reason}\n`;
const faults = (text: string) => parseNotYet('n.yaml', text).findings.map(({ line, expected }) => `${line}: ${expected}`);

test('reads each entry with its line', () => {
  const { entries, findings } = parseNotYet('n.yaml', `# why\n${entry('ORCH-1001')}${entry('ORCH-1002', 'not-yet', '"two\n\n    lines"')}`);
  expect(findings).toEqual([]);
  expect(entries).toEqual([
    { file: 'n.yaml', line: 2, id: 'ORCH-1001', state: 'partly', reason: 'no time' },
    { file: 'n.yaml', line: 5, id: 'ORCH-1002', state: 'not-yet', reason: 'two lines' },
  ]);
});

test.each([
  ['another state', entry('ORCH-1001', 'met'), 1],
  ['no reason', '- id: ORCH-1001\n  state: partly\n', 1],
  ['an empty reason', entry('ORCH-1001', 'partly', "' '"), 1],
  ['another field', `${entry('ORCH-1001')}  by: me\n`, 1],
  ['an id twice', entry('ORCH-1001') + entry('ORCH-1001'), 4],
  ['a wrong order', entry('ORCH-1002') + entry('ORCH-1001'), 4],
  ['no list', 'ORCH-1001: partly\n', 1],
  ['no YAML', '- id: [\n', 2],
])('%s is told with its line', (_, text, line) => {
  expect(faults(text)).toEqual([expect.stringMatching(new RegExp(`^${line}: `))]);
});
