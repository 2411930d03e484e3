/**
 * Both services as processes, driven through every event that the contract counts; then their scrapes against the contract, both
 * ways. What moves what is `drive/rounds.ts`; a contracted metric that nothing there moves fails here.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readContract } from './contract.ts';
import { type DrivenStack, type Scrape, startDrivenStack } from './drive/driven-stack.ts';
import { Ledger, seriesOf } from './drive/ledger.ts';
import { type Drive, driveRound, loseServices, startDrive, whileBusy } from './drive/rounds.ts';
import { parseExposition } from './exposition.ts';
import { isOfProcess, lintScrape } from './lint.ts';
import { findTool, runTool } from './prometheus-tool.ts';
import { writeRecorded } from './recorded.ts';

const services = ['orchestratord', 'pool-managerd'] as const;
const contract = readContract();
/** Of the driven stack: five pools on four lanes, of four versions, one tenant. */
const cardinalities = { V: 4, P: 5, L: 4, T: 1 };

/** Two rounds, where scrapes are recorded, on a machine that does much else. */
const driveWithinMs = 300_000;

const ledger = new Ledger();
let driven: DrivenStack;
/** Two scrapes in a row, once everything had ended. */
let texts: Readonly<Record<(typeof services)[number], readonly [string, string]>>;

beforeAll(async () => {
  driven = await startDrivenStack();
  const drive = startDrive(driven, ledger);
  await driveRound(drive);
  if (process.env['ORCH_RECORD_SCRAPES'] === '1') await record(drive);
  const twice = async (service: (typeof services)[number]) => [await driven.scrapeText(service), await driven.scrapeText(service)] as const;
  texts = { orchestratord: await twice('orchestratord'), 'pool-managerd': await twice('pool-managerd') };
  await loseServices(drive);
}, driveWithinMs);
afterAll(() => driven.stop());

/** `metrics-lint --record`: the scrapes between which everything moves, for the dashboards. */
async function record(drive: Drive): Promise<void> {
  const scrapes = async () => ({
    orchestratord: await driven.scrapeText('orchestratord'),
    'pool-managerd': await driven.scrapeText('pool-managerd'),
  });
  const first = await scrapes();
  await driveRound(drive);
  await writeRecorded([first, await whileBusy(drive, scrapes)]);
}

const scrapeOf = (service: (typeof services)[number]): Scrape => parseExposition(texts[service][0]);

test.each(services)('[ORCH-3028] %s exports what is contracted, as it is contracted, and nothing else', (service) => {
  expect(lintScrape(scrapeOf(service), contract[service], cardinalities)).toEqual([]);
});

test.each(services.flatMap((service) => contract[service].map(({ name, type }) => ({ service, name, type }))))(
  '[ORCH-3028] $name of $service moves by its event, and by nothing else',
  ({ service, name, type }) => {
    if (type === 'gauge') {
      const moments = ledger.moments(name);
      const seen = moments.filter(({ shown }) => Object.keys(shown).length > 0);
      expect(seen.length, `drive/rounds.ts to look at ${name} when it shows something`).toBeGreaterThan(0);
      for (const { when, expected, shown } of moments) expect(shown, `${name} while ${when}`).toEqual(expected);
      return;
    }
    const shown = seriesOf(scrapeOf(service).get(name));
    const bounds = ledger.bounds(name);
    if (Object.keys(bounds).length > 0) {
      expect(Object.keys(shown).toSorted()).toEqual(Object.keys(bounds).toSorted());
      const outside = Object.entries(shown).filter(([key, value]) => !(value > 0 && value <= (bounds[key] ?? 0)));
      expect(outside, `at most ${JSON.stringify(bounds)}`).toEqual([]);
      return;
    }
    const expected = ledger.events(name);
    expect(Object.keys(expected).length, `drive/rounds.ts to have an event that moves ${name}`).toBeGreaterThan(0);
    expect(shown).toEqual(expected);
  },
);

test.each(services)('[ORCH-3028] of %s nothing but figures of the process changes because somebody scrapes', (service) => {
  const [first, second] = texts[service].map((text) => [...parseExposition(text).values()].filter(({ name }) => !isOfProcess(name)));
  expect(second).toEqual(first);
});

test.for(services)('[ORCH-3028] Prometheus takes the scrape of %s as it is', async (service, context) => {
  const promtool = await findTool('promtool', context);
  const checked = runTool(promtool, ['check', 'metrics'], texts[service][0]);
  // Its one complaint is the unit in our names: they say ms, which is what the specification and the alerts call them.
  const named = contract[service].map(({ name }) => name).filter((name) => /_ms(_total)?$/.test(name));
  const complaints = named.toSorted().map((name) => `${name} metric names should not contain abbreviated units`);
  expect(complaintsIn(await checked.catch((error: unknown) => String(error)))).toEqual(complaints);
});

const complaintsIn = (output: string): readonly string[] =>
  output
    .split('\n')
    .filter((line) => /^\w+ .*\bnot\b/.test(line))
    .toSorted();
