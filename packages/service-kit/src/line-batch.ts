/**
 * Log lines of one turn of the event loop, written together: what a request waits for is its answer, not its log. It knows
 * neither what a line says nor where it goes.
 */

export interface LineSink {
  write(lines: string): unknown;
}

export interface LineBatch extends LineSink {
  /** Write what waits, now. */
  flush(): void;
}

/** Lines are written at once beyond this many characters: what waits is bounded. */
const maxWaitingChars = 262_144;

/**
 * Collect lines until the event loop has done what is due, then write them in one piece. Whoever ends the process calls
 * `flush` first, so that last words are not lost; only SIGKILL can lose one turn's lines.
 */
export const createLineBatch = (sink: LineSink): LineBatch => {
  let waiting = '';
  let scheduled = false;
  const flush = (): void => {
    scheduled = false;
    if (waiting === '') return;
    const lines = waiting;
    waiting = '';
    sink.write(lines);
  };
  return {
    write: (line) => {
      waiting += line;
      if (waiting.length > maxWaitingChars) flush();
      else if (!scheduled) {
        scheduled = true;
        setImmediate(flush);
      }
    },
    flush,
  };
};
