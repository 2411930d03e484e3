import { expect, test } from 'vitest';
import { parseLogLine } from './log-line.ts';

test('a log line is worded for people, without the fields that every line has', () => {
  const line = parseLogLine('{"level":40,"time":1,"pid":2,"hostname":"h","event":"pool_unready","pool_id":"haiku-a","cause":null,"n":3}');
  expect(line).toEqual({ text: 'warn pool_unready pool_id=haiku-a n=3', isEssential: true });
});

test('an info line is not essential, and the listening line tells where', () => {
  expect(parseLogLine('{"level":30,"event":"listening","url":"http://127.0.0.1:1"}')).toEqual({
    text: 'info listening url=http://127.0.0.1:1',
    isEssential: false,
    listeningAt: 'http://127.0.0.1:1',
  });
});

test('only the event decides, not a url in another line', () => {
  expect(parseLogLine('{"level":"info","event":"agent_seen","url":"http://x"}').listeningAt).toBeUndefined();
});

test.each(['Error: boom', '{ not json', '[1]'])('text that is no log line is shown as it came: %s', (text) => {
  expect(parseLogLine(text)).toEqual({ text, isEssential: true });
});

test('an empty line is not worth showing', () => {
  expect(parseLogLine('  ').isEssential).toBe(false);
});
