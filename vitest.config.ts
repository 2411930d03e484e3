/**
 * How all tests of the workspace run: one project for each package, two workers, and the ones that start real engines
 * after all others, one file at a time, so that nobody competes with them for the processor.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const startsEngines = new Set(['apps/llamacpp-worker', 'test-harness/e2e-haiku']);

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
    projects: directories.map(project),
  },
});

function project(directory: string): TestProjectInlineConfiguration {
  const manifest: unknown = JSON.parse(readFileSync(`${import.meta.dirname}/${directory}/package.json`, 'utf8'));
  const name = typeof manifest === 'object' && manifest !== null && 'name' in manifest ? String(manifest.name) : directory;
  const guard = `${import.meta.dirname}/scripts/suite-guard.ts`;
  const base = { name, root: directory, include: ['src/**/*.test.ts'], setupFiles: [guard] };
  if (!startsEngines.has(directory)) return { extends: true, test: base };
  // What the haiku protocol asks for (ORCH-3059).
  const env = { REQUIRE_REAL_LLAMA: '1', TZ: 'Europe/Amsterdam' };
  return { extends: true, test: { ...base, env, maxWorkers: 1, testTimeout: 120_000, hookTimeout: 120_000, sequence: { groupOrder: 1 } } };
}
