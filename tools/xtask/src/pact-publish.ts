/** `xtask pact:publish`: hands the pacts to a broker by its HTTP API; without one it says what it would do. It writes no pact. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';
import { workspaceRoot } from './workspace-root.ts';

type Pact = { readonly consumer: { readonly name: string }; readonly provider: { readonly name: string } };

export const pactPublish: Command = {
  summary: 'Publish contracts/pacts to a broker, when one is given; else say what would be published.',
  usage: `[--broker URL] [--version VERSION] [--branch NAME] [--json]

  --broker URL       default PACT_BROKER_BASE_URL; its token is read from PACT_BROKER_TOKEN, never from a flag
  --version VERSION  of the consumers (default the commit)
  --branch NAME      default the branch
  --json             one JSON line for each pact`,
  async run(args) {
    const { values } = parseArgs({
      args: args.filter((each) => each !== '--'),
      options: {
        broker: { type: 'string' },
        version: { type: 'string' },
        branch: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const broker = values.broker ?? process.env['PACT_BROKER_BASE_URL'] ?? '';
    if (broker !== '' && !/^https?:\/\/./.test(broker))
      throw new UsageError(`expected the broker's URL as https://HOST, got \`${broker}\``);
    const version = values.version ?? git('rev-parse', 'HEAD');
    const branch = values.branch ?? git('rev-parse', '--abbrev-ref', 'HEAD');
    const directory = join(workspaceRoot, 'contracts', 'pacts');
    const contracts = readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .map((name) => readFileSync(join(directory, name), 'utf8'));
    let failures = 0;
    for (const content of contracts) {
      const { consumer, provider } = JSON.parse(content) as Pact;
      const outcome =
        broker === ''
          ? 'would be published'
          : await publish({ broker, content, consumer: consumer.name, provider: provider.name, version, branch });
      if (outcome !== 'published' && broker !== '') failures += 1;
      const line = { consumer: consumer.name, provider: provider.name, version, branch, outcome };
      console.log(
        values.json ? JSON.stringify(line) : `${line.consumer} → ${line.provider}, version ${version}, branch ${branch}: ${outcome}`,
      );
    }
    if (broker === '') console.log('no broker is named (--broker or PACT_BROKER_BASE_URL): nothing was sent');
    return failures === 0 ? 0 : 1;
  },
};

type Publication = {
  readonly broker: string;
  readonly content: string;
  readonly consumer: string;
  readonly provider: string;
  readonly version: string;
  readonly branch: string;
};

async function publish({ broker, content, consumer, provider, version, branch }: Publication): Promise<string> {
  const token = process.env['PACT_BROKER_TOKEN'];
  try {
    const answer = await fetch(`${broker.replace(/\/+$/, '')}/contracts/publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({
        pacticipantName: consumer,
        pacticipantVersionNumber: version,
        branch,
        contracts: [
          {
            consumerName: consumer,
            providerName: provider,
            specification: 'pact',
            contentType: 'application/json',
            content: Buffer.from(content).toString('base64'),
          },
        ],
      }),
      signal: AbortSignal.timeout(30_000),
    });
    if (answer.ok) return 'published';
    return `refused with ${answer.status}: ${(await answer.text()).slice(0, 500)}`;
  } catch (error) {
    return `not published: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: workspaceRoot, encoding: 'utf8' }).trim();
