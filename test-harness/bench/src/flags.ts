/** The bench's flags. Pure. */
import { parseArgs } from 'node:util';

export type Flags = {
  readonly only: readonly string[];
  readonly rounds: number;
  readonly isQuick: boolean;
  /** File for the JSON; `''` = standard output; `null` = none. */
  readonly json: string | null;
  readonly controllerFlags: readonly string[];
};

/** @errors one of `parseArgs`, or one that says what was expected. */
export function parseFlags(args: readonly string[], measures: readonly string[]): Flags {
  const { values } = parseArgs({
    args: args.filter((each) => each !== '--').map(toJsonValue),
    options: {
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      'controller-flags': { type: 'string', default: '' },
    },
  });
  const rounds = values.rounds ?? (values.quick ? '2' : '3');
  if (!/^[1-9]\d?$/.test(rounds)) throw new Error(`--rounds must be 1 to 99, got \`${rounds}\``);
  for (const name of values.only) {
    if (!measures.includes(name)) throw new Error(`--only must be one of ${measures.join(', ')}, got \`${name}\``);
  }
  return {
    only: values.only,
    rounds: Number(rounds),
    isQuick: values.quick,
    json: values.json ?? null,
    controllerFlags: values['controller-flags'].split(' ').filter((flag) => flag !== ''),
  };
}

/** `--json` may stand alone, which `parseArgs` does not know. */
function toJsonValue(each: string, index: number, all: readonly string[]): string {
  const next = all[index + 1];
  return each === '--json' && (next === undefined || next.startsWith('--')) ? '--json=' : each;
}
