#!/usr/bin/env node
/** The scripted engine as a program: flags → server → control port → signals. It owns no behaviour. */
import { type CommandLine, parseCommandLine, usage } from './command-line.ts';
import { serveControl } from './control.ts';
import { createMockServer } from './server.ts';

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const readCommand = (): CommandLine => {
  try {
    return parseCommandLine(process.argv.slice(2), process.env);
  } catch (thrown) {
    say(thrown instanceof Error ? thrown.message : String(thrown));
    say(usage);
    process.exit(2);
  }
};

const command = readCommand();
if (command.asks === 'help') {
  process.stdout.write(usage);
  process.exit(0);
}
if (command.asks === 'version') {
  say(`version: ${command.script.engineVersion}`);
  process.exit(0);
}

const onExit = (code: number, stderr: string): void => {
  process.stderr.write(stderr, () => process.exit(code));
};

const { exitAfter, onSigterm } = command.script;
process.once('SIGINT', () => process.exit(0));

try {
  const server = await createMockServer({ ...command, onExit });
  const { url: controlUrl } = await serveControl(server.control, command.controlPort);
  // Before it says that it is there: whoever reads that may send the signal at once.
  process.on('SIGTERM', () => {
    if (onSigterm === 'exit') process.exit(0);
    if (onSigterm === 'silent') void server.goSilent().then(() => process.exit(0));
  });
  say(`listening on ${server.url}`);
  for (const [name, port] of Object.entries(server.ports)) say(`port ${name} ${port}`);
  say(`control ${controlUrl}`);
  if (exitAfter !== null) setTimeout(() => onExit(exitAfter.code, exitAfter.stderr), exitAfter.ms);
} catch (thrown) {
  say(`cannot listen: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  process.exit(1);
}
