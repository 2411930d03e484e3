import type { AgentStatus, DesiredState } from '@llama-orch/api-types';
import { OrchApiError } from '@llama-orch/openapi-client';
import { createLogger } from '@llama-orch/service-kit';
import { expect, test } from 'vitest';
import { createControllerLink } from './controller-link.ts';

const status = { generation: 0 } as AgentStatus;

/** A link against a scripted controller; time passes when the test says so. */
const harness = (script: {
  report?: () => Promise<void>;
  desired?: (generation: number, waitMs: number) => Promise<DesiredState | null>;
  onDesired?: (desired: DesiredState) => Promise<void>;
}) => {
  const logged: { event: string }[] = [];
  const sleeps: { readonly ms: number; readonly end: () => void }[] = [];
  let reports = 0;
  let generation = 7;
  const applied: number[] = [];
  const log = createLogger({
    service: 'test',
    level: 'info',
    pretty: false,
    stream: { write: (line: string) => void logged.push(JSON.parse(line) as { event: string }) },
  });
  const link = createControllerLink({
    client: {
      async reportStatus() {
        await script.report?.();
        reports += 1;
        return { generation, lease_ms: 3_000, interval_ms: 1_000 };
      },
      desiredPools: async (_name, { generation: known, waitMs = 0, signal }) => {
        const answer = await script.desired?.(known, waitMs);
        if (answer !== undefined) return answer;
        return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true }));
      },
    },
    agentName: 'host',
    status: () => Promise.resolve(status),
    generation: () => generation,
    onDesired: async (desired) => {
      await script.onDesired?.(desired);
      generation = desired.generation;
      applied.push(desired.generation);
    },
    random: () => 1,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        sleeps.push({ ms, end: resolve });
      }),
    log,
  });
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return {
    link,
    logged: () => logged.map(({ event }) => event),
    applied,
    reports: () => reports,
    settle,
    /** What is slept for now, and the end of all of it. */
    pass: async () => {
      await settle();
      const pending = sleeps.splice(0);
      for (const { end } of pending) end();
      await settle();
      return pending.map(({ ms }) => ms);
    },
  };
};

test('[ORCH-2109] reports at once, every interval, and soon after a change', async () => {
  const { link, reports, pass, settle } = harness({});
  expect(await pass()).toEqual([1_000]);
  expect(reports()).toBe(2);
  link.changed();
  link.changed();
  await settle();
  expect(await pass()).toEqual([1_000, 20]);
  expect(reports()).toBe(3);
  await link.stop(10);
});

test('[ORCH-2109] goes on for ever without a controller, more slowly, and says so once', async () => {
  let isAway = true;
  const away = (): Promise<void> =>
    isAway ? Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })) : Promise.resolve();
  const { link, reports, pass, logged } = harness({ report: away });
  const waits: number[] = [];
  for (let round = 0; round < 10; round += 1) waits.push(...(await pass()));
  expect(waits.slice(0, 5)).toEqual([200, 400, 800, 1_600, 2_000]);
  expect(waits.at(-1)).toBe(2_000);
  expect(link.isConnected()).toBe(false);
  isAway = false;
  await pass();
  expect(reports()).toBe(1);
  expect(link.isConnected()).toBe(true);
  expect(logged()).toEqual(['controller_unreachable', 'controller_connected']);
  await link.stop(10);
});

test('[ORCH-2109] another instance of its name is logged once, tried again, and what is desired of it is not touched', async () => {
  const taken = new OrchApiError(new Response(null, { status: 409 }), {
    code: 'INVALID_PARAMS',
    message: 'taken',
    retriable: false,
    correlation_id: 'x',
  });
  let isTaken = true;
  let asked = 0;
  const { link, pass, logged, applied } = harness({
    report: () => (isTaken ? Promise.reject(taken) : Promise.resolve()),
    desired: () => {
      asked += 1;
      return asked === 1 ? Promise.resolve({ generation: 8, pools: [] }) : new Promise(() => undefined);
    },
  });
  for (let round = 0; round < 4; round += 1) await pass();
  expect(logged()).toEqual(['agent_name_taken']);
  expect(asked).toBe(0);
  isTaken = false;
  for (let round = 0; round < 4; round += 1) await pass();
  expect(applied).toEqual([8]);
  void link.stop(10);
});

test('[ORCH-2109] applies what is new, then waits with the generation it has', async () => {
  const asked: string[] = [];
  const { link, applied, settle } = harness({
    desired: (generation, waitMs) => {
      asked.push(`${generation}/${waitMs}`);
      if (asked.length === 1) return Promise.resolve({ generation: 8, pools: [] });
      return asked.length === 2 ? Promise.resolve(null) : new Promise(() => undefined);
    },
  });
  await settle();
  expect(asked).toEqual(['0/0', '8/25000', '8/25000']);
  expect(applied).toEqual([8]);
  void link.stop(10);
});

test('[ORCH-2109] after a failure it asks for everything anew, for the controller may be another one', async () => {
  const asked: number[] = [];
  const { link, pass, applied } = harness({
    desired: (generation) => {
      asked.push(generation);
      if (asked.length === 2) return Promise.reject(new TypeError('fetch failed'));
      return asked.length > 3 ? new Promise(() => undefined) : Promise.resolve({ generation: 7, pools: [] });
    },
  });
  await pass();
  await pass();
  expect(asked).toEqual([0, 7, 0, 7]);
  expect(applied).toEqual([7, 7]);
  void link.stop(10);
});

test('a state that cannot be applied is asked for again', async () => {
  let tries = 0;
  const { link, pass, applied, logged } = harness({
    desired: () => (tries < 3 ? Promise.resolve({ generation: 9, pools: [] }) : new Promise(() => undefined)),
    onDesired: () => {
      tries += 1;
      return tries < 3 ? Promise.reject(new Error('disk full')) : Promise.resolve();
    },
  });
  for (let round = 0; round < 4; round += 1) await pass();
  expect(applied).toEqual([9]);
  expect(logged()).toContain('desired_failed');
  void link.stop(10);
});

test('[ORCH-2109] a controller that knows nothing yet does not empty the host', async () => {
  const { link, pass, applied, logged } = harness({ desired: () => Promise.resolve({ generation: 0, pools: [] }) });
  for (let round = 0; round < 4; round += 1) await pass();
  expect(applied).toEqual([]);
  expect(logged()).toContain('desired_failed');
  await link.stop(10);
});
