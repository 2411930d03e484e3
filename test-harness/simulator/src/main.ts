/** Command line of the simulator: flags in, report out. */
import { parseOptions, toCommand, usage } from './options.ts';
import { Violation } from './referee.ts';
import { render } from './report.ts';
import { simulate } from './simulate.ts';

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const parsed = parseOptions(args);
  switch (parsed.kind) {
    case 'help':
      process.stdout.write(usage);
      return 0;
    case 'bad':
      process.stderr.write(`${parsed.message}\n\n${usage}`);
      return 2;
    case 'run': {
      const startedAt = performance.now();
      try {
        const seconds = (): number => (performance.now() - startedAt) / 1000;
        const report = simulate(parsed.options, ({ simulatedHours, offered }) => {
          process.stderr.write(`hour ${simulatedHours}: ${offered} tasks, ${Math.round(offered / seconds())} a second\n`);
        });
        process.stdout.write(parsed.json ? `${JSON.stringify(report, null, 2)}\n` : render(report));
        const { user, system } = process.cpuUsage();
        const cpuSeconds = (user + system) / 1e6;
        const rate = Math.round(report.tasks.offered / seconds());
        process.stderr.write(
          `${report.tasks.offered} tasks in ${seconds().toFixed(2)} s (${cpuSeconds.toFixed(2)} s of CPU): ${rate} tasks a second\n`,
        );
        return 0;
      } catch (error) {
        const what =
          error instanceof Violation
            ? `broken promise: ${error.message}`
            : `failed: ${error instanceof Error ? error.stack : String(error)}`;
        process.stderr.write(`${what}\nreplay: ${toCommand(parsed.options)}\n`);
        return 1;
      }
    }
  }
}
