/**
 * All generated files of the repository in one go. It knows which generators there are, and nothing of what they write.
 */
import type { Command } from './command.ts';
import { docs } from './docs.ts';
import { regenOpenapi } from './regen-openapi.ts';
import { regenPipelines } from './regen-pipelines.ts';
import { regenSchema } from './regen-schema.ts';
import { specExtract } from './spec-extract.ts';

const generators: readonly Command[] = [regenOpenapi, regenSchema, regenPipelines, specExtract, docs];

export const regen: Command = {
  summary: 'Write every generated file anew: regen-openapi, regen-schema, regen-pipelines, spec-extract, docs.',
  usage: `[--check]

  --check  write nothing; fail when a file would change

COMPLIANCE.md needs a run of all tests: \`pnpm xtask spec-extract --report .reports/tests.json\`.`,
  async run(args) {
    const codes: number[] = [];
    for (const generator of generators) codes.push(await generator.run(args));
    return Math.max(...codes);
  },
};
