/**
 * The hand-kept list of what is not built, or not wholly: requirements/not-yet.yaml. It knows no requirement.
 */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Finding } from './finding.ts';
import { compareText, type Place } from './place.ts';

export type NotYet = Place & {
  readonly id: string;
  /** `partly`: some of it is built and tested, and `reason` says what is not. */
  readonly state: 'partly' | 'not-yet';
  readonly reason: string;
};

const keys = ['id', 'state', 'reason'];

/** A list of `{ id, state, reason }`, sorted by id. */
export function parseNotYet(file: string, text: string): { entries: readonly NotYet[]; findings: readonly Finding[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [fault] = document.errors;
  if (fault !== undefined) return { entries: [], findings: [{ file, line: lines.linePos(fault.pos[0]).line, expected: fault.message }] };
  if (!isSeq(document.contents)) return { entries: [], findings: [{ file, line: 1, expected: 'a list of `{ id, state, reason }`' }] };
  const entries: NotYet[] = [];
  const findings: Finding[] = [];
  for (const item of document.contents.items) {
    const line = isMap(item) ? lines.linePos(item.range?.[0] ?? 0).line : 1;
    const fields = new Map(isMap(item) ? item.items.map(({ key, value }) => [plain(key), plain(value)]) : []);
    const [id, state, reason] = keys.map((key) => fields.get(key));
    const last = entries.at(-1)?.id;
    if (id === undefined || (state !== 'partly' && state !== 'not-yet') || reason === undefined || fields.size !== keys.length) {
      findings.push({ file, line, expected: '`id`, `state` (partly or not-yet) and `reason`, and nothing else' });
    } else if (last !== undefined && compareText(last, id) >= 0) {
      findings.push({ file, line, expected: `each id once and in order, got ${id} after ${last}` });
    } else {
      entries.push({ file, line, id, state, reason: reason.replaceAll(/\s+/g, ' ').trim() });
    }
  }
  return { entries, findings };
}

function plain(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === 'string' && node.value.trim() !== '' ? node.value : undefined;
}
