/**
 * The recorded scrapes that dashboards are evaluated against (`ci/dashboards/recorded`): how they are written, and how they become a
 * history that Prometheus reads. It knows no metric by name.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceName } from './contract.ts';
import { paths } from './workspace.ts';

/** What both services exported at one time. */
export type Scrapes = Readonly<Record<ServiceName, string>>;

const services = ['orchestratord', 'pool-managerd'] as const;
const fileOf = (service: ServiceName, number: number): string => join(paths.recorded, `${service}.${number}.prom`);

/** Two times, between which every counter moved. */
export async function writeRecorded(times: readonly [Scrapes, Scrapes]): Promise<void> {
  await mkdir(paths.recorded, { recursive: true });
  for (const [index, scrapes] of times.entries()) {
    for (const service of services) {
      const file = fileOf(service, index + 1);
      await writeFile(`${file}.next`, scrapes[service]);
      await rename(`${file}.next`, file);
    }
  }
}

export async function readRecorded(): Promise<readonly [Scrapes, Scrapes]> {
  const read = async (number: number): Promise<Scrapes> => ({
    orchestratord: await readFile(fileOf('orchestratord', number), 'utf8'),
    'pool-managerd': await readFile(fileOf('pool-managerd', number), 'utf8'),
  });
  return [await read(1), await read(2)];
}

/** Between two scrapes of the history. */
const everyS = 15;
/** So long the first recorded scrape stands, and after it the second: what moved between them lies within any window of minutes. */
const firstForS = 600;
const secondForS = 120;

/**
 * A history in OpenMetrics text that ends at `endS`: both recorded scrapes, each repeated, as a Prometheus would have taken them.
 *
 * @param endS - Unix time in seconds.
 */
export function toHistory([first, second]: readonly [Scrapes, Scrapes], endS: number): string {
  const lines = services.flatMap((service) => [
    ...repeat(first[service], service, endS - secondForS - firstForS, endS - secondForS - everyS),
    ...repeat(second[service], service, endS - secondForS, endS),
  ]);
  return `${lines.join('\n')}\n# EOF\n`;
}

/** Each sample at each time, with the labels that Prometheus adds. */
function repeat(text: string, service: ServiceName, fromS: number, toS: number): readonly string[] {
  const own = `job="${service}",instance="${service}:0"`;
  const times = Array.from({ length: Math.floor((toS - fromS) / everyS) + 1 }, (_, index) => fromS + index * everyS);
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return [...samples, 'up 1'].flatMap((line) => {
    const [, name = '', labels, value = ''] = /^([\w:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return times.map((timeS) => `${name}{${labels === undefined ? '' : `${labels},`}${own}} ${value} ${timeS}`);
  });
}
