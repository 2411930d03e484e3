/**
 * The agent's command line: what all services share, and `--controller`. It reads no file and prints nothing.
 */
import { type CommandSpec, ExitCode, parseFlags, type ServiceFlags } from '@llama-orch/service-kit';

export type AgentFlags = ServiceFlags & {
  /** Instead of `agent.controller_url`. */
  readonly controllerUrl?: string;
};

export type ParsedAgentFlags =
  | { readonly ok: true; readonly flags: AgentFlags }
  | { readonly ok: false; readonly exitCode: ExitCode; readonly text: string };

/** @param argv - Without the program. */
export const parseAgentFlags = (argv: readonly string[], spec: CommandSpec): ParsedAgentFlags => {
  const rest: string[] = [];
  const urls: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const item = argv[index] ?? '';
    if (item === '--controller') urls.push(argv[(index += 1)] ?? '');
    else if (item.startsWith('--controller=')) urls.push(item.slice('--controller='.length));
    else rest.push(item);
  }
  const parsed = parseFlags(rest, spec);
  const faults = [
    ...(urls.length > 1 ? ['`--controller` is given twice'] : []),
    ...urls.filter((url) => !isHttpUrl(url)).map((url) => `\`--controller\` must be an http or https URL, got \`${url}\``),
  ].map((fault) => `${spec.program}: ${fault}\n`);
  if (parsed.ok && faults.length === 0) {
    const [controllerUrl] = urls;
    return { ok: true, flags: { ...parsed.flags, ...(controllerUrl !== undefined && { controllerUrl }) } };
  }
  if (!parsed.ok && parsed.exitCode === ExitCode.ok) return { ...parsed, text: withController(parsed.text) };
  const text = parsed.ok ? `See: ${spec.program} --help\n` : parsed.text;
  return { ok: false, exitCode: ExitCode.usage, text: faults.join('') + text };
};

const isHttpUrl = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.host !== '';
};

/** Put the flag's line where the other ones stand. */
const withController = (help: string): string =>
  help
    .replace(' [--data-dir DIR]', ' [--data-dir DIR] [--controller URL]')
    .replace(/(\n +--data-dir DIR[^\n]*)/, "$1\n      --controller URL  instead of the config's `agent.controller_url`");
