import { expect, test } from 'vitest';
import { checkLinks } from './check-links.ts';

const files = ['README.md', 'docs/a.md', 'docs/b.md', 'ci/run.sh', 'contracts/openapi/data.yaml', 'contracts/openapi/agent.yaml'];
const check = (text: string, other = '# B one\n') =>
  checkLinks(
    files,
    new Map([
      ['docs/a.md', text],
      ['docs/b.md', other],
    ]),
  ).map(({ file, line, expected }) => `${file}:${line}: ${expected}`);

test.each([
  '[b](b.md) [root](../README.md) [folder](../ci/) [all](..)',
  '[one](b.md#b-one) and [here](#a-title)\n\n# A title',
  '[out](https://example.org/x#y) ![image](../ci/run.sh)',
  '[line](../ci/run.sh#L3)',
  'the files `contracts/openapi/{data,agent}.yaml`, `contracts/*/data.yaml`, `ci/run.sh`, `README.md` and `docs/`',
  'words in backticks: `ci`, `docs/NAME`, `pnpm test`, `/v1/tasks`, `src/elsewhere.ts`, `docs/../x y`',
  '[b]\n\n[b]: b.md#b-one',
  '```\n[not](a-link.md) `docs/none.md`\n```',
])('%s points at what there is', (text) => {
  expect(check(text)).toEqual([]);
});

test.each([
  ['a [b](c.md)', 'docs/a.md:1: a link to a file that exists, got c.md'],
  ['\n\n[b](b.md#two)', 'docs/a.md:3: a heading of docs/b.md for #two'],
  ['[me](#nowhere)', 'docs/a.md:1: a heading of docs/a.md for #nowhere'],
  ['[out](../../x.md)', 'docs/a.md:1: a link that stays in this repository, got ../../x.md'],
  ['`ci/walk.sh`', 'docs/a.md:1: a file of this repository, got `ci/walk.sh`'],
  ['`contracts/openapi/{data,control}.yaml`', 'docs/a.md:1: a file of this repository, got `contracts/openapi/{data,control}.yaml`'],
  ['[code](../ci/run.sh#part)', 'docs/a.md:1: an anchor only into Markdown, got ../ci/run.sh#part'],
])('%s is a finding', (text, expected) => {
  expect(check(text)).toEqual([expected]);
});
