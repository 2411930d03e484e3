/** What the played host is like, as the file between the harness and the preloaded `host-faults.ts` says it. Data alone. */

export type HostState = {
  /** Added to the wall clock; monotonic time goes on as it is. */
  readonly clockOffsetMs: number;
  /** Added to each commit of a database. */
  readonly commitDelayMs: number;
  readonly isDiskFull: boolean;
};

export const quietHost: HostState = { clockOffsetMs: 0, commitDelayMs: 0, isDiskFull: false };

/** Names the file. Not a prefix that services withhold from what they start, so that workers would feel it too. */
export const hostFileVariable = 'CHAOS_HOST_FILE';

/** @throws SyntaxError while the file is half written. */
export function parseHostState(text: string): HostState {
  return { ...quietHost, ...(JSON.parse(text) as Partial<HostState>) };
}
