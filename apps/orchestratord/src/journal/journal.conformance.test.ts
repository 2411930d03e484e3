/**
 * What every journal must keep, and what a durable one keeps besides: whatever process dies, whatever a disk does. The same tests run
 * on each; those of a file have only one journal to run on.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from 'node:sqlite';
import { OrchError } from '@llama-orch/api-types';
import { createLogger, StartError } from '@llama-orch/service-kit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { accepted, operation, pinned, session, story, terminal } from '../testing/journal-records.ts';
import { foldRecords, type JournalContents } from './fold.ts';
import { journalFileName, migrations } from './journal-file.ts';
import type { Journal, JournalRecord } from './journal.ts';
import { type OpenedJournal, openJournal, readJournalFile } from './open-journal.ts';

const lines: string[] = [];
const log = createLogger({ service: 'test', level: 'debug', pretty: false, stream: { write: (line) => void lines.push(line) } });

let directory = '';
const open: Journal[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'orch-journal-'));
  lines.length = 0;
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((journal) => journal.close()));
  rmSync(directory, { recursive: true, force: true });
});

type Kind = 'memory' | 'sqlite';
type Settings = { readonly max_bytes?: number; readonly max_pending?: number };

const start = (kind: Kind, settings: Settings = {}): OpenedJournal => {
  const opened = openJournal({ kind, max_bytes: 1e9, max_pending: 1_000, ...settings }, directory, log);
  open.push(opened.journal);
  return opened;
};
const stop = async (journal: Journal): Promise<void> => {
  open.splice(open.indexOf(journal), 1);
  await journal.close();
};
/** What the next run finds. */
const reread = async (kind: Kind, journal?: Journal): Promise<JournalContents> => {
  if (journal !== undefined) await stop(journal);
  const { journal: next, contents } = start(kind);
  await stop(next);
  return contents;
};
const write = async (journal: Journal, records: readonly JournalRecord[]): Promise<void> => {
  await Promise.all(records.map((record) => journal.append(record)));
};
const file = (): string => join(directory, journalFileName);

describe.each<Kind>(['memory', 'sqlite'])('%s', (kind) => {
  test('[ORCH-3302] records are stable in the order in which they were appended', async () => {
    const { journal } = start(kind);
    const order: number[] = [];
    await Promise.all(story.flat().map((record, index) => journal.append(record).then(() => order.push(index))));
    expect(order).toEqual(story.flat().map((_, index) => index));
    expect([journal.fault, journal.isStuck, journal.pending]).toEqual([null, false, 0]);
  });

  test('[ORCH-3302] the next run finds what was stable, if the journal says that it is durable, and else nothing', async () => {
    const { journal, contents } = start(kind);
    expect(contents).toEqual(foldRecords([]));
    for (const batch of story) await write(journal, batch);
    expect(await reread(kind, journal)).toEqual(foldRecords(journal.isDurable ? story.flat() : []));
  });

  test('[ORCH-3302] what is forgotten is gone, and can be written anew', async () => {
    const { journal } = start(kind);
    await write(journal, [accepted('one'), operation('op', 1), session('s', 2)]);
    journal.forget({ kind: 'task', key: 't/one' });
    journal.forget({ kind: 'operation', key: 'op' });
    journal.forget({ kind: 'session', key: 't/s' });
    journal.forget({ kind: 'task', key: 't/never-heard-of' });
    await write(journal, [accepted('one', { atMs: 9 })]);
    const expected = journal.isDurable ? [accepted('one', { atMs: 9 })] : [];
    expect(await reread(kind, journal)).toEqual(foldRecords(expected));
  });

  test('records of a task that was never accepted are no error, and leave nothing', async () => {
    const { journal } = start(kind);
    await write(journal, [pinned('ghost'), terminal('ghost')]);
    expect((await reread(kind, journal)).ended).toEqual([]);
  });

  test('closing makes stable what was appended just before', async () => {
    const { journal } = start(kind);
    const appended = journal.append(accepted('last'));
    await stop(journal);
    await appended;
    expect((await reread(kind)).live).toHaveLength(journal.isDurable ? 1 : 0);
  });
});

