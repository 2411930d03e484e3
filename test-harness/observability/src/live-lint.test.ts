/** `metrics-lint` on a deployment, as the program that it is, against recorded scrapes that a plain server serves. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { readRecorded } from './recorded.ts';

const [{ orchestratord: controllerText, 'pool-managerd': agentText }] = await readRecorded();
const key = 'orch_secret';

/** Serves a scrape; with `asksForKey` only to who shows it. */
async function serve(text: string, asksForKey = false): Promise<string> {
  const server = createServer((request, response) => {
    const isAllowed = !asksForKey || request.headers.authorization === `Bearer ${key}`;
    response.writeHead(isAllowed ? (request.url === '/metrics' ? 200 : 404) : 401).end(isAllowed ? text : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const lint = (...flags: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> =>
  new Promise((done) => {
    const program = fileURLToPath(new URL('./main.ts', import.meta.url));
    execFile(process.execPath, [program, ...flags], { env: { ...process.env, A_KEY: key } }, (error, stdout, stderr) =>
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });

test('[ORCH-3028] a deployment that exports what is contracted is clean', async () => {
  const { code, stdout } = await lint('--controller', await serve(controllerText), '--agent', await serve(agentText));
  expect(stdout).toMatch(/orchestratord at \S+: \d\d of \d\d contracted metrics have samples, 0 findings\n/);
  expect(stdout).toMatch(/pool-managerd at \S+: \d of \d contracted metrics have samples, 0 findings\n/);
  expect(code).toBe(0);
});

test('[ORCH-3028] a deployment that exports something else is told what, for programs too', async () => {
  const bad = `${controllerText.replaceAll('tasks_enqueued_total{engine=', 'tasks_enqueued_total{motor=')}# TYPE mine gauge\nmine 1\n`;
  const { code, stdout } = await lint('--controller', await serve(bad), '--json');
  expect(code).toBe(1);
  const { services } = JSON.parse(stdout) as { services: { findings: string[] }[] };
  expect(services.map(({ findings }) => findings)).toEqual([
    [
      'mine: exported, and not in the contract',
      'tasks_enqueued_total: expected the labels engine, priority, tenant, workload, got motor, priority, tenant, workload',
    ],
  ]);
});

test('[ORCH-3043] a deployment with keys is shown the one from the environment', async () => {
  const url = await serve(agentText, true);
  expect(await lint('--agent', url)).toMatchObject({ code: 1, stdout: expect.stringContaining('got 401') as unknown });
  expect(await lint('--agent', url, '--key-env', 'A_KEY')).toMatchObject({ code: 0 });
});

test('a service that does not answer is a finding', async () => {
  const { code, stdout } = await lint('--controller', 'http://127.0.0.1:1');
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('expected an answer, got none') as unknown });
});

test.each([
  [['--json'], 'expected --controller URL or --agent URL'],
  [['--controller', 'localhost:1'], 'expected http://HOST:PORT, got `localhost:1`'],
  [['--controller', 'http://127.0.0.1:1', '--key-env', 'NOT_SET_HERE'], 'NOT_SET_HERE, which is not set'],
  [['--controler', 'x'], '--controler'],
] as const)('a wrong call says what is wrong: %s', async (flags, message) => {
  const { code, stderr } = await lint(...flags);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
