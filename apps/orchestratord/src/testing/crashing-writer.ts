/**
 * A process that writes the story of `journal-records.ts` into a journal and dies by SIGKILL at one exact step of the file's
 * writer. Each batch that is stable is named on its output before the next one begins. Run by the conformance suite.
 */
import { writeSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openJournalFile } from '../journal/journal-file.ts';
import { JournalWriter } from '../journal/journal-writer.ts';
import { storyOps } from './journal-ops.ts';

const [file = '', stepText = ''] = process.argv.slice(2);
const lastStep = Number(stepText);
let step = 0;

/** Dies before the call when its turn has come. */
const countStep = (): void => {
  step += 1;
  if (step === lastStep) process.kill(process.pid, 'SIGKILL');
};

/** The same database, but every call that could change it is a step. */
const stepping = (database: DatabaseSync): DatabaseSync =>
  new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name === 'exec') {
        return (sql: string) => {
          countStep();
          target.exec(sql);
        };
      }
      if (name === 'prepare') {
        return (sql: string) => {
          const statement = target.prepare(sql);
          return { get: () => statement.get(), run: (...values: never[]) => (countStep(), statement.run(...values)) };
        };
      }
      return value.bind(target) as unknown;
    },
  });

const writer = new JournalWriter(stepping(openJournalFile(file)), 1e9);
for (const [index, ops] of storyOps().entries()) {
  writer.commit(ops);
  countStep();
  writeSync(1, `${index}\n`);
}
writeSync(1, `steps ${step}\n`);
