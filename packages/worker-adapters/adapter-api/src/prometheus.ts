/** Reads the Prometheus text format that all engines export. It owns the format; which names matter is the adapter's. */

/**
 * Sum of each metric over its labels, by name.
 *
 * Comments, empty lines and lines that are not samples are skipped; so are NaN and infinite values.
 */
export const parsePrometheus = (text: string): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>();
  for (const [name, value] of samplesIn(text)) sums.set(name, (sums.get(name) ?? 0) + value);
  return sums;
};

/** Mean of one metric over its labels, for ratios that must not add up; `null` where it has no sample. */
export const prometheusMean = (text: string, metric: string): number | null => {
  const values = samplesIn(text).flatMap(([name, value]) => (name === metric ? [value] : []));
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
};

const samplesIn = (text: string): readonly (readonly [name: string, value: number])[] =>
  text.split('\n').flatMap((line) => {
    const sample = samplePattern.exec(line);
    if (sample === null) return [];
    const [, name = '', valueText = ''] = sample;
    const value = Number(valueText);
    return Number.isFinite(value) ? [[name, value] as const] : [];
  });

/** Name, labels (a quoted value may hold braces and escaped quotes), value, optional timestamp. */
const samplePattern = /^([a-zA-Z_:][\w:]*)(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
