import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      'contracts/api-types',
      'contracts/config-schema',
      'packages/orchestrator-core',
      'packages/service-kit',
      'packages/worker-adapters/*',
      'apps/*',
      'tools/*',
      'test-harness/*',
    ],
  },
});
