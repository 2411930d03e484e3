/** Reads figures from Prometheus text, of a service or of an engine. It knows no name of any metric. */

/**
 * The sum of all samples of one metric at `url`.
 *
 * @param labels - Only samples with all of these count.
 * @throws Error where there is no such sample: a counter that is missing must never look like one that stands at 0.
 */
export async function readMetric(
  url: string,
  name: string,
  { labels = {}, apiKey }: { readonly labels?: Readonly<Record<string, string>>; readonly apiKey?: string } = {},
): Promise<number> {
  const response = await fetch(url, apiKey === undefined ? {} : { headers: { authorization: `Bearer ${apiKey}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`expected metrics at ${url}, got ${response.status}: ${text.slice(0, 200)}`);
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const samples = text.split('\n').filter((line) => {
    const [, found, list = ''] = /^([\w:]+)(?:\{(.*)\})? /.exec(line) ?? [];
    return found === name && wanted.every((pair) => list.split(',').includes(pair));
  });
  if (samples.length === 0) throw new Error(`expected the metric ${name} at ${url}, got none`);
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
