/** The story of `journal-records.ts` as the writer of the file gets it. */
import type { JournalOp } from '../journal/journal-writer.ts';
import { replacesEarlier, subjectOf } from '../journal/journal.ts';
import { story } from './journal-records.ts';

export const storyOps = (): JournalOp[][] => {
  const subjects = new Map<string, number>();
  let seq = 0;
  return story.map((batch) =>
    batch.map((record): JournalOp => {
      seq += 1;
      const name = `${subjectOf(record).kind}:${subjectOf(record).key}`;
      const subject = subjects.get(name) ?? seq;
      subjects.set(name, subject);
      return { op: replacesEarlier(record) ? 'replace' : 'append', seq, subject, kind: record.kind, body: JSON.stringify(record) };
    }),
  );
};
