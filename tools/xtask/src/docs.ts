/**
 * `xtask docs`: writes the documents whose words stand elsewhere: docs/errors.md from the error table, docs/determinism.md from
 * the table of launchers, docs/metrics.md and ci/metrics.lint.json from the metrics contract. It knows which files there are, and the form of none.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { errorKinds } from '@llama-orch/api-types';
import { formatFinding, readMetricsContract } from '@llama-orch/spec-extract';
import type { Command } from './command.ts';
import { determinismDocument } from './docs/determinism-document.ts';
import { errorsDocument } from './docs/errors-document.ts';
import { metricsDocument } from './docs/metrics-document.ts';
import { metricsLintFile } from './docs/metrics-lint-file.ts';
import { writeGenerated } from './write-generated.ts';
import { workspaceRoot } from './workspace-root.ts';

const metricsSpec = 'specs/metrics/otel-prom.md';

export const docs: Command = {
  summary: 'Write docs/errors.md, docs/determinism.md, docs/metrics.md and ci/metrics.lint.json from their sources.',
  usage: `[--check]

  --check  write nothing; fail when a file would change`,
  async run(args) {
    const { values } = parseArgs({ args: [...args], options: { check: { type: 'boolean', default: false } } });
    const { metrics, findings } = readMetricsContract(metricsSpec, await readFile(join(workspaceRoot, metricsSpec), 'utf8'));
    if (findings.length > 0) {
      for (const finding of findings) console.error(formatFinding(finding));
      return 1;
    }
    const files = {
      'docs/determinism.md': determinismDocument(),
      'docs/errors.md': errorsDocument(errorKinds),
      'docs/metrics.md': metricsDocument(metrics),
      'ci/metrics.lint.json': metricsLintFile(metrics),
    };
    const codes: number[] = [];
    for (const [name, content] of Object.entries(files)) {
      codes.push(await writeGenerated(join(workspaceRoot, name), content, { isCheck: values.check, command: 'pnpm xtask docs' }));
    }
    return Math.max(...codes);
  },
};
