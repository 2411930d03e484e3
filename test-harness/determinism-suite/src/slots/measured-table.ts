/** What was measured of slots, as the table that docs/determinism-measured.md shows. Pure. */
import type { Measured } from './measure-slots.ts';

export function renderMeasured({ cpu, cores, prompts, rows }: Measured): string {
  const share = (equal: number, streams: number): string => `${equal} of ${streams} (${((100 * equal) / streams).toFixed(1)} %)`;
  return [
    `${prompts} prompts, greedy and sampled, on ${cores} cores of ${cpu}.`,
    '',
    '| engine | version | slots | neighbours | prompt-cache reuse | cached prompt tokens | equal streams |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ engine, engineVersion, slots, neighbours, reuse, cachedTokens, equal, streams }) =>
        `| ${engine} | ${engineVersion} | ${slots} | ${neighbours ? 'yes' : 'no'} | ${reuse ? 'on' : 'off'} | ${cachedTokens} | ${share(equal, streams)} |`,
    ),
  ].join('\n');
}
