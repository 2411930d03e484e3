import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Service, startService, stopInOrder } from './service.ts';

let dir: string;
const started: Service[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'xtask-service-'));
});
afterEach(async () => {
  for (const service of started.splice(0)) {
    service.kill();
    await service.ended;
  }
  await rm(dir, { recursive: true, force: true });
});

/** Start a program from its source; it finds `listen` (prints the line) and `order` (appends to a shared file) ready. */
async function start(name: string, source: string): Promise<Service> {
  const file = join(dir, `${name}.mjs`);
  const preamble = `import { appendFileSync } from 'node:fs';
const listen = () => console.log('{"level":30,"event":"listening","url":"http://127.0.0.1:7"}');
const order = (text) => appendFileSync(${JSON.stringify(join(dir, 'order'))}, text + '\\n');
`;
  await writeFile(file, preamble + source);
  const service = startService({
    name,
    args: [file],
    env: process.env,
    cwd: dir,
    logFile: join(dir, `${name}.log`),
    onLogLine: () => undefined,
  });
  started.push(service);
  return service;
}

const never = new AbortController().signal;

test('tells where it listens, and keeps what it printed in its log file', async () => {
  const service = await start('one', "listen(); console.error('careful'); setInterval(() => {}, 1000);");
  expect(await service.listening).toBe('http://127.0.0.1:7');
  service.kill();
  expect(await service.ended).toMatchObject({ name: 'one', code: null, signal: 'SIGKILL' });
  expect(await readFile(join(dir, 'one.log'), 'utf8')).toContain('"event":"listening"');
});

test('a service that dies before it listens says how, with its last lines of stderr', async () => {
  const service = await start('one', "console.log('fine until here'); console.error('no model'); process.exitCode = 2;");
  expect(await service.listening).toBeUndefined();
  expect(await service.ended).toEqual({ name: 'one', code: 2, signal: null, lastLines: ['no model'] });
});

test('services end one after the other, in the given order', async () => {
  const source = (name: string) =>
    `process.on('SIGTERM', () => { order('${name} asked'); setTimeout(() => { order('${name} ended'); process.exit(0); }, 20); }); listen(); setInterval(() => {}, 1000);`;
  const services = [await start('first', source('first')), await start('second', source('second'))];
  for (const service of services) await service.listening;
  await stopInOrder(services, { forced: never, graceMs: 10_000 });
  expect(await readFile(join(dir, 'order'), 'utf8')).toBe('first asked\nfirst ended\nsecond asked\nsecond ended\n');
});

test('a second wish asks all again, which ends a service that drains', async () => {
  const source =
    "let asked = 0; process.on('SIGTERM', () => { asked += 1; order('asked'); if (asked === 2) process.exit(3); }); listen(); setInterval(() => {}, 1000);";
  const services = [await start('first', source)];
  await services[0]?.listening;
  const forced = new AbortController();
  const stopped = stopInOrder(services, { forced: forced.signal, graceMs: 10_000 });
  // Two signals that nobody has seen yet would be one.
  await expect.poll(() => readFile(join(dir, 'order'), 'utf8').catch(() => '')).toBe('asked\n');
  forced.abort();
  await stopped;
  expect(await services[0]?.ended).toMatchObject({ code: 3 });
});

test('a service that ignores even that is killed after the grace', async () => {
  const services = [await start('deaf', "process.on('SIGTERM', () => {}); listen(); setInterval(() => {}, 1000);")];
  await services[0]?.listening;
  await stopInOrder(services, { forced: AbortSignal.abort(), graceMs: 10 });
  expect(await services[0]?.ended).toMatchObject({ signal: 'SIGKILL' });
});
