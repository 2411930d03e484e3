/**
 * Why a service does not start, and the exit codes of all services. It prints and exits nowhere.
 */

/** What the exit code of a service says. */
export const ExitCode = {
  ok: 0,
  /** It failed at run time, or was killed by a second signal. */
  failure: 1,
  /** It was called or configured wrongly; nothing was started. */
  usage: 2,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The service cannot start. The message is for the operator's terminal: one line per fault. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly exitCode: ExitCode;

  constructor(message: string, options: { readonly exitCode?: ExitCode; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? ExitCode.usage;
  }
}
