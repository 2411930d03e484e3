/** The controller keeps what its consumers rely on: Pact's verifier asks the program all of contracts/pacts, and notices a broken answer. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Verifier } from '@pact-foundation/pact';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Front, type Tamper, untouched } from './front.ts';
import { ProviderStates } from './provider-states.ts';

const directory = fileURLToPath(new URL('../../../../contracts/pacts/', import.meta.url));
const pacts = readdirSync(directory).filter((name) => name.endsWith('.json'));

const states = new ProviderStates();
let front: Front;

beforeAll(async () => {
  front = await Front.open(() => states.url);
});
afterAll(async () => {
  await front.close();
  await states.stop();
});

/** @param description - Only the interactions whose description fits; default all. */
const verify = async (pact: string, description?: RegExp): Promise<void> => {
  if (description !== undefined) process.env['PACT_DESCRIPTION'] = description.source;
  try {
    await new Verifier({
      provider: 'orchestratord',
      providerBaseUrl: front.url,
      pactUrls: [`${directory}${pact}`],
      stateHandlers: Object.fromEntries(
        Object.entries(states.handlers).map(([name, handler]) => [
          name,
          (params?: unknown) => handler(params as Parameters<typeof handler>[0]),
        ]),
      ),
      logLevel: 'error',
    }).verifyProvider();
  } finally {
    delete process.env['PACT_DESCRIPTION'];
  }
};

test('[ORCH-2006] the pacts name no state that nobody can bring about', () => {
  const named = pacts.flatMap((name) => {
    const { interactions } = JSON.parse(readFileSync(`${directory}${name}`, 'utf8')) as {
      readonly interactions: readonly { readonly providerStates: readonly { readonly name: string }[] }[];
    };
    return interactions.flatMap(({ providerStates }) => providerStates.map((state) => state.name));
  });
  expect([...new Set(named)].filter((name) => states.handlers[name] === undefined)).toEqual([]);
});

test.each(pacts)('[ORCH-2001, ORCH-2002, ORCH-2006, ORCH-2109] the controller keeps the pact %s', { timeout: 300_000 }, async (pact) => {
  front.tamper = untouched;
  await expect(verify(pact)).resolves.toBeUndefined();
});

const inStream: (change: (body: string) => string) => Tamper = (change) => (answer, path) =>
  path.endsWith('/stream') ? { ...answer, body: change(answer.body) } : answer;

const omit = (headers: Readonly<Record<string, string>>, left: string): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name !== left));

const broken: readonly (readonly [string, RegExp, Tamper])[] = [
  [
    'a field has another name',
    /what is left of a session/,
    (answer) => ({ ...answer, body: answer.body.replace('"turns"', '"turn_count"') }),
  ],
  ['a header is missing', /full under reject/, (answer) => ({ ...answer, headers: omit(answer.headers, 'x-backoff-ms') })],
  ['`end` comes twice', /the whole stream of a task/, inStream((body) => body + body.slice(body.lastIndexOf('id: ')))],
  ['a token is lost', /the whole stream of a task/, inStream((body) => body.replace(/id: [^\n]*\nevent: token\n[^\n]*\n\n/, ''))],
  ['`metrics` carry an id', /the whole stream of a task/, inStream((body) => `id: 9\nevent: metrics\ndata: {}\n\n${body}`)],
  ['a state is unknown', /the status of a queued task/, (answer) => ({ ...answer, body: answer.body.replace('"queued"', '"waiting"') })],
  ['a refusal has another status', /a model that no pool serves/, (answer) => ({ ...answer, status: 422 })],
  [
    'a number became a text',
    /the first report of an agent/,
    (answer) => ({ ...answer, body: answer.body.replace(/"lease_ms":(\d+)/, '"lease_ms":"$1"') }),
  ],
];

test.each(broken)('[ORCH-2006] the verification notices that %s', { timeout: 120_000 }, async (_name, description, tamper) => {
  front.tamper = tamper;
  const pact = description.source.includes('agent') ? 'pool-managerd-orchestratord.json' : 'openapi-client-orchestratord.json';
  await expect(verify(pact, description)).rejects.toThrow('mismatch');
});
