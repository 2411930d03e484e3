/** Prometheus text as families of samples. It knows no metric by name. */

export type Sample = {
  /** With the suffix of a histogram's part. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export type Family = { readonly name: string; readonly type: string; readonly samples: readonly Sample[] };

/**
 * Every family with a `# TYPE` line, in the order of the text.
 *
 * @throws Error for a line that is none of the format, and for a sample that belongs to no family before it.
 */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, Family & { readonly samples: Sample[] }>();
  let family: (Family & { readonly samples: Sample[] }) | undefined;
  for (const line of text.split('\n')) {
    const [, typed, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (typed !== undefined && type !== undefined) {
      family = { name: typed, type, samples: [] };
      families.set(typed, family);
    } else if (line !== '' && !line.startsWith('#')) {
      const sample = parseSample(line);
      if (family === undefined || !belongs(sample.name, family)) throw new Error(`expected a family before the sample: ${line}`);
      family.samples.push(sample);
    }
  }
  return families;
}

function parseSample(line: string): Sample {
  const [, name, list = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`expected \`name{labels} value\`, got: ${line}`);
  const labels = Object.fromEntries(Array.from(list.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g), ([, label = '', text = '']) => [label, text]));
  return { name, labels, value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value) };
}

function belongs(name: string, { name: family, type }: Family): boolean {
  if (name === family) return true;
  if (type !== 'histogram' && type !== 'summary') return false;
  return name.startsWith(family) && ['_bucket', '_sum', '_count'].includes(name.slice(family.length));
}
