/** Reads the Prometheus text format that all engines export. It owns the format; which names matter is the adapter's. */

/**
 * Sum of each metric over its labels, by name.
 *
 * Comments, empty lines and lines that are not samples are skipped; so are NaN and infinite values.
 */
export const parsePrometheus = (text: string): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>();
  for (const { name, value } of samplesIn(text)) sums.set(name, (sums.get(name) ?? 0) + value);
  return sums;
};

/** Mean of one metric over its labels, for ratios that must not add up; `null` where it has no sample. */
export const prometheusMean = (text: string, metric: string): number | null => {
  const values = samplesIn(text).flatMap(({ name, value }) => (name === metric ? [value] : []));
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
};

export type PrometheusSample = { readonly labels: ReadonlyMap<string, string>; readonly value: number };

/** Every sample of one metric with its labels, for engines that put several figures under one name. */
export const prometheusSamples = (text: string, metric: string): readonly PrometheusSample[] =>
  samplesIn(text).flatMap(({ name, labels, value }) => (name === metric ? [{ labels: toLabels(labels), value }] : []));

type Line = { readonly name: string; readonly labels: string; readonly value: number };

const samplesIn = (text: string): readonly Line[] =>
  text.split('\n').flatMap((line) => {
    const sample = samplePattern.exec(line);
    if (sample === null) return [];
    const [, name = '', labels = '', valueText = ''] = sample;
    const value = Number(valueText);
    return Number.isFinite(value) ? [{ name, labels, value }] : [];
  });

const toLabels = (block: string): ReadonlyMap<string, string> =>
  new Map([...block.matchAll(labelPattern)].map(([, name = '', value = '']) => [name, value.replace(/\\(.)/g, unescape)]));

const unescape = (_: string, escaped: string): string => (escaped === 'n' ? '\n' : escaped);

const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Name, labels (a quoted value may hold braces and escaped quotes), value, optional timestamp. */
const samplePattern = /^([a-zA-Z_:][\w:]*)(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
