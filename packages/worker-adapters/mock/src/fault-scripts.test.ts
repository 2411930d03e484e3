/** Each ready fault, seen by a client of the engine that knows nothing of scripts. */
import { afterEach, expect, test } from 'vitest';
import { parseCommandLine } from './command-line.ts';
import { faultScripts } from './fault-scripts.ts';
import { createMockServer, type MockServer } from './server.ts';

const servers: MockServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

type Seen = { readonly status: number; readonly text: string; readonly broke: boolean };

const start = async (fault: string, onExit?: (code: number, stderr: string) => void): Promise<MockServer> => {
  const { script } = parseCommandLine(['--fault', fault], {});
  const server = await createMockServer({ script, ...(onExit === undefined ? {} : { onExit }) });
  servers.push(server);
  return server;
};

const complete = async (url: string, signal?: AbortSignal): Promise<Seen> => {
  let text = '';
  let status = 0;
  try {
    const body = JSON.stringify({ prompt: 'x', n_predict: 20, seed: 1, stream: true });
    const response = await fetch(`${url}/completion`, { method: 'POST', body, ...(signal === undefined ? {} : { signal }) });
    status = response.status;
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString('utf8');
    return { status, text, broke: false };
  } catch {
    return { status, text, broke: true };
  }
};

const tokensIn = ({ text }: Seen): number => text.match(/"stop":false/g)?.length ?? 0;

/** Abort once the engine has nothing more to say. */
const completeUntilQuiet = async ({ url, control }: MockServer, tokens: number): Promise<Seen> => {
  const leaving = new AbortController();
  const seen = complete(url, leaving.signal);
  await expect.poll(async () => (await control.counters()).stepsSent).toBe(tokens);
  await expect.poll(async () => (await control.counters()).slotsBusy).toBe(1);
  leaving.abort();
  return seen;
};

const checks: Readonly<Record<string, () => Promise<void>>> = {
  refuse: async () => {
    expect((await complete((await start('refuse')).url)).status).toBe(503);
  },
  stall: async () => {
    const server = await start('stall');
    expect((await completeUntilQuiet(server, 8)).broke).toBe(true);
    await expect.poll(async () => (await server.control.counters()).slotsBusy).toBe(0);
  },
  'reset-mid-token': async () => {
    const seen = await complete((await start('reset-mid-token')).url);
    expect({ broke: seen.broke, isWhole: seen.text.includes('"stop":true') }).toEqual({ broke: true, isWhole: false });
  },
  'garbage-frame': async () => {
    const seen = await complete((await start('garbage-frame')).url);
    const last =
      seen.text
        .trimEnd()
        .split('\n\n')
        .at(-1)
        ?.replace(/^data: /, '') ?? '';
    expect(tokensIn(seen)).toBe(8);
    expect(() => JSON.parse(last) as unknown).toThrow(SyntaxError);
  },
  'error-in-stream': async () => {
    const seen = await complete((await start('error-in-stream')).url);
    expect({ status: seen.status, tokens: tokensIn(seen), broke: seen.broke }).toEqual({ status: 200, tokens: 8, broke: false });
    expect(seen.text).toContain('data: {"error":{"code":500');
  },
  'oom-exit': async () => {
    const exits: string[] = [];
    const server: MockServer = await start('oom-exit', (code, stderr) => {
      exits.push(`${code} ${stderr}`);
      void server.stop();
    });
    expect((await complete(server.url)).broke).toBe(true);
    expect(exits).toEqual([expect.stringMatching(/^1 CUDA error: out of memory/)]);
  },
  'wrong-version': async () => {
    const props = (await (await fetch(`${(await start('wrong-version')).url}/props`)).json()) as { build_info: string };
    expect(props.build_info).not.toBe('mock-1');
  },
  'slow-start': async () => {
    const { url } = await start('slow-start');
    expect([(await fetch(`${url}/health`)).status, (await complete(url)).status]).toEqual([503, 503]);
  },
  'lying-health': async () => {
    const server = await start('lying-health');
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    expect(tokensIn(await completeUntilQuiet(server, 0))).toBe(0);
  },
  'flip-token': async () => {
    const { url, control } = await start('flip-token');
    const right = await complete(url);
    await control.script({ flipOneIn: 30 });
    // 20 tokens are said, so one of the next 20 is the thirtieth.
    expect((await complete(url)).text).not.toBe(right.text);
    expect((await complete(url)).text).not.toBe('');
  },
};

for (const [fault, check] of Object.entries(checks)) {
  test(`the ready fault ${fault} does what it says`, async () => {
    await check();
    expect(faultScripts).toHaveProperty(fault);
  });
}

test('every ready fault is shown above, and an unknown one is refused by name', () => {
  expect(Object.keys(checks)).toEqual(Object.keys(faultScripts));
  expect(() => parseCommandLine(['--fault', 'flip'], {})).toThrow('--fault is one of refuse, stall');
});

test('flags that cannot be are refused with what they should be', () => {
  const bad: readonly (readonly [readonly string[], string])[] = [
    [['--wire', 'onnx'], '--wire is'],
    [['--wire-option', 'x'], 'NAME=VALUE'],
    [['--wire-option', 'x=1'], 'no wire option "x"'],
    [['--also', 'grpc=1'], 'no port "grpc"'],
    [['--slots', ''], '--slots is a whole number from 1'],
    [['--kv-policy', 'drop'], 'preempt, reserve or fail'],
    [['--cost', '{"stepMS":1}'], 'no "stepMS"'],
    [['--cost', '{"prefillTokensPerSecond":0}'], 'a number from 1'],
    [['--cost', '{'], '--cost is JSON'],
  ];
  for (const [args, message] of bad) expect(() => parseCommandLine(args, {})).toThrow(message);
  expect(parseCommandLine(['--slots', '3', '--ctx', '100', '--cost', '{"stepMs":1}'], { MOCK_ENGINE_API_KEY: 'k' })).toMatchObject({
    kv: { tokens: 300, policy: 'preempt' },
    cost: { stepMs: 1, batchTokens: 2_048 },
    apiKey: 'k',
  });
});
