/**
 * The flags that all services share. It names every fault at once; it reads no file, prints nothing and exits nowhere.
 */
import { parseArgs } from 'node:util';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import { ExitCode } from './start-error.ts';

export type CommandSpec = {
  /** Name of the program. */
  readonly program: string;
  /** One sentence for `--help`. */
  readonly summary: string;
  readonly version: string;
  /** Switches of this program alone: name to what it does, for `--help`. */
  readonly switches?: Readonly<Record<string, string>>;
};

export type ServiceFlags = {
  /** Path of the config. */
  readonly config: string;
  /** Validate and exit. */
  readonly check: boolean;
  /** Instead of the config's address. */
  readonly listen?: ListenAddress;
  /** Instead of the config's directory. */
  readonly dataDir?: string;
  /** The program's own switches that are given. */
  readonly switches: ReadonlySet<string>;
};

/** Flags to run with, or a text to print (to stdout where the code is 0, else to stderr) and the code to exit with. */
export type ParsedFlags =
  | { readonly ok: true; readonly flags: ServiceFlags }
  | { readonly ok: false; readonly exitCode: ExitCode; readonly text: string };

const options = {
  config: { type: 'string', short: 'c' },
  check: { type: 'boolean' },
  listen: { type: 'string' },
  'data-dir': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** @param argv - Without the program: `process.argv.slice(2)`. */
export const parseFlags = (argv: readonly string[], spec: CommandSpec): ParsedFlags => {
  // Not strict: `parseArgs` would stop at the first fault.
  const own = Object.keys(spec.switches ?? {});
  const known: Readonly<Record<string, { type: 'string' | 'boolean'; short?: string }>> = {
    ...options,
    ...Object.fromEntries(own.map((name) => [name, { type: 'boolean' }])),
  };
  const { tokens } = parseArgs({ args: [...argv], options: known, strict: false, tokens: true, allowPositionals: true });
  const faults: string[] = [];
  const values = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind === 'positional') faults.push(`unexpected argument \`${token.value}\``);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (!option) faults.push(`unknown flag \`${token.rawName}\``);
    else if (values.has(token.name)) faults.push(`\`${token.rawName}\` is given twice`);
    else if (option.type === 'boolean' && token.value !== undefined) faults.push(`\`${token.rawName}\` takes no value`);
    else if (option.type === 'string' && !isValue(token.value, token.inlineValue)) faults.push(`\`${token.rawName}\` needs a value`);
    else values.set(token.name, token.value ?? true);
  }
  if (values.has('help')) return { ok: false, exitCode: ExitCode.ok, text: helpText(spec) };
  if (values.has('version')) return { ok: false, exitCode: ExitCode.ok, text: `${spec.program} ${spec.version}\n` };

  const [config, listenText, dataDir] = [values.get('config'), values.get('listen'), values.get('data-dir')];
  const listen = typeof listenText === 'string' ? parseListenAddress(listenText) : undefined;
  if (typeof listenText === 'string' && !listen) faults.push(`\`--listen\` must be HOST:PORT, got \`${listenText}\``);
  if (faults.length > 0) {
    const lines = faults.map((fault) => `${spec.program}: ${fault}\n`).join('');
    return { ok: false, exitCode: ExitCode.usage, text: `${lines}See: ${spec.program} --help\n` };
  }
  return {
    ok: true,
    flags: {
      config: typeof config === 'string' ? config : 'orchestrator.yaml',
      check: values.has('check'),
      ...(listen && { listen }),
      ...(typeof dataDir === 'string' && { dataDir }),
      switches: new Set(own.filter((name) => values.has(name))),
    },
  };
};

// `--config --check` is a forgotten value, `--config=--check` is meant.
const isValue = (value: string | undefined, inline: boolean | undefined): boolean =>
  value !== undefined && value !== '' && (inline === true || !value.startsWith('-'));

const helpText = ({ program, summary, switches = {} }: CommandSpec): string => `${summary}

usage: ${program} [--config FILE] [--check] [--listen HOST:PORT] [--data-dir DIR]

  -c, --config FILE     the config, default orchestrator.yaml
      --check           validate the config and exit: 0, or 2 with every fault
      --listen H:P      instead of the config's address; port 0 picks one
      --data-dir DIR    instead of the config's data directory
${Object.entries(switches)
  .map(([name, what]) => `      --${name.padEnd(18)}${what}\n`)
  .join('')}  -h, --help            this text
      --version         the version

Secrets come from the environment only: ORCH_KEY_SECRET, ORCH_AGENT_KEY, or a file each, ORCH_KEY_SECRET_FILE, ORCH_AGENT_KEY_FILE.
Signals: the first SIGTERM or SIGINT drains, the second kills. Exit codes: 0 done, 1 failed at run time, 2 called or configured wrongly.
`;
