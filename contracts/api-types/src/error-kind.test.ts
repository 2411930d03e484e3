/** Holds the spec's table of errors, the contract's code enum, its responses and the table of kinds equal, both ways. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorKinds } from './error-kind.ts';
import { openapiDocument } from './generated/openapi-document.ts';
import { schemaBundle } from './generated/validators.ts';
import { validate } from './validate.ts';

type Row = { readonly code: string; readonly statuses: readonly number[]; readonly retriable: string };

/** Rows of the spec's section "Errors"; one line may hold several codes with their statuses in the same order. */
function specRows(): readonly Row[] {
  const spec = readFileSync(new URL('../../../specs/orchestrator-spec.md', import.meta.url), 'utf8');
  const section = spec.split('### Errors\n')[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => {
      const [codes = '', http = '', retriable = ''] = line
        .split('|')
        .slice(1)
        .map((cell) => cell.trim());
      const names = [...codes.matchAll(/`([A-Z_]+)`/g)].map((match) => match[1] ?? '');
      const statuses = [...http.matchAll(/\d{3}/g)].map((match) => Number(match[0]));
      return names.map((code, i) => ({ code, statuses: names.length === 1 ? statuses : statuses.slice(i, i + 1), retriable }));
    });
}

const rows = specRows();
const kinds = Object.entries(errorKinds);

/** Code and status pairs, sorted, each once. */
const pairs = (list: readonly { readonly code: string; readonly status: number }[]): readonly string[] =>
  [...new Set(list.map(({ code, status }) => `${code} ${status}`))].toSorted();

const specPairs = pairs(rows.flatMap(({ code, statuses }) => statuses.map((status) => ({ code, status }))));

/** Every pair that a response of the document allows: its status, and the codes of its schema. */
function documentPairs(): readonly string[] {
  const components = openapiDocument.components as Record<string, Record<string, Record<string, unknown>>>;
  const found: { code: string; status: number }[] = [];
  const visit = (responses: Record<string, { readonly $ref?: string }>): void => {
    for (const [status, response] of Object.entries(responses)) {
      const name = response.$ref?.split('/').at(-1) ?? '';
      const content = (components['responses']?.[name]?.['content'] ?? {}) as Record<string, { schema: { $ref: string } }>;
      const schema = schemaBundle.$defs[content['application/json']?.schema.$ref.split('/').at(-1) as keyof typeof schemaBundle.$defs] as
        | { properties: { code: { enum: string[] } } }
        | undefined;
      if (Number(status) >= 400) {
        found.push(...(schema?.properties.code.enum ?? []).map((code) => ({ code, status: Number(status) })));
      }
    }
  };
  visit(openapiDocument['x-any-path'] as Record<string, { $ref: string }>);
  for (const item of Object.values(openapiDocument.paths)) {
    for (const operation of Object.values(item) as { responses?: Record<string, { $ref?: string }> }[]) {
      visit(operation.responses ?? {});
    }
  }
  return pairs(found);
}

test('[ORCH-2006] reads all fifteen codes of the spec', () => {
  expect(rows.map((row) => row.code)).toHaveLength(15);
});

test('[ORCH-2006] the code enum of the contract is the spec’s table, in its order', () => {
  expect((schemaBundle.$defs.ErrorCode as { enum: string[] }).enum).toEqual(rows.map((row) => row.code));
});

test('[ORCH-2006] the kinds cover the spec’s codes and statuses, and no others', () => {
  expect(pairs(kinds.map(([, info]) => info))).toEqual(specPairs);
});

test('[ORCH-2006] the responses of the contract cover the spec’s codes and statuses, and no others', () => {
  expect(documentPairs()).toEqual(specPairs);
});

test('[ORCH-3025] a kind is retriable where the spec’s row says so', () => {
  const wrong = kinds.filter(([, info]) => {
    const row = rows.find(({ code }) => code === info.code);
    const mixed = row?.retriable.includes('but not') || row?.retriable.includes(';');
    return !mixed && row?.retriable !== (info.retriable ? 'yes' : 'no');
  });
  expect(wrong).toEqual([]);
  expect(errorKinds['session-budget-spent'].retriable).toBe(false);
  expect(errorKinds['determinism-mismatch'].retriable).toBe(false);
  expect(errorKinds['journal-unavailable'].retriable).toBe(true);
  expect(errorKinds.internal.retriable).toBe(false);
});

test('each kind tells an operator what it means and what to do', () => {
  expect(kinds.filter(([, info]) => !info.meaning.endsWith('.') || !info.remedy.endsWith('.'))).toEqual([]);
});

test('[ORCH-2006] the kinds’ envelopes fit the schema of their response', async () => {
  const { toErrorEnvelope } = await import('./error-envelope.ts');
  for (const [kind] of kinds) {
    expect(validate('ErrorEnvelope', toErrorEnvelope(kind as keyof typeof errorKinds, { correlationId: 'c' }))).toMatchObject({ ok: true });
  }
});
