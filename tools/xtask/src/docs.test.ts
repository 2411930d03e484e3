import { errorKinds } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { errorsDocument } from './docs.ts';

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
