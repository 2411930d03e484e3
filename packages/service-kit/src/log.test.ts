/**
 * Log lines as they leave the process.
 */
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { newKey } from './api-key.ts';
import { createLogger, wantsPrettyLog } from './log.ts';

const capture = (options: { pretty?: boolean; level?: 'info' | 'warn' } = {}) => {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: unknown, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLogger({ service: 'orchestratord', level: options.level ?? 'info', stream, pretty: options.pretty ?? false });
  return { log, lines };
};

test('[ORCH-3027] a line is one JSON object with time, level, service, event, fields and a sentence', () => {
  const { log, lines } = capture();
  log.info({ event: 'task_admitted', task_id: 't', queue_position: 3 }, 'task admitted');
  expect(lines).toHaveLength(1);
  const { time, ...rest }: Record<string, unknown> = JSON.parse(lines[0] ?? '');
  expect(rest).toEqual({
    level: 'info',
    service: 'orchestratord',
    event: 'task_admitted',
    task_id: 't',
    queue_position: 3,
    msg: 'task admitted',
  });
  expect(new Date(String(time)).toISOString()).toBe(time);
});

test('the level is the least severity written', () => {
  const { log, lines } = capture({ level: 'warn' });
  log.info({ event: 'a' }, 'a');
  log.warn({ event: 'b' }, 'b');
  expect(lines).toHaveLength(1);
});

test('[ORCH-3043] prompts and keys are kept out, however deep and in whatever text they stand', () => {
  const { log, lines } = capture();
  const key = newKey();
  const cause = new Error(`upstream refused ${key}`);
  log.child({ authorization: key, prompt: 'my secret prompt' }).error(
    {
      event: 'x',
      prompt: 'my secret prompt',
      body: { inputs: ['my secret prompt'], nested: [{ Authorization: `Bearer ${key}` }] },
      url: `http://h/?key=${key}`,
      header: 'Bearer sk-other-secret',
      err: new Error('failed', { cause }),
    },
    `sent ${key}`,
  );
  const text = lines.join('');
  expect(text).not.toContain('my secret prompt');
  expect(text).not.toContain(key);
  expect(text).not.toContain('sk-other-secret');
  expect(text).toContain('upstream refused [redacted]');
  expect(() => JSON.parse(text) as unknown).not.toThrow();
});

test('a cycle, an error and a date do not break a line', () => {
  const { log, lines } = capture();
  const cycle: Record<string, unknown> = { name: 'loop' };
  cycle['self'] = cycle;
  log.error({ event: 'x', cycle, when: new Date(0), err: new TypeError('bad') }, 'x');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ when: '1970-01-01T00:00:00.000Z', err: { type: 'TypeError', message: 'bad' } });
});

test('a readable log has the same facts and no secret either', () => {
  const { log, lines } = capture({ pretty: true });
  const key = newKey();
  log.info({ event: 'task_admitted', task_id: 't', prompt: 'my secret prompt' }, `hello ${key}`);
  const text = lines.join('');
  expect(text).toContain('INFO');
  expect(text).toContain('"event":"task_admitted"');
  expect(text).toContain('hello [redacted]');
  expect(text).not.toContain('my secret prompt');
});

test('only a terminal or ORCH_LOG=pretty gets readable lines', () => {
  expect(wantsPrettyLog({}, { isTTY: true })).toBe(true);
  expect(wantsPrettyLog({}, {})).toBe(false);
  expect(wantsPrettyLog({ ORCH_LOG: 'pretty' }, {})).toBe(true);
  expect(wantsPrettyLog({ ORCH_LOG: 'json' }, { isTTY: true })).toBe(false);
});
