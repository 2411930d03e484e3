import { defineConfig } from 'vitest/config';

// Most of these tests start a process that loads a model: a second on an idle machine, several on a busy one.
export default defineConfig({ test: { testTimeout: 30_000, hookTimeout: 30_000 } });
