import { expect, test } from 'vitest';
import { parseFlags } from './flags.ts';

test('reads the flags of llama-server, short and long', () => {
  const short = parseFlags(['-m', 'a.gguf', '-a', 'name', '-c', '2048', '-np', '4', '-t', '2'], {});
  const long = parseFlags(['--model', 'a.gguf', '--alias', 'name', '--ctx-size', '2048', '--parallel', '4', '--threads', '2'], {});
  expect(short).toEqual(long);
  expect(short).toMatchObject({ kind: 'serve', settings: { model: 'a.gguf', alias: 'name', ctxTokens: 2048, slots: 4, threads: 2 } });
});

test('has defaults for all but the model', () => {
  expect(parseFlags(['-m', 'a.gguf'], { LLAMA_API_KEY: '' })).toEqual({
    kind: 'serve',
    settings: {
      model: 'a.gguf',
      alias: 'a.gguf',
      host: '127.0.0.1',
      port: 8080,
      ctxTokens: 0,
      slots: 1,
      threads: 1,
      metrics: false,
      slotsEndpoint: true,
      embedding: false,
      rerank: false,
      apiKey: undefined,
    },
  });
});

test('takes the key from the environment only', () => {
  expect(parseFlags(['-m', 'a'], { LLAMA_API_KEY: 'k' })).toMatchObject({ settings: { apiKey: 'k' } });
  expect(parseFlags(['-m', 'a', '--api-key', 'k'], {})).toEqual({ kind: 'invalid', message: 'error: invalid argument: --api-key' });
});

test.each([
  [['--nope'], 'error: invalid argument: --nope'],
  [['-m'], 'error while handling argument "-m": expected value for argument'],
  [['--port', '70000'], 'error while handling argument "--port": expected a whole number from 0 to 65535, got "70000"'],
  [['-np', '1.5'], 'error while handling argument "-np": expected a whole number from 1 to 64, got "1.5"'],
  [['--metrics'], 'error: --model is required'],
  [['-m', 'a', '--embedding', '--rerank'], 'error: --embedding and --rerank need separate workers'],
])('refuses %j', (argv, message) => {
  expect(parseFlags(argv, {})).toEqual({ kind: 'invalid', message });
});

test('--version and --help come before missing flags', () => {
  expect(parseFlags(['--version'], {})).toEqual({ kind: 'version' });
  expect(parseFlags(['-h'], {})).toEqual({ kind: 'help' });
});
