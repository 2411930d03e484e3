/**
 * Signals, first against a stand-in for the process, then against a real one.
 */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { onShutdown } from './shutdown.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const start = (drain: (deadline: AbortSignal) => Promise<void>) => {
  const source = new EventEmitter();
  const exits: number[] = [];
  const events: unknown[] = [];
  const log = pino({}, { write: (line: string) => void events.push((JSON.parse(line) as Record<string, unknown>)['event']) });
  const shutdown = onShutdown({ drain, deadlineMs: 1_000, log, source, exit: (code) => void exits.push(code) });
  const listeners = () => source.listenerCount('SIGTERM') + source.listenerCount('SIGINT');
  return { source, exits, events, shutdown, listeners };
};

test('[ORCH-3054] the first signal drains, then the process exits 0 and no listener or timer is left', async () => {
  const drained = Promise.withResolvers<void>();
  const { source, exits, events, listeners } = start(() => drained.promise);
  source.emit('SIGTERM', 'SIGTERM');
  await vi.advanceTimersByTimeAsync(999);
  expect(exits).toEqual([]);
  drained.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(exits).toEqual([0]);
  expect(events).toEqual(['shutdown_started', 'shutdown_done']);
  expect(listeners()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('[ORCH-3054] at the deadline the drain is told, and still exits 0 when it then returns', async () => {
  const { source, exits, events } = start(async (deadline) => void (await once(deadline, 'abort')));
  source.emit('SIGINT', 'SIGINT');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(exits).toEqual([0]);
  expect(events).toEqual(['shutdown_started', 'shutdown_deadline', 'shutdown_done']);
});

test('a second signal kills at once with exit code 1, and says so', async () => {
  const { source, exits, events, listeners } = start(() => new Promise(() => {}));
  source.emit('SIGTERM', 'SIGTERM');
  source.emit('SIGINT', 'SIGINT');
  expect(exits).toEqual([1]);
  expect(events).toEqual(['shutdown_started', 'shutdown_killed']);
  expect(listeners()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('a drain that hangs after its deadline does not keep the process', async () => {
  const { source, exits, events } = start(() => new Promise(() => {}));
  source.emit('SIGTERM', 'SIGTERM');
  await vi.advanceTimersByTimeAsync(5_999);
  expect(exits).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(exits).toEqual([1]);
  expect(events).toContain('shutdown_stuck');
});

test.each([
  ['rejects', () => Promise.reject(new Error('no'))],
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
])('a drain that %s exits 1', async (_name, drain) => {
  const { source, exits, events } = start(drain);
  source.emit('SIGTERM', 'SIGTERM');
  await vi.advanceTimersByTimeAsync(0);
  expect(exits).toEqual([1]);
  expect(events).toContain('shutdown_failed');
});

test('it can begin without a signal, once, and can be disposed of', async () => {
  const drain = vi.fn<() => Promise<void>>(async () => {});
  const { exits, shutdown, listeners } = start(drain);
  shutdown.begin('stdin closed');
  shutdown.begin('stdin closed');
  await vi.advanceTimersByTimeAsync(0);
  expect(exits).toEqual([0]);
  expect(drain).toHaveBeenCalledTimes(1);

  const other = start(async () => {});
  expect(other.listeners()).toBe(2);
  other.shutdown.dispose();
  expect([other.listeners(), listeners()]).toEqual([0, 0]);
});

test('a real process drains on SIGTERM and dies on the second', async () => {
  vi.useRealTimers();
  const script = `
    import { onShutdown } from ${JSON.stringify(new URL('./shutdown.ts', import.meta.url).href)};
    import { createLogger } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)};
    const keep = setInterval(() => {}, 60_000);
    const log = createLogger({ service: 'test', level: 'info', pretty: false });
    onShutdown({ drain: () => process.argv[1] === 'hang' ? new Promise(() => {}) : Promise.resolve(), deadlineMs: 60_000, log });
    log.info({ event: 'ready' }, 'ready');
  `;
  const run = async (mode: string) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    const events: unknown[] = [];
    for await (const line of createInterface(child.stdout)) {
      const { event }: Record<string, unknown> = JSON.parse(line);
      events.push(event);
      if (event === 'ready' || (event === 'shutdown_started' && mode === 'hang')) child.kill('SIGTERM');
    }
    return { events, code: (await exited)[0] as unknown };
  };
  expect(await run('drain')).toEqual({ events: ['ready', 'shutdown_started', 'shutdown_done'], code: 0 });
  expect(await run('hang')).toEqual({ events: ['ready', 'shutdown_started', 'shutdown_killed'], code: 1 });
});
