/** `metrics-lint` for a running deployment, as a program: flags in, findings out. Exit codes: 0 clean, 1 findings, 2 called wrongly. */
import { parseArgs } from 'node:util';
import { type LiveReport, type LiveTarget, lintLive } from './live-lint.ts';

class UsageError extends Error {}

type Call = { readonly targets: readonly LiveTarget[]; readonly apiKey: string | null; readonly json: boolean };

function readCall(args: readonly string[]): Call {
  const { values } = parseArgs({
    args: [...args],
    options: {
      controller: { type: 'string' },
      agent: { type: 'string', multiple: true, default: [] },
      'key-env': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const urls = [
    ...(values.controller === undefined ? [] : [{ service: 'orchestratord', url: values.controller } as const]),
    ...values.agent.map((url) => ({ service: 'pool-managerd', url }) as const),
  ];
  if (urls.length === 0) throw new UsageError('expected --controller URL or --agent URL');
  for (const { url } of urls) if (!/^https?:\/\/./.test(url)) throw new UsageError(`expected http://HOST:PORT, got \`${url}\``);
  const name = values['key-env'];
  const apiKey = name === undefined ? null : (process.env[name] ?? '');
  if (apiKey === '') throw new UsageError(`expected the key in the environment variable ${name}, which is not set`);
  return { targets: urls, apiKey, json: values.json };
}

async function main(args: readonly string[]): Promise<number> {
  const { targets, apiKey, json } = readCall(args);
  const reports = await Promise.all(targets.map((target) => lintLive(target, apiKey)));
  process.stdout.write(json ? `${JSON.stringify({ services: reports }, null, 2)}\n` : reports.map(render).join(''));
  return reports.some(({ findings }) => findings.length > 0) ? 1 : 0;
}

const render = ({ service, url, contracted, shown, findings }: LiveReport): string => {
  const head = `${service} at ${url}: ${shown} of ${contracted} contracted metrics have samples, ${findings.length} findings\n`;
  return head + findings.map((finding) => `  ${finding}\n`).join('');
};

const isBadCall = (error: unknown): error is Error =>
  error instanceof UsageError ||
  (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_PARSE_ARGS_'));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!isBadCall(error)) throw error;
  process.stderr.write(`metrics-lint: ${error.message}\n`);
  process.exitCode = 2;
}
