/** The suite's flags. Pure. */
import { parseArgs } from 'node:util';
import { allPrompts } from './prompts.ts';

export type Flags = {
  /** Targets by name; empty = all. */
  readonly engines: readonly string[];
  readonly prompts: number;
  readonly json: boolean;
  readonly measure: boolean;
};

/** @throws Error one of `parseArgs`, or one that says what was expected. */
export function parseFlags(args: readonly string[], names: readonly string[]): Flags {
  const { values } = parseArgs({
    args: args.filter((each) => each !== '--'),
    options: {
      engine: { type: 'string', multiple: true, default: [] },
      prompts: { type: 'string', default: String(allPrompts) },
      json: { type: 'boolean', default: false },
      measure: { type: 'boolean', default: false },
    },
  });
  const prompts = Number(values.prompts);
  if (!/^\d+$/.test(values.prompts) || prompts < 1 || prompts > allPrompts)
    throw new Error(`--prompts must be 1 to ${allPrompts}, got \`${values.prompts}\``);
  for (const name of values.engine)
    if (!names.includes(name)) throw new Error(`--engine must be one of ${names.join(', ')}, got \`${name}\``);
  return { engines: values.engine, prompts, json: values.json, measure: values.measure };
}
