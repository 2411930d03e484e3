/**
 * Reads one line that a service printed: a JSON log line, or text. Pure.
 */

export type LogLine = {
  /** How a person reads it on a terminal. */
  readonly text: string;
  /** Whether a person should see it without asking: a warning or worse, or text that is no log line. */
  readonly isEssential: boolean;
  /** Set on the one line that tells where the service listens. */
  readonly listeningAt?: string;
};

const levels: ReadonlyMap<unknown, string> = new Map([
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'fatal'],
]);

/** Fields that every line has and nobody reads on a terminal. */
const dull = new Set(['level', 'time', 'pid', 'hostname', 'event', 'msg', 'service', 'name']);

export function parseLogLine(raw: string): LogLine {
  const fields = parseObject(raw);
  if (fields === undefined) return { text: raw, isEssential: raw.trim() !== '' };
  const level = levels.get(fields['level']) ?? inline(fields['level'] ?? 'info');
  const rest = Object.entries(fields).filter(([name, value]) => !dull.has(name) && value !== null);
  const words = [level, fields['event'], fields['msg'], ...rest.map(([name, value]) => `${name}=${inline(value)}`)];
  const text = words.filter((word) => word !== undefined && word !== '').join(' ');
  const isEssential = ['warn', 'error', 'fatal'].includes(level);
  const url = fields['event'] === 'listening' ? fields['url'] : undefined;
  return typeof url === 'string' ? { text, isEssential, listeningAt: url } : { text, isEssential };
}

function parseObject(raw: string): Record<string, unknown> | undefined {
  if (!raw.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    // Not JSON after all: it is shown as it came.
    return undefined;
  }
}

function inline(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
