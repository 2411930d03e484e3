/**
 * How all tests of the workspace run: one project for each package, two workers. Tests that start services or engines as
 * processes (`*.process.test.ts`, `*.e2e.test.ts`) are a second project of their package, `NAME:process`: they run after all
 * others, one file at a time, so that nobody competes with them for the processor.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const processTests = 'src/**/*.{process,e2e}.test.ts';

const directories = globSync(['{contracts,packages,packages/worker-adapters,packages/plugins,apps,tools,test-harness}/*/package.json'], {
  cwd: import.meta.dirname,
})
  .map(dirname)
  .toSorted();

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', './scripts/plain-reporter.mjs', ['junit', { outputFile: '.reports/junit.xml' }]],
    env: { PACT_DO_NOT_TRACK: 'true' },
    // It imports JSON without saying so, which only a bundler takes.
    server: { deps: { inline: ['@actions/workflow-parser'] } },
    projects: directories.flatMap(projectsOf),
  },
});

function projectsOf(directory: string): readonly TestProjectInlineConfiguration[] {
  const manifest: unknown = JSON.parse(readFileSync(`${import.meta.dirname}/${directory}/package.json`, 'utf8'));
  const name = typeof manifest === 'object' && manifest !== null && 'name' in manifest ? String(manifest.name) : directory;
  const shared = { root: directory, setupFiles: [`${import.meta.dirname}/scripts/suite-guard.ts`] };
  const units: TestProjectInlineConfiguration = {
    extends: true,
    test: { ...shared, name, include: ['src/**/*.test.ts'], exclude: [processTests] },
  };
  if (globSync(processTests, { cwd: `${import.meta.dirname}/${directory}` }).length === 0) return [units];
  const processes: TestProjectInlineConfiguration = {
    extends: true,
    test: {
      ...shared,
      name: `${name}:process`,
      include: [processTests],
      // What the haiku protocol asks for (ORCH-3059).
      env: { REQUIRE_REAL_LLAMA: '1', TZ: 'Europe/Amsterdam' },
      maxWorkers: 1,
      testTimeout: 120_000,
      hookTimeout: 120_000,
      sequence: { groupOrder: 1 },
    },
  };
  return [units, processes];
}
