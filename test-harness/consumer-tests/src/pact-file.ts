/**
 * Pacts as committed files: the library's output in one order and without what changes with its version, written only on request.
 * It knows no interaction.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('../../../contracts/pacts/', import.meta.url));

type Pact = { readonly interactions: readonly { readonly description: string }[]; readonly metadata: unknown };

/** Same interactions, same bytes. */
export function canonical(text: string): string {
  const pact = JSON.parse(text) as Pact;
  const interactions = pact.interactions.toSorted((a, b) => (a.description < b.description ? -1 : 1));
  // Versions of the libraries that wrote it say nothing about what was agreed.
  return `${JSON.stringify(sorted({ ...pact, interactions, metadata: { pactSpecification: { version: '4.0' } } }), null, 2)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

export type Committed = { readonly file: string; readonly text: string };

/** The committed pact; '' where there is none yet. With `ORCH_PACT_WRITE=1` it is written first. */
export function committedPact(name: string, written: string): Committed {
  const file = join(directory, name);
  if (process.env['ORCH_PACT_WRITE'] === '1') {
    writeFileSync(`${file}.new`, written);
    renameSync(`${file}.new`, file);
  }
  return { file, text: existsSync(file) ? readFileSync(file, 'utf8') : '' };
}
