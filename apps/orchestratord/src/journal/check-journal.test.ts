import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { storyOps } from '../testing/journal-ops.ts';
import { checkJournal, formatReport } from './check-journal.ts';
import { migrations, openJournalFile } from './journal-file.ts';
import { JournalWriter } from './journal-writer.ts';

let directory = '';
let file = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'orch-check-'));
  file = join(directory, 'journal.sqlite');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const writeStory = (): void => {
  const writer = new JournalWriter(openJournalFile(file), 1e9);
  for (const ops of storyOps()) writer.commit(ops);
  writer.close();
};

const edit = (sql: string): void => {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
};

test('a whole journal is ok, and the report counts what is in it', () => {
  writeStory();
  const report = checkJournal(file);
  expect(report).toMatchObject({
    state: 'ok',
    version: migrations.length,
    records: { run: 1, terminal: 2, budget: 1, session: 1, operation: 1, accepted: 1 },
    tasks: { queued: 1, running: 0, ended: 2 },
    operations: 1,
    problems: [],
  });
  expect(formatReport(report)).toContain(`${file}: ok\n`);
  expect(formatReport(report)).toContain('tasks: 1 queued, 0 interrupted, 2 ended');
});

test('where there is no journal there is nothing to find, and none is made', () => {
  expect(checkJournal(file)).toMatchObject({ state: 'none' });
  expect(() => readFileSync(file)).toThrow(/ENOENT/);
});

test('a record that is not what was written is named, and the others are still counted', () => {
  writeStory();
  edit(`UPDATE record SET body = replace(body, 'text of one', 'text of ONE') WHERE kind = 'terminal'`);
  const report = checkJournal(file);
  expect(report).toMatchObject({ state: 'damaged', tasks: { queued: 1, ended: 1 } });
  expect(report.problems).toEqual([expect.stringMatching(/^record \d+ \(terminal\) does not match its checksum$/)]);
  expect(formatReport(report)).toContain('damaged, 1 problems');
});

test('a record of which the acceptance is lost, or that is filed under another subject, is named', () => {
  writeStory();
  edit(
    `DELETE FROM record WHERE kind = 'accepted'; INSERT INTO record (seq, subject, kind, body, crc) VALUES (98, 98, 'pinned', '{"kind":"pinned","taskKey":"t/lost"}', NULL)`,
  );
  edit(`UPDATE record SET subject = (SELECT subject FROM record WHERE kind = 'budget') WHERE kind = 'operation'`);
  expect(checkJournal(file).problems).toEqual([
    expect.stringMatching(/^record \d+ \(operation\) is of operation op, not of budget/),
    'task t/lost has pinned before it was accepted',
  ]);
});

test('pages that are damaged are problems of the file', () => {
  writeStory();
  edit('VACUUM');
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0x55, 4_096 * 2 + 100, 4_096 * 3 - 100));
  const report = checkJournal(file);
  expect(report.state).toBe('damaged');
  expect(report.problems.length).toBeGreaterThan(0);
});

test('an older version is looked at and left as it is', () => {
  const old = new DatabaseSync(file);
  old.exec(`${migrations[0]} PRAGMA application_id = 1869767528; PRAGMA user_version = 1`);
  old.close();
  expect(checkJournal(file)).toMatchObject({ state: 'ok', version: 1 });
  expect(checkJournal(file)).toMatchObject({ version: 1 });
});
