/** A run's findings as a table for people and as JSON for programs. Pure. */
import { type Figure, type Findings, isMet, type Skip } from './figure.ts';

/** Where and how the run was made; ratios hold elsewhere, the rest does not. */
export type RunFacts = {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly node: string;
  readonly cpu: string;
  /** Core of engine and client, and core of whatever relays; `null` where processes could not be pinned. */
  readonly cores: { readonly load: number; readonly relay: number } | null;
  readonly nginx: string | null;
  /** Processes that wanted a core in the minute before the run: others' work. */
  readonly loadBefore: number;
  readonly coreCount: number;
  readonly args: readonly string[];
};

const columns = ['measure', 'figure', 'median', 'min', 'max', 'unit', 'target', 'met'] as const;

/** More of others' work than this share of the machine makes times in ms worthless, and ratios rough. */
const busyShare = 0.25;

/** What must be known to read the figures, one line each. */
export function toHeading({ startedAt, durationMs, node, cpu, cores, nginx, loadBefore, coreCount, args }: RunFacts): string {
  const lines = [
    `bench ${args.join(' ')}`.trimEnd(),
    `${startedAt}, ${Math.round(durationMs / 1_000)} s, Node ${node}, ${nginx ?? 'no nginx'}, ${cpu}`,
    cores === null ? 'processes were not pinned' : `engine and client on core ${cores.load}, the relay on core ${cores.relay}`,
  ];
  if (loadBefore > coreCount * busyShare)
    lines.push(
      `THE MACHINE WAS BUSY: load ${loadBefore.toFixed(1)} on ${coreCount} cores before the run; times in ms are mostly waiting for a core`,
    );
  return lines.join('\n');
}

/** A Markdown table, so that it reads on a terminal and in a document. */
export function toTable({ figures, skips }: Findings): string {
  const rows = figures.map(toRow);
  const widths = columns.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] as string).length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`;
  const table = [line(columns), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
  return [...table, ...skips.map(toSkipLine)].join('\n');
}

export function toJson(facts: RunFacts, { figures, skips }: Findings): string {
  const withVerdict = figures.map((figure) => ({ ...figure, met: isMet(figure) }));
  return JSON.stringify({ ...facts, figures: withVerdict, skips }, null, 2);
}

/** `3 of 4 targets met`, with the names of the others. */
export function toVerdict(figures: readonly Figure[]): string {
  const judged = figures.filter(({ target }) => target !== null);
  const missed = judged.filter((figure) => isMet(figure) === false);
  const names = missed.map(({ what }) => what).join('; ');
  return `${judged.length - missed.length} of ${judged.length} targets met${names === '' ? '' : `; missed: ${names}`}`;
}

function toRow(figure: Figure): readonly string[] {
  const { measure, what, unit, value, target } = figure;
  const met = isMet(figure);
  const verdict = met === null ? '' : met ? 'yes' : 'NO';
  return [
    measure,
    what,
    toDigits(value.median),
    toDigits(value.min),
    toDigits(value.max),
    unit,
    target === null ? '' : `<= ${target}`,
    verdict,
  ];
}

function toSkipLine({ measure, what, reason }: Skip): string {
  return `not measured: ${measure}, ${what}: ${reason}`;
}

/** Three significant digits, whole above 100. */
function toDigits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value === 0 ? '0' : value.toPrecision(3);
}
