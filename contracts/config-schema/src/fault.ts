/**
 * One fault of a config file: where and what. It owns how faults read on a terminal, and finds none itself.
 */

/** A fault, or in `compat` mode a warning. */
export type Fault = {
  readonly file?: string;
  /** 1-based, where the text is known. */
  readonly line?: number;
  readonly column?: number;
  /** JSON pointer; empty for the file as a whole. */
  readonly path: string;
  /** What was expected, what was found. Never holds values that could be secrets. */
  readonly message: string;
};

/** Append one segment to a JSON pointer (RFC 6901). */
export const pointer = (path: string, segment: string | number): string =>
  `${path}/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The segments of a JSON pointer. */
export const segmentsOf = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));

/** `file:line:column /path: message`, with what is known. */
export const formatFault = (fault: Fault): string => {
  const place = [fault.file, fault.line, fault.column].filter((part) => part !== undefined).join(':');
  return [place, `${fault.path || '(whole file)'}: ${fault.message}`].filter(Boolean).join(' ');
};
