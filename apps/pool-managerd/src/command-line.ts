/**
 * The agent's command line: what all services share, `--controller` and `--print-launch`. It reads no file and prints nothing.
 */
import { type CommandSpec, ExitCode, parseFlags, type ServiceFlags } from '@llama-orch/service-kit';

export type AgentFlags = ServiceFlags & {
  /** Show what would be started for this pool, and exit. */
  readonly printLaunch?: string;
  /** Instead of `agent.controller_url`. */
  readonly controllerUrl?: string;
};

export type ParsedAgentFlags =
  | { readonly ok: true; readonly flags: AgentFlags }
  | { readonly ok: false; readonly exitCode: ExitCode; readonly text: string };

const ownFlags = ['--controller', '--print-launch'] as const;
type OwnFlag = (typeof ownFlags)[number];

/** @param argv - Without the program. */
export const parseAgentFlags = (argv: readonly string[], spec: CommandSpec): ParsedAgentFlags => {
  const rest: string[] = [];
  const own: Record<OwnFlag, string[]> = { '--controller': [], '--print-launch': [] };
  for (let index = 0; index < argv.length; index += 1) {
    const item = argv[index] ?? '';
    const name = ownFlags.find((flag) => item === flag || item.startsWith(`${flag}=`));
    if (name === undefined) rest.push(item);
    else own[name].push(item === name ? (argv[(index += 1)] ?? '') : item.slice(name.length + 1));
  }
  const [urls, pools] = [own['--controller'], own['--print-launch']];
  const parsed = parseFlags(rest, spec);
  const faults = [
    ...ownFlags.filter((name) => own[name].length > 1).map((name) => `\`${name}\` is given twice`),
    ...urls.filter((url) => !isHttpUrl(url)).map((url) => `\`--controller\` must be an http or https URL, got \`${url}\``),
    ...pools.filter((pool) => pool === '').map(() => '`--print-launch` needs the id of a pool'),
  ].map((fault) => `${spec.program}: ${fault}\n`);
  if (parsed.ok && faults.length === 0) {
    const [[controllerUrl], [printLaunch]] = [urls, pools];
    return {
      ok: true,
      flags: { ...parsed.flags, ...(controllerUrl !== undefined && { controllerUrl }), ...(printLaunch !== undefined && { printLaunch }) },
    };
  }
  if (!parsed.ok && parsed.exitCode === ExitCode.ok) return { ...parsed, text: withOwnFlags(parsed.text) };
  const text = parsed.ok ? `See: ${spec.program} --help\n` : parsed.text;
  return { ok: false, exitCode: ExitCode.usage, text: faults.join('') + text };
};

const isHttpUrl = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.host !== '';
};

/** Put the flags' lines where the other ones stand. */
const withOwnFlags = (help: string): string =>
  help
    .replace(' [--data-dir DIR]', ' [--data-dir DIR] [--controller URL] [--print-launch POOL]')
    .replace(
      /(\n +--data-dir DIR[^\n]*)/,
      "$1\n      --controller URL  instead of the config's `agent.controller_url`\n      --print-launch POOL  show the command that would be started for the pool, secrets masked, and exit",
    );