test('[ORCH-3302] a run adds to what earlier runs left, and records of old tasks find them', async () => {
  const first = start('sqlite').journal;
  await write(first, [accepted('old'), pinned('old')]);
  await stop(first);
  const second = start('sqlite').journal;
  await write(second, [accepted('new'), terminal('old')]);
  const { live, ended } = await reread('sqlite', second);
  expect(live.map((task) => task.accepted.taskKey)).toEqual(['t/new']);
  expect(ended.map(({ taskKey }) => taskKey)).toEqual(['t/old']);
});

test('[ORCH-3302] a crash at any step of the writer loses nothing that was stable, and leaves no half batch', {
  timeout: 120_000,
}, async () => {
  const program = fileURLToPath(new URL('../testing/crashing-writer.ts', import.meta.url));
  const count = spawnSync(process.execPath, [program, file(), '0'], { encoding: 'utf8' });
  const steps = Number(/steps (\d+)/.exec(count.stdout)?.[1]);
  expect(steps).toBeGreaterThan(30);
  const crash = async (step: number): Promise<void> => {
    const home = mkdtempSync(join(directory, 'crash-'));
    const child = spawn(process.execPath, [program, join(home, journalFileName), String(step)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const [, signal] = (await once(child, 'close')) as [number | null, string | null];
    const stable = output.split('\n').length - 1;
    const { contents } = readJournalFile(join(home, journalFileName));
    // The batch that was being written when it died may be there or not, but as a whole.
    const possible = [stable, stable + 1].map((batches) => foldRecords(story.slice(0, batches).flat()));
    expect([step, signal]).toEqual([step, 'SIGKILL']);
    expect(possible, `after step ${step}, with ${stable} batches stable`).toContainEqual(contents);
  };
  // Two at a time: each is a process of its own.
  for (let step = 1; step <= steps; step += 2) await Promise.all([step, step + 1].filter((next) => next <= steps).map(crash));
});

test('[ORCH-3302] a file whose last writes never reached the disk holds the batches before them', async () => {
  const { journal } = start('sqlite');
  for (const batch of story) await write(journal, batch);
  // Copied while in use, as a power cut would leave it: nothing is checkpointed.
  const copy = mkdtempSync(join(directory, 'torn-'));
  const wal = readFileSync(`${file()}-wal`);
  const prefixes = story.map((_, batches) => foldRecords(story.slice(0, batches + 1).flat()));
  const seen = new Set<number>();
  for (let cut = wal.length; cut > 0; cut -= 1_500) {
    copyFileSync(file(), join(copy, journalFileName));
    writeFileSync(join(copy, `${journalFileName}-wal`), wal.subarray(0, cut));
    const { contents } = readJournalFile(join(copy, journalFileName));
    const batches = contents.run === null ? 0 : prefixes.findIndex((prefix) => isSame(prefix, contents)) + 1;
    expect(batches > 0 || contents.run === null, `a whole number of batches at ${cut} bytes`).toBe(true);
    seen.add(batches);
    for (const suffix of ['', '-wal']) rmSync(join(copy, `${journalFileName}${suffix}`), { force: true });
  }
  expect(seen.has(story.length)).toBe(true);
  expect(seen.size).toBeGreaterThan(2);
});

const isSame = (a: JournalContents, b: JournalContents): boolean => {
  try {
    expect(a).toEqual(b);
    return true;
  } catch {
    return false;
  }
};

test('a damaged file is refused with what to do about it', async () => {
  const { journal } = start('sqlite');
  for (let task = 0; task < 100; task += 1) await write(journal, [accepted(`task-${task}`)]);
  await stop(journal);
  const whole = readFileSync(file());
  for (const damage of ['cut', 'overwritten', 'not ours at all'] as const) {
    writeFileSync(file(), whole);
    if (damage === 'cut') truncateSync(file(), whole.length - 8_192);
    else if (damage === 'overwritten') writeFileSync(file(), whole.fill(0xab, 8_192, 32_768));
    else
      writeFileSync(file(), 'this is a text of more than a hundred bytes, which is what a database begins with at the very least, or so.');
    expect(() => start('sqlite'), damage).toThrow(/journal .* is damaged: .*--check-journal/);
  }
});

test('[ORCH-3302] a full file refuses new tasks, lets the others end, and recovers by itself when there is room', async () => {
  const { journal } = start('sqlite', { max_bytes: 1_048_576 });
  const long = 'x'.repeat(20_000);
  await write(journal, [accepted('first')]);
  let refusal: unknown;
  const held: string[] = [];
  for (let task = 0; refusal === undefined && task < 100; task += 1) {
    const record = accepted(`task-${task}`);
    refusal = await journal.append({ ...record, request: { ...record.request, prompt: long } }).then(
      () => void held.push(record.taskKey),
      (cause: unknown) => cause,
    );
  }
  expect(refusal).toMatchObject({ kind: 'journal-unavailable', retriable: true });
  expect(journal.fault).toContain('limit of 1048576 bytes');
  await journal.append(terminal('first'));
  for (const key of held.slice(0, 20)) journal.forget({ kind: 'task', key });
  await journal.append(operation('op', 'after'));
  expect(journal.fault).toBeNull();
  await journal.append(accepted('welcome-again'));
  const { live, ended } = await reread('sqlite', journal);
  expect(live.map(({ accepted: { taskKey } }) => taskKey)).toEqual([...held.slice(20), 't/welcome-again']);
  expect(ended).toHaveLength(1);
});

test('[ORCH-3302] while the disk takes nothing, nothing becomes stable; the records of tasks that run are kept until it does', async () => {
  const { journal } = start('sqlite', { max_bytes: 1_048_576 });
  await write(journal, [accepted('runs'), accepted('ends', { atMs: 7 })]);
  const other = terminal('runs', { text: 'y'.repeat(2_000_000) });
  const stable: string[] = [];
  const stuck = journal.append(other).then(() => stable.push(other.taskKey));
  const refused = await journal.append(accepted('newcomer')).catch((cause: unknown) => cause);
  expect(refused).toBeInstanceOf(OrchError);
  expect(journal.isStuck).toBe(true);
  expect(await journal.append(accepted('another')).catch((cause: unknown) => cause)).toBeInstanceOf(OrchError);
  const waits = journal.append(terminal('ends'));
  journal.forget({ kind: 'task', key: 't/runs' });
  expect([stable, lines.some((line) => line.includes('journal_failed'))]).toEqual([[], true]);
  // Closed in this state it gives up what cannot be written, and says so.
  await stop(journal);
  expect(lines.some((line) => line.includes('journal_lost'))).toBe(true);
  void Promise.allSettled([stuck, waits]);
  const { live } = await reread('sqlite');
  expect(live.map((task) => task.accepted.taskKey)).toEqual(['t/runs', 't/ends']);
});

test('[ORCH-3302] a journal that could not be written goes on by itself once there is room, in the old order', async () => {
  const { journal } = start('sqlite', { max_bytes: 1_048_576 });
  await write(journal, [accepted('one')]);
  const stable: number[] = [];
  const filling = Array.from({ length: 12 }, (_, index) =>
    journal.append(operation(`op-${index}`, 'z'.repeat(100_000))).then(() => stable.push(index)),
  );
  const ending = journal.append(terminal('one'));
  await vi.waitFor(() => expect(journal.isStuck).toBe(true), { timeout: 20_000 });
  for (let index = 0; index < 4; index += 1) journal.forget({ kind: 'operation', key: `op-${index}` });
  await Promise.all([...filling, ending]);
  expect([journal.isStuck, lines.some((line) => line.includes('journal_recovered'))]).toEqual([false, true]);
  const { operations, ended } = await reread('sqlite', journal);
  expect([...operations.keys()]).toEqual(Array.from({ length: 8 }, (_, index) => `op-${index + 4}`));
  expect(ended).toHaveLength(1);
});

test('[ORCH-3302] a running journal has its file alone: nobody else reads or writes it', async () => {
  const { journal } = start('sqlite');
  await write(journal, [accepted('one')]);
  const holder = new DatabaseSync(file(), { timeout: 0 });
  expect(() => holder.prepare('SELECT * FROM record').all()).toThrow(/locked/);
  holder.close();
  await journal.append(pinned('one'));
  expect((await reread('sqlite', journal)).live[0]?.pinned).not.toBeNull();
});

test('a second holder is told that the file is in use, with exit code 2', async () => {
  const { journal } = start('sqlite');
  await write(journal, [accepted('one')]);
  let thrown: unknown;
  try {
    start('sqlite');
  } catch (cause) {
    thrown = cause;
  }
  expect(thrown).toBeInstanceOf(StartError);
  expect(thrown).toMatchObject({ exitCode: 2, message: expect.stringContaining('in use by another process') });
});

test('a journal of an older version is brought to this one with all that is in it, and one of a newer version is refused', async () => {
  for (let version = 1; version < migrations.length; version += 1) {
    rmSync(file(), { force: true });
    const old = new DatabaseSync(file());
    for (const step of migrations.slice(0, version)) old.exec(step);
    old.exec(`PRAGMA application_id = 1869767528; PRAGMA user_version = ${version}`);
    const insert = old.prepare('INSERT INTO record (seq, subject, kind, body) VALUES (?, ?, ?, ?)');
    for (const [index, record] of story.flat().entries()) insert.run(index + 1, index + 1, record.kind, JSON.stringify(record));
    old.close();
    expect(await reread('sqlite'), `version ${version}`).toEqual(foldRecords(story.flat()));
  }
  const { journal } = start('sqlite');
  await stop(journal);
  const newer = new DatabaseSync(file());
  newer.exec(`PRAGMA user_version = ${migrations.length + 1}`);
  newer.close();
  expect(() => start('sqlite')).toThrow(
    new RegExp(`is version ${migrations.length + 1}, and this program reads up to version ${migrations.length}`),
  );
});

test('[ORCH-3043] the file can be read by its owner only, and the prompt of a task that ended is gone from its records', async () => {
  writeFileSync(file(), '', { mode: 0o644 });
  chmodSync(file(), 0o644);
  const { journal } = start('sqlite');
  await write(journal, [accepted('one'), terminal('one')]);
  expect([statSync(file()).mode & 0o777, statSync(`${file()}-wal`).mode & 0o777]).toEqual([0o600, 0o600]);
  await stop(journal);
  const database = new DatabaseSync(file());
  expect(JSON.stringify(database.prepare('SELECT body FROM record').all())).not.toContain('secret prompt');
  database.close();
});

test('the records of ended tasks take the place of what they replace: the file stays as small as what it holds', async () => {
  const { journal } = start('sqlite');
  for (let round = 0; round < 40; round += 1) {
    const ids = Array.from({ length: 50 }, (_, index) => `${round}-${index}`);
    await write(journal, [...ids.map((id) => accepted(id)), ...ids.map((id) => pinned(id)), ...ids.map((id) => terminal(id))]);
    for (const id of ids) journal.forget({ kind: 'task', key: `t/${id}` });
  }
  await stop(journal);
  // 2,000 tasks of more than 2 KB each went through it.
  expect(statSync(file()).size).toBeLessThan(1_000_000);
});

test('a journal that lags refuses new tasks before its backlog grows without end', async () => {
  const { journal } = start('sqlite', { max_pending: 100 });
  const answers = await Promise.allSettled(Array.from({ length: 150 }, (_, index) => journal.append(accepted(`task-${index}`))));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
  expect(journal.fault).toBeNull();
  await journal.append(accepted('later'));
});
