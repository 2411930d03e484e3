import { errorKinds } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { determinismDocument } from './docs/determinism-document.ts';
import { errorsDocument } from './docs/errors-document.ts';
import { metricsDocument } from './docs/metrics-document.ts';
import { metricsLintFile } from './docs/metrics-lint-file.ts';

test('[ORCH-2006] the document has a section for every code and a row for every kind', () => {
  const document = errorsDocument(errorKinds);
  for (const [kind, { code, meaning }] of Object.entries(errorKinds)) {
    expect(document).toContain(`\n## ${code}\n`);
    expect(document).toContain(`| \`${kind}\` |`);
    expect(document).toContain(meaning.replaceAll('|', '\\|'));
  }
});

test('a bar in a cell does not end the cell', () => {
  const kinds = { odd: { code: 'INTERNAL', status: 500, retriable: false, meaning: 'a | b', remedy: 'c' } } as const;
  expect(errorsDocument(kinds)).toContain('| a \\| b |');
});

test('[ORCH-3028] the document has a row for every contracted metric, and asks for each as its type wants', () => {
  const metric = {
    file: 'm.md',
    line: 1,
    service: 'orchestratord',
    unit: 'ms',
    budget: '1',
    movesWhen: 'a | b',
    requirements: ['ORCH-3028'],
  };
  const document = metricsDocument([
    { ...metric, name: 'a_total', type: 'counter', labels: ['engine'] },
    { ...metric, name: 'b_ms', type: 'histogram', labels: ['engine_version', 'priority'] },
    { ...metric, name: 'c', type: 'gauge', labels: [] },
  ]);
  expect(document).toContain('| `a_total` | counter, ms | a \\| b | `engine` | `sum by (engine) (rate(a_total[5m]))` |');
  expect(document).toContain('`histogram_quantile(0.95, sum by (le, priority) (rate(b_ms_bucket[5m])))`');
  expect(document).toContain('|  | `c` |');
});

test('[ORCH-3028] the file for programs holds name, type, unit, labels, budget and requirements by service', () => {
  const metric = { file: 'm.md', line: 1, movesWhen: 'x', unit: 'ms', budget: '2 V', labels: ['engine'], requirements: ['ORCH-3028'] };
  const content: unknown = JSON.parse(metricsLintFile([{ ...metric, service: 'orchestratord', name: 'a', type: 'gauge' }]));
  expect(content).toMatchObject({
    services: {
      orchestratord: [{ name: 'a', type: 'gauge', unit: 'ms', labels: ['engine'], budget: '2 V', requirements: ['ORCH-3028'] }],
    },
  });
});

test('[ORCH-3061] the document of determinism has every program and mode, what is set and why the rest is refused', () => {
  const document = determinismDocument();
  expect(document.match(/^## /gm)).toHaveLength(5);
  expect(document.match(/^\| `(?:single_slot|batch_invariant|none)` \|/gm)).toHaveLength(15);
  expect(document).toContain('`VLLM_BATCH_INVARIANT=1`');
  expect(document.match(/\| refused \|/g)?.length).toBeGreaterThanOrEqual(4);
});
