import { expect, test } from 'vitest';
import { readCodeLinks, readTestLinks } from './code-links.ts';
import { readContractLinks } from './contract-links.ts';
import type { Sources } from './evidence.ts';
import { readMetricLinks } from './metric-links.ts';
import { parseNotYet } from './not-yet.ts';
import { checkRequirements } from './rules.ts';
import { parseSourceFile } from './source-file.ts';
import { parseSpec } from './spec.ts';

type Texts = {
  spec?: string;
  code?: string;
  tests?: string;
  contract?: string;
  metrics?: string;
  notYet?: string;
  mentions?: Sources['mentions'];
};

const must = '- **[ORCH-1001] One.** It MUST.\n';
const code = '/** @req ORCH-1001 */\nexport const a = 1;\n';
const tests = "\ntest('[ORCH-1001] works', f);\n";

/** The findings for a tree of one file of each kind. */
function check({ spec = must, code: built = '', tests: proof = '', contract = '', metrics = '', notYet = '[]', mentions = [] }: Texts) {
  const files = [parseSourceFile('a.ts', built), parseSourceFile('a.test.ts', proof)];
  return checkRequirements({
    requirements: parseSpec('specs/s.md', spec).requirements,
    contract: readContractLinks('c.yaml', contract),
    code: readCodeLinks(files),
    tests: readTestLinks(files),
    metrics: readMetricLinks('m.md', metrics),
    notYet: parseNotYet('n.yaml', notYet).entries,
    mentions,
  }).map(({ file, line, expected }) => `${file}:${line}: ${expected}`);
}

const listed = (state: string) => `- id: ORCH-1001\n  state: ${state}\n  reason: because\n`;
const row = (id: string) => `| name | requirements |\n| --- | --- |\n| a | ${id} |\n`;

test('a MUST with code and a test is well', () => {
  expect(check({ code, tests, contract: 'x-req-id: [ORCH-1001]\n', metrics: row('ORCH-1001') })).toEqual([]);
});

test('a MUST with neither code nor test is well only where the list has it', () => {
  expect(check({})).toEqual([expect.stringMatching(/^specs\/s\.md:1: .*ORCH-1001 \(One\).*not-yet\.yaml/)]);
  expect(check({ notYet: listed('not-yet') })).toEqual([]);
  expect(check({ spec: '- **[ORCH-1001] One.** It SHOULD.\n' })).toEqual([]);
});

test('a MUST that is marked needs a test, listed or not', () => {
  const expected = [expect.stringMatching(/^a\.ts:1: a test whose title names \[ORCH-1001\]/)];
  expect(check({ code })).toEqual(expected);
  expect(check({ code, notYet: listed('partly') })).toEqual(expected);
});

test('a MUST that is tested needs its mark', () => {
  expect(check({ tests })).toEqual([expect.stringMatching(/^a\.test\.ts:2: `@req ORCH-1001`/)]);
});

test('what has code and tests is not "not yet", and what has neither is not "partly"', () => {
  expect(check({ code, tests, notYet: listed('not-yet') })).toEqual([expect.stringMatching(/^n\.yaml:1: ORCH-1001 to leave this list/)]);
  expect(check({ code, tests, notYet: listed('partly') })).toEqual([]);
  expect(check({ notYet: listed('partly') })).toEqual([expect.stringMatching(/^n\.yaml:1: `state: not-yet`/)]);
});

test.each<[string, Texts, string]>([
  ['a test title', { tests: "test('[ORCH-9999] works', f);" }, 'a.test.ts:1'],
  ['an @req', { code: '/** @req ORCH-9999 */\nexport const b = 1;\n' }, 'a.ts:1'],
  ['an x-req-id', { contract: 'a: 1\nx-req-id: [ORCH-9999]\n' }, 'c.yaml:2'],
  ['a metric', { metrics: row('ORCH-9999') }, 'm.md:3'],
  ['the list', { notYet: '- id: ORCH-9999\n  state: not-yet\n  reason: because\n' }, 'n.yaml:1'],
  ['a document', { mentions: [{ id: 'ORCH-9999', file: 'd.md', line: 4 }] }, 'd.md:4'],
])('%s that names an id the spec lacks is told with its place', (_, texts, place) => {
  expect(check({ spec: '', ...texts })).toEqual([`${place}: an id of specs/orchestrator-spec.md that is in force, got ORCH-9999`]);
});

test('a withdrawn id may be cited nowhere, and needs nothing', () => {
  const spec = '- **[ORCH-1001-DEPR] One.** It MUST.\n';
  expect(check({ spec })).toEqual([]);
  expect(check({ spec, tests })).toEqual([expect.stringMatching(/^a\.test\.ts:2: .*ORCH-1001, which is withdrawn \(-DEPR\)$/)]);
});

test('an id that is a link and a mention is told once', () => {
  const mentions = [{ id: 'ORCH-9999', file: 'c.yaml', line: 1 }];
  expect(check({ spec: '', contract: 'x-req-id: [ORCH-9999]\n', mentions })).toHaveLength(1);
});
