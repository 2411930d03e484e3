/** The pipeline is a workflow that GitHub takes, and each of its jobs runs a command that exists and can fail. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { commandNames } from './commands.ts';
import { workspaceRoot } from './workspace-root.ts';

type Job = {
  readonly needs?: readonly string[];
  readonly if?: string;
  readonly steps: readonly { readonly run?: string; readonly if?: string; readonly 'continue-on-error'?: boolean }[];
};

const text = readFileSync(join(workspaceRoot, '.github', 'workflows', 'pipelines.yml'), 'utf8');
const { jobs } = parse(text) as { readonly jobs: Readonly<Record<string, Job>> };

async function faultsOf(content: string): Promise<readonly string[]> {
  const { context, value } = parseWorkflow({ name: 'pipelines.yml', content }, new NoOperationTraceWriter());
  if (value !== undefined && context.errors.getErrors().length === 0) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}

test('GitHub’s own parser takes the workflow', async () => {
  expect(await faultsOf(text)).toEqual([]);
});

test.each([
  ['an unknown key', (content: string) => content.replace('runs-on: ubuntu-24.04', 'run-on: ubuntu-24.04')],
  ['a need that is no job', (content: string) => content.replace('- cdc_consumer', '- cdc_consumers')],
  ['an expression that is none', (content: string) => content.replace('matrix.seed }}', 'matrix.seed +')],
  ['a schedule that is none', (content: string) => content.replace('17 2 * * *', '17 2 * *')],
])('the check notices %s', async (_name, change) => {
  expect(change(text)).not.toBe(text);
  expect(await faultsOf(change(text))).not.toEqual([]);
});

test('it has the jobs that were agreed, the verification behind both sides of the contract', () => {
  expect(Object.keys(jobs).toSorted()).toEqual(
    ['precommit', 'cdc_consumer', 'stub_flow', 'provider_verify', 'unit_props', 'determinism', 'e2e_haiku', 'docs_compliance']
      .concat(['chaos', 'load_slo', 'e2e_gpu'])
      .toSorted(),
  );
  expect(jobs['provider_verify']?.needs).toEqual(['cdc_consumer', 'stub_flow']);
});

test.each(Object.entries(jobs))(
  'the job %s runs a command of this repository, and none of its steps may pass by doing nothing',
  (_name, job) => {
    const runs = job.steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
    expect(runs.length).toBeGreaterThan(0);
    for (const run of runs) {
      const [, name] = /^node scripts\/bootstrap\.mjs ([\w:-]+)/.exec(run) ?? [];
      expect(name === undefined ? /^(npm test|git diff --exit-code)\b/.test(run) : commandNames.includes(name), run).toBe(true);
      expect(run).not.toMatch(/\|\| *true|; *true|set \+e/);
    }
    expect(job.steps.some((step) => step['continue-on-error'] === true)).toBe(false);
  },
);
