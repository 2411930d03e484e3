/**
 * Proof that the checker can fail: the real stack with one bug in it, switched on from outside (a relay, an edited journal, a scripted
 * worker), must be caught by the rule that the bug breaks; the same stack without it is clean.
 */
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { createRandom, eventually } from '@llama-orch/e2e-haiku';
import { createClient } from '@llama-orch/openapi-client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { check } from './checker.ts';
import { type Clients, createClients } from './clients.ts';
import { startFaultyRelay } from './faulty-relay.ts';
import { promises, simScript } from './fleet-config.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { PlannedReader, PlannedTask } from './load-plan.ts';
import { readEndState } from './measure-end.ts';
import { createForms, type RequestForm, runUnfaulted } from './requests.ts';
import type { Violation } from './violation.ts';

const { sim: forms } = createForms(createRandom(1));
const form = forms[0] as RequestForm;
let fleet: Fleet;
let unfaulted: ReadonlyMap<string, string>;
beforeAll(async () => {
  fleet = await startFleet({ pools: ['sim-a'] });
  unfaulted = await runUnfaulted(createClient({ baseUrl: fleet.url, apiKey: fleet.keys.steady.key }), [form]);
});
afterAll(() => fleet?.stop());
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const raw: PlannedReader = { kind: 'raw', isDirect: false, dropAfterTokens: null, leaveAfterTokens: null };
const typed: PlannedReader = { ...raw, kind: 'typed' };
const plan = (count: number, rest: Partial<PlannedTask> = {}): readonly PlannedTask[] =>
  Array.from({ length: count }, () => ({
    atMs: 0,
    taskId: randomUUID(),
    tenant: 'steady',
    form,
    priority: 'interactive',
    determinism: 'strict',
    isDirect: true,
    readers: [raw],
    cancelAfterMs: null,
    ...rest,
  }));

function clientsOver(wireUrl: string): Clients {
  return createClients({ directUrl: fleet.url, wireUrl, keys: fleet.keys });
}

async function violationsOf(clients: Clients): Promise<readonly Violation[]> {
  await clients.settle(60_000);
  await clients.lookBack();
  const endState = await readEndState(fleet, {}, 3_000);
  return check({ transcript: { tasks: clients.tasks, unfaulted, promises }, endState });
}

const rulesOf = async (clients: Clients): Promise<readonly Violation['rule'][]> => [
  ...new Set((await violationsOf(clients)).map(({ rule }) => rule)),
];

/** Through a relay that spoils streams. */
async function throughRelay(
  spoil: (frame: string, n: number) => readonly string[],
  reader: PlannedReader,
): Promise<readonly Violation['rule'][]> {
  const relay = await startFaultyRelay(fleet.url, spoil);
  closers.push(() => relay.close());
  const clients = clientsOver(relay.url);
  await clients.send(plan(4, { readers: [reader] }));
  return rulesOf(clients);
}

test('[ORCH-3051] without a bug nothing is found, over the relay too', async () => {
  expect(await throughRelay((frame) => [frame], raw)).toEqual([]);
  expect(await throughRelay((frame) => [frame], typed)).toEqual([]);
});

test.each([
  ['drops', (frame: string, n: number) => (n === 5 ? [] : [frame])],
  ['doubles', (frame: string, n: number) => (n === 5 ? [frame, frame] : [frame])],
] as const)('[ORCH-3051] a relay that %s a token is caught, by whoever reads', async (_, spoil) => {
  expect(await throughRelay(spoil, raw)).toEqual(expect.arrayContaining(['lost-or-doubled-token', 'unlike-unfaulted']));
  expect(await throughRelay(spoil, typed)).toContain('broken-stream');
});

/** Kill the controller, change its journal, start it again. */
async function editJournal(edit: (database: DatabaseSync) => void): Promise<void> {
  fleet.controller.signal('SIGKILL');
  await fleet.controller.exited;
  const database = new DatabaseSync(fleet.journalFile);
  try {
    edit(database);
  } finally {
    database.close();
  }
  await fleet.startController();
  await fleet.untilReady();
}

test('[ORCH-3051] [ORCH-3302] a journal that lost an acceptance or an end is caught, one that was only cut short is not', async () => {
  const clients = clientsOver(fleet.url);
  await clients.send(plan(14));
  await eventually('the tasks to be accepted', () => clients.tasks.every(({ submits }) => submits.length > 0));
  await editJournal(() => undefined);
  expect(await rulesOf(clients)).toEqual([]);

  const ended = clients.tasks[0]?.taskId;
  await clients.send(plan(14, { readers: [] }));
  await eventually('the tasks to be accepted', () => clients.tasks.every(({ submits }) => submits.length > 0));
  const waiting = clients.tasks.at(-1)?.taskId;
  await editJournal((database) => {
    const forget = database.prepare('DELETE FROM record WHERE subject IN (SELECT subject FROM record WHERE body LIKE ?)');
    for (const id of [ended, waiting]) expect(forget.run(`%${id}%`).changes).toBeGreaterThan(0);
  });
  const lost = await violationsOf(clients);
  expect(new Set(lost.map(({ rule, taskId }) => `${rule} ${taskId}`))).toEqual(new Set([`lost-task ${ended}`, `lost-task ${waiting}`]));
});

test('[ORCH-3051] a worker that writes another text, and one that leaks its slot, are caught', async () => {
  const flipping = clientsOver(fleet.url);
  await fleet.control('sim-a').script({ ...simScript, flipOneIn: 7 });
  await flipping.send(plan(3));
  expect(await rulesOf(flipping)).toEqual(['unlike-unfaulted']);

  await fleet.control('sim-a').script({ ...simScript, slotsLie: 'all-busy' });
  const leaking = clientsOver(fleet.url);
  await leaking.send(plan(1));
  expect(await rulesOf(leaking)).toEqual(['slot-not-free']);
});
