/** Reads the Prometheus text format that all engines export. It owns the format; which names matter is the adapter's. */

/**
 * Sum of each metric over its labels, by name.
 *
 * Comments, empty lines and lines that are not samples are skipped; so are NaN and infinite values.
 */
export const parsePrometheus = (text: string): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>();
  for (const line of text.split('\n')) {
    const sample = samplePattern.exec(line);
    if (sample === null) continue;
    const [, name = '', valueText = ''] = sample;
    const value = Number(valueText);
    if (Number.isFinite(value)) sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return sums;
};

/** Name, labels (a quoted value may hold braces and escaped quotes), value, optional timestamp. */
const samplePattern = /^([a-zA-Z_:][\w:]*)(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
