import { createLogger, ExitCode, lockDataDir, onShutdown, parseFlags } from './index.ts';

const parsed = parseFlags(process.argv.slice(2), { program: 'demo', summary: 'A demo.', version: '1.0.0' });
if (!parsed.ok) {
  (parsed.exitCode === ExitCode.ok ? process.stdout : process.stderr).write(parsed.text);
  process.exit(parsed.exitCode);
}
const log = createLogger({ service: 'demo', level: 'info' });
const lock = lockDataDir(parsed.flags.dataDir ?? '.orch/demo');
const work = setInterval(() => log.info({ event: 'tick' }, 'still here'), 1_000);
onShutdown({
  deadlineMs: 30_000,
  log,
  drain: async () => {
    clearInterval(work);
    lock.release();
  },
});
