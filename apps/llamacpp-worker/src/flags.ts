/** The command line: llama-server's names, and only what this worker does. Reads the environment for the key, touches nothing else. */

export type Settings = {
  /** Path of the GGUF file. */
  readonly model: string;
  /** Name in `/v1/models` and in answers. */
  readonly alias: string;
  readonly host: string;
  /** 0 = the system picks one. */
  readonly port: number;
  /** Tokens of all slots together; 0 = what the model was trained with. */
  readonly ctxTokens: number;
  /** Requests decoded at a time, 1 to 64. */
  readonly slots: number;
  /** Threads of the matrix multiplications; above 1 results may depend on the load (README). */
  readonly threads: number;
  readonly metrics: boolean;
  readonly slotsEndpoint: boolean;
  readonly embedding: boolean;
  readonly rerank: boolean;
  /** `undefined`: everyone may ask. */
  readonly apiKey: string | undefined;
};

export type Command =
  | { readonly kind: 'serve'; readonly settings: Settings }
  | { readonly kind: 'version' }
  | { readonly kind: 'help' }
  | { readonly kind: 'invalid'; readonly message: string };

type Draft = { -readonly [Name in keyof Settings]: Settings[Name] };
type Flag = {
  readonly names: readonly string[];
  /** Shown in the help; a flag without one takes no value. */
  readonly value?: string;
  readonly help: string;
  /** Returns what is wrong with the value, if anything. */
  readonly apply: (draft: Draft, value: string) => string | undefined;
};

const flagTable: readonly Flag[] = [
  {
    names: ['-m', '--model'],
    value: 'FILE',
    help: 'the model, a GGUF file (required)',
    apply: (draft, value) => set(draft, 'model', value),
  },
  {
    names: ['-a', '--alias'],
    value: 'NAME',
    help: "the model's name in answers (default: its path)",
    apply: (draft, value) => set(draft, 'alias', value),
  },
  {
    names: ['--host'],
    value: 'HOST',
    help: 'address to listen on (default 127.0.0.1)',
    apply: (draft, value) => set(draft, 'host', value),
  },
  {
    names: ['--port'],
    value: 'N',
    help: 'port, 0 picks one (default 8080)',
    apply: (draft, value) => integer(draft, 'port', value, 0, 65_535),
  },
  {
    names: ['-c', '--ctx-size'],
    value: 'N',
    help: "context of all slots together in tokens, 0 = the model's (default 0)",
    apply: (draft, value) => integer(draft, 'ctxTokens', value, 0, 16_777_216),
  },
  { names: ['-np', '--parallel'], value: 'N', help: 'slots (default 1)', apply: (draft, value) => integer(draft, 'slots', value, 1, 64) },
  {
    names: ['-t', '--threads'],
    value: 'N',
    help: 'threads (default 1; above 1 results may depend on the load)',
    apply: (draft, value) => integer(draft, 'threads', value, 1, 512),
  },
  { names: ['--metrics'], help: 'serve /metrics', apply: (draft) => set(draft, 'metrics', true) },
  { names: ['--slots'], help: 'serve /slots (default)', apply: (draft) => set(draft, 'slotsEndpoint', true) },
  { names: ['--no-slots'], help: 'do not serve /slots', apply: (draft) => set(draft, 'slotsEndpoint', false) },
  { names: ['--embedding', '--embeddings'], help: 'serve embeddings', apply: (draft) => set(draft, 'embedding', true) },
  {
    names: ['--rerank', '--reranking'],
    help: 'serve reranking; the model must have a rank head',
    apply: (draft) => set(draft, 'rerank', true),
  },
];

const commandFlags: Readonly<Record<string, Command>> = {
  '--version': { kind: 'version' },
  '-h': { kind: 'help' },
  '--help': { kind: 'help' },
};

/** Parses the arguments after the script's name. The first fault wins, as in llama-server. */
export function parseFlags(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Command {
  const draft: Draft = {
    model: '',
    alias: '',
    host: '127.0.0.1',
    port: 8080,
    ctxTokens: 0,
    slots: 1,
    threads: 1,
    metrics: false,
    slotsEndpoint: true,
    embedding: false,
    rerank: false,
    apiKey: env['LLAMA_API_KEY'] || undefined,
  };
  for (let at = 0; at < argv.length; at++) {
    const name = argv[at] ?? '';
    const command = commandFlags[name];
    if (command !== undefined) return command;
    const flag = flagTable.find((candidate) => candidate.names.includes(name));
    if (flag === undefined) return { kind: 'invalid', message: `error: invalid argument: ${name}` };
    const value = flag.value === undefined ? '' : argv[++at];
    if (value === undefined) return { kind: 'invalid', message: `error while handling argument "${name}": expected value for argument` };
    const fault = flag.apply(draft, value);
    if (fault !== undefined) return { kind: 'invalid', message: `error while handling argument "${name}": ${fault}` };
  }
  if (draft.model === '') return { kind: 'invalid', message: 'error: --model is required' };
  if (draft.embedding && draft.rerank) return { kind: 'invalid', message: 'error: --embedding and --rerank need separate workers' };
  return { kind: 'serve', settings: { ...draft, alias: draft.alias || draft.model } };
}

export function helpText(): string {
  const rows = flagTable.map(({ names, value, help }) => `  ${`${names.join(', ')} ${value ?? ''}`.padEnd(28)} ${help}`);
  const environment = ['', 'environment:', `  ${'LLAMA_API_KEY'.padEnd(28)} the key that requests must carry`];
  return [
    'usage: llamacpp-worker -m FILE [flags]',
    '',
    ...rows,
    `  ${'--version'.padEnd(28)} print the version and exit`,
    ...environment,
  ].join('\n');
}

function set<Name extends keyof Draft>(draft: Draft, name: Name, value: Draft[Name]): undefined {
  draft[name] = value;
  return undefined;
}

function integer(
  draft: Draft,
  name: 'port' | 'ctxTokens' | 'slots' | 'threads',
  value: string,
  min: number,
  max: number,
): string | undefined {
  const parsed = Number(value);
  if (!/^\d+$/.test(value) || parsed < min || parsed > max) return `expected a whole number from ${min} to ${max}, got "${value}"`;
  return set(draft, name, parsed);
}
