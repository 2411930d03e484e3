/**
 * What a developer command is, and how it says that it was called wrongly. It owns no command.
 */

/** One subcommand of xtask. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the command's name, and what each flag does; shown by `--help`. */
  readonly usage?: string;
  /** Set where the program behind the command explains its flags itself. */
  readonly answersHelp?: true;
  /**
   * @param args - What stands after the command's name.
   * @returns The exit code: 0 done, 1 failed, 2 called wrongly.
   */
  run(args: readonly string[]): Promise<number>;
}

/** Bad flags or arguments: the message is shown, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Whether this is a bad call: our own {@link UsageError}, or one of `parseArgs` from `node:util`. */
export function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_PARSE_ARGS_');
}
