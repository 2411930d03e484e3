/**
 * `xtask metrics-lint`: both services' scrapes against the metrics contract, of a stack that the suite drives, or of a running
 * deployment. It starts programs and knows no metric.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Command, UsageError } from './command.ts';
import { listenForStopWish } from './stop-wish.ts';
import { runTool } from './verify/run-tool.ts';
import { toolPath, workspaceRoot } from './workspace-root.ts';

export const metricsLint: Command = {
  summary: 'Hold the metrics of both services against the contract: of a driven stack, or of a running deployment.',
  usage: `[--record] [--json]
       xtask metrics-lint --controller URL [--agent URL]… [--key-env NAME] [--json]

Without a URL it starts both services with scripted engines, drives them through every event that specs/metrics/otel-prom.md
counts, and floods them with 10,000 tenants (test-harness/observability).

  --record          write the scrapes of that drive to ci/dashboards/recorded, against which dashboards are evaluated
  --controller URL  lint this orchestratord instead
  --agent URL       lint this pool-managerd; may be repeated
  --key-env NAME    environment variable with an API key of scope \`metrics\`
  --json            for programs

Exit code 1 where something is not as contracted, 2 for a wrong call.`,
  async run(args) {
    const flags = args.filter((each) => each !== '--');
    if (flags.some((flag) => /^--(controller|agent|key-env)\b/.test(flag))) return lintDeployment(flags);
    const unknown = flags.find((flag) => flag !== '--record' && flag !== '--json');
    if (unknown !== undefined) throw new UsageError(`expected --record, --json, --controller or --agent, got \`${unknown}\``);
    return runSuite({ records: flags.includes('--record'), json: flags.includes('--json') });
  },
};

async function runSuite({ records, json }: { readonly records: boolean; readonly json: boolean }): Promise<number> {
  const wish = listenForStopWish();
  try {
    const files = records ? ['metrics.process'] : ['metrics.process', 'flood.process'];
    const reporter = json ? ['--reporter=json'] : [];
    const { exitCode } = await runTool(toolPath('vitest'), ['run', '--project=@llama-orch/observability:process', ...reporter, ...files], {
      env: { ORCH_RECORD_SCRAPES: records ? '1' : '' },
      signal: wish.asked,
      killSignal: wish.forced,
      onOutput: (text) => void process.stdout.write(text),
    });
    return wish.asked.aborted ? wish.exitCode : exitCode;
  } finally {
    wish.close();
  }
}

async function lintDeployment(flags: readonly string[]): Promise<number> {
  const program = join(workspaceRoot, 'test-harness', 'observability', 'src', 'main.ts');
  const child = spawn(process.execPath, [program, ...flags], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
