/** Plain lines on stderr, as llama-server writes them. Never holds prompts, generated text or keys. */

export type Log = (line: string) => void;

/**
 * A worker outlives the agent that reads its stderr. Writing to a pipe without a reader raises `EPIPE` on the
 * stream, which would end the process with all its running requests, so it is swallowed.
 */
export function createStderrLog(stderr: NodeJS.WriteStream = process.stderr): Log {
  stderr.on('error', () => {});
  return (line) => {
    stderr.write(`${line}\n`);
  };
}
