/** The flags of the scripted engine as a program, read and checked. It starts nothing. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type CostModel, defaultCost } from './batch.ts';
import { faultScripts } from './fault-scripts.ts';
import { type MockScript, parseScript } from './script.ts';
import type { MockServerOptions } from './server.ts';
import { checkWireNames, isWireName, type WireName, wires } from './wires.ts';

export const usage = `llama-orch-mock-engine: an engine that does what a script says
  --wire NAME             whose protocol it speaks: ${Object.keys(wires).join(', ')} (default llamacpp)
  --wire-option NAME=TEXT what that wire alone understands; may be repeated
  --host ADDRESS          address of the engine (default 127.0.0.1)
  --port N                port of the engine; 0 (default) picks one
  --also NAME=N           another port of the wire, by its name; 0 (default) picks one
  --control-port N        port of the control; 0 (default) picks one
  --script FILE|-         JSON with changes to the default script; - reads standard input
  --fault NAME            a script that is ready: ${Object.keys(faultScripts).join(', ')}
  --engine-version TEXT   the version it says it is
  --model NAME            name of the model (default mock)
  --seed N                stands for the model's weights: another number, another text (default 0)
  --slots N               requests decoded at a time (default 1)
  --ctx N                 context of one slot, tokens (default 4096)
  --max-waiting N         requests that may wait for a slot (default: any number)
  --kv-tokens N           tokens in the KV cache (default: every slot's whole context)
  --kv-policy NAME        where it is too small: preempt (default), reserve or fail
  --cost JSON             what a pass costs, changes to ${JSON.stringify(defaultCost)};
                          without it each request has the script's pace
  --version               print the engine version
An API key is taken from MOCK_ENGINE_API_KEY.
`;

export type CommandLine = Omit<MockServerOptions, 'script' | 'onExit'> & {
  readonly script: MockScript;
  readonly controlPort: number;
  readonly asks: 'help' | 'version' | 'run';
};

/** @throws Error that says what a flag must be. */
export const parseCommandLine = (args: readonly string[], environment: Readonly<Record<string, string | undefined>>): CommandLine => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      wire: { type: 'string', default: 'llamacpp' },
      'wire-option': { type: 'string', multiple: true, default: [] },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      also: { type: 'string', multiple: true, default: [] },
      'control-port': { type: 'string', default: '0' },
      script: { type: 'string' },
      fault: { type: 'string' },
      'engine-version': { type: 'string' },
      model: { type: 'string', default: 'mock' },
      seed: { type: 'string', default: '0' },
      slots: { type: 'string', default: '1' },
      ctx: { type: 'string', default: '4096' },
      'max-waiting': { type: 'string' },
      'kv-tokens': { type: 'string' },
      'kv-policy': { type: 'string', default: 'preempt' },
      cost: { type: 'string' },
      version: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { MOCK_ENGINE_API_KEY: apiKey } = environment;
  const slots = count('slots', values.slots, 1);
  const ctxTokens = count('ctx', values.ctx, 1);
  const kvTokens = values['kv-tokens'] === undefined ? slots * ctxTokens : count('kv-tokens', values['kv-tokens'], 1);
  const protocol = {
    wire: wireName(values.wire),
    wireOptions: Object.fromEntries(values['wire-option'].map((pair) => parsePair('wire-option', pair))),
    ports: Object.fromEntries(values.also.map((pair) => parsePair('also', pair)).map(([name, port]) => [name, count('also', port, 0)])),
  };
  checkWireNames(protocol);
  return {
    ...protocol,
    asks: values.help ? 'help' : values.version ? 'version' : 'run',
    host: values.host,
    port: count('port', values.port, 0),
    controlPort: count('control-port', values['control-port'], 0),
    script: scriptOf(values.script, values.fault, values['engine-version']),
    modelName: values.model,
    weights: count('seed', values.seed, 0),
    slots,
    ctxTokens,
    kv: { tokens: kvTokens, policy: kvPolicy(values['kv-policy']) },
    ...(values['max-waiting'] === undefined ? {} : { maxWaiting: count('max-waiting', values['max-waiting'], 0) }),
    ...(values.cost === undefined ? {} : { cost: parseCost(values.cost) }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
};

const count = (name: string, value: string, least: number): number => {
  const number = Number(value);
  if (value.trim() !== '' && Number.isInteger(number) && number >= least) return number;
  throw new Error(`--${name} is a whole number from ${least}, not ${JSON.stringify(value)}.`);
};

const parsePair = (name: string, pair: string): readonly [string, string] => {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new Error(`--${name} is NAME=VALUE, not ${JSON.stringify(pair)}.`);
};

const wireName = (name: string): WireName => {
  if (isWireName(name)) return name;
  throw new Error(`--wire is ${Object.keys(wires).join(' or ')}, not ${JSON.stringify(name)}.`);
};

const kvPolicy = (name: string): 'reserve' | 'preempt' | 'fail' => {
  if (name === 'reserve' || name === 'preempt' || name === 'fail') return name;
  throw new Error(`--kv-policy is preempt, reserve or fail, not ${JSON.stringify(name)}.`);
};

const parseCost = (text: string): CostModel => {
  const given = parseJson('--cost', text);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new Error('--cost is a JSON object.');
  const cost = { ...defaultCost, ...given };
  for (const [name, value] of Object.entries(cost)) {
    if (!Object.hasOwn(defaultCost, name))
      throw new Error(`--cost has no ${JSON.stringify(name)}; it has ${Object.keys(defaultCost).join(', ')}.`);
    const least = name === 'prefillTokensPerSecond' || name === 'batchTokens' ? 1 : 0;
    if (typeof value !== 'number' || !(value >= least))
      throw new Error(`--cost: ${name} is a number from ${least}, not ${JSON.stringify(value)}.`);
  }
  return cost;
};

/** What a file says goes over a ready script, and a flag over both. */
const scriptOf = (file: string | undefined, fault: string | undefined, engineVersion: string | undefined): MockScript => {
  const ready = fault === undefined ? {} : faultScripts[fault];
  if (ready === undefined) throw new Error(`--fault is one of ${Object.keys(faultScripts).join(', ')}, not ${JSON.stringify(fault)}.`);
  const given = file === undefined ? {} : parseJson('--script', readFileSync(file === '-' ? 0 : file, 'utf8'));
  if (typeof given !== 'object' || given === null) return parseScript(given);
  return parseScript({ ...ready, ...given, ...(engineVersion === undefined ? {} : { engineVersion }) });
};

const parseJson = (flag: string, text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch (thrown) {
    throw new Error(`${flag} is JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}.`, { cause: thrown });
  }
};
