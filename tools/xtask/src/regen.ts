/**
 * All generated files of the repository in one go. It knows which generators there are, and nothing of what they write.
 */
import type { Command } from './command.ts';
import { docs } from './docs.ts';
import { regenOpenapi } from './regen-openapi.ts';
import { regenSchema } from './regen-schema.ts';

const generators: readonly Command[] = [regenOpenapi, regenSchema, docs];

export const regen: Command = {
  summary: 'Write every generated file anew: regen-openapi, regen-schema, docs.',
  usage: `[--check]

  --check  write nothing; fail when a file would change`,
  async run(args) {
    const codes: number[] = [];
    for (const generator of generators) codes.push(await generator.run(args));
    return Math.max(...codes);
  },
};
