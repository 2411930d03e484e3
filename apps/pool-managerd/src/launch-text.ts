/**
 * A plan as people read and copy it: the command with its environment, quoted for a shell, secrets masked. Pure.
 */
import type { ProcessLaunch } from './launchers/launch.ts';

/** Variables whose values are nobody's to read. */
const secretName = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;

/**
 * The variables that the agent's own environment lacks or has otherwise, then the command with a line for each flag, then the
 * files that are written for it, as comments.
 *
 * @param agentEnv - What the reader is assumed to have in the environment already.
 */
export const toLaunchText = (launch: ProcessLaunch, agentEnv: Readonly<Record<string, string | undefined>>): string => {
  const variables = Object.entries(launch.env)
    .filter(([name, value]) => agentEnv[name] !== value)
    .map(([name, value]) => `${name}=${secretName.test(name) ? '***' : shellQuote(value)}`);
  const command = launch.argv.map(shellQuote).reduce((text, word) => (word.startsWith('-') ? `${text} \\\n  ${word}` : `${text} ${word}`));
  const files = launch.files.map(({ path, text }) => `\n# ${path}:\n${text.trimEnd().replaceAll(/^/gm, '#   ')}`);
  return `${[...variables, command].join(' \\\n')}\n${files.map((file) => `${file}\n`).join('')}`;
};

/** One word for a POSIX shell. */
const shellQuote = (word: string): string => (/^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);
