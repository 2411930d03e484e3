#!/usr/bin/env node
/** Command line of the scripted engine: flags → server → control port → signals. It owns no behaviour. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { serveControl } from './control.ts';
import { parseScript } from './script.ts';
import { createMockServer, isWireName } from './server.ts';

const usage = `llama-orch-mock-engine: an engine that does what a script says
  --host ADDRESS    address of the engine (default 127.0.0.1)
  --port N          port of the engine; 0 (default) picks one
  --control-port N  port of the control; 0 (default) picks one
  --script FILE|-   JSON with changes to the default script; - reads standard input
  --slots N         requests at a time (default 1)
  --ctx N           context of one slot, tokens (default 4096)
  --model NAME      name of the model (default mock)
  --wire NAME       llamacpp (default) or plain
  --version         print the script's engine version
`;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const count = (name: string, value: string, least: number): number => {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least) return number;
  throw new Error(`--${name} is a whole number from ${least}, not ${JSON.stringify(value)}.`);
};

const readScript = (file: string | undefined) =>
  parseScript(file === undefined ? {} : JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8')));

const flags = () =>
  parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      'control-port': { type: 'string', default: '0' },
      script: { type: 'string' },
      slots: { type: 'string', default: '1' },
      ctx: { type: 'string', default: '4096' },
      model: { type: 'string', default: 'mock' },
      wire: { type: 'string', default: 'llamacpp' },
      version: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;

const parseCommand = () => {
  try {
    const values = flags();
    if (!isWireName(values.wire)) throw new Error(`--wire is llamacpp or plain, not ${JSON.stringify(values.wire)}.`);
    return {
      ...values,
      wire: values.wire,
      port: count('port', values.port, 0),
      controlPort: count('control-port', values['control-port'], 0),
      slots: count('slots', values.slots, 1),
      ctxTokens: count('ctx', values.ctx, 1),
      script: readScript(values.script),
    };
  } catch (thrown) {
    say(thrown instanceof Error ? thrown.message : String(thrown));
    say(usage);
    process.exit(2);
  }
};

const command = parseCommand();
if (command.help) {
  process.stdout.write(usage);
  process.exit(0);
}
if (command.version) {
  say(`version: ${command.script.engineVersion}`);
  process.exit(0);
}

const onExit = (code: number, stderr: string): void => {
  process.stderr.write(stderr, () => process.exit(code));
};

const { exitAfter, onSigterm } = command.script;

try {
  const server = await createMockServer({ ...command, modelName: command.model, onExit });
  const { url: controlUrl } = await serveControl(server.control, command.controlPort);
  say(`listening on ${server.url}`);
  say(`control ${controlUrl}`);
  if (exitAfter !== null) setTimeout(() => onExit(exitAfter.code, exitAfter.stderr), exitAfter.ms);
  process.on('SIGTERM', () => {
    if (onSigterm === 'exit') process.exit(0);
    if (onSigterm === 'silent') void server.goSilent().then(() => process.exit(0));
  });
} catch (thrown) {
  say(`cannot listen: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  process.exit(1);
}
process.once('SIGINT', () => process.exit(0));
