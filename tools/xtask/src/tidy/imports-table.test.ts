import { parseSourceFile } from '@llama-orch/spec-extract';
import { expect, test } from 'vitest';
import type { WorkspacePackage } from '../workspace-packages.ts';
import { checkImports } from './imports-table.ts';

const pack = (dir: string, name: string, exports = ['.']): WorkspacePackage => ({
  name,
  dir,
  isPublished: true,
  exports,
  dependencies: [],
  runtimeDependencies: [],
});

const packages = [
  pack('contracts/api-types', '@llama-orch/api-types'),
  pack('contracts/config-schema', '@llama-orch/config-schema'),
  pack('packages/orchestrator-core', '@llama-orch/orchestrator-core'),
  pack('packages/worker-adapters/adapter-api', '@llama-orch/adapter-api', ['.', './conformance']),
  pack('packages/worker-adapters/mock', '@llama-orch/adapter-mock'),
  pack('packages/worker-adapters/llamacpp-http', '@llama-orch/llamacpp-http'),
  pack('apps/orchestratord', '@llama-orch/orchestratord'),
  pack('apps/pool-managerd', '@llama-orch/pool-managerd'),
  pack('tools/openapi-client', '@llama-orch/openapi-client'),
  pack('tools/spec-extract', '@llama-orch/spec-extract'),
  pack('tools/xtask', '@llama-orch/xtask'),
  pack('test-harness/bench', '@llama-orch/bench'),
];

/** The findings for one import in one file. */
const check = (path: string, statement: string): readonly string[] =>
  checkImports([parseSourceFile(path, `${statement}\n`)], packages).map(({ expected }) => expected);

test.each([
  ['packages/orchestrator-core/src/a.ts', "import type { ErrorKind } from '@llama-orch/api-types'"],
  ['packages/orchestrator-core/src/a.test.ts', "import fc from 'fast-check'"],
  ['packages/worker-adapters/mock/src/a.ts', "import '@llama-orch/adapter-api'"],
  ['packages/worker-adapters/llamacpp-http/src/a.ts', "import { Pool } from 'undici'"],
  ['packages/worker-adapters/llamacpp-http/src/a.test.ts', "import '@llama-orch/adapter-mock'"],
  ['packages/worker-adapters/llamacpp-http/src/a.test.ts', "import '@llama-orch/adapter-api/conformance'"],
  ['apps/orchestratord/src/a.ts', "import '@llama-orch/orchestrator-core'"],
  ['apps/orchestratord/src/routes/a.ts', "import { b } from '../b.ts'"],
  ['tools/xtask/src/a.ts', "import '@llama-orch/config-schema'"],
  ['tools/xtask/src/a.ts', "import '@llama-orch/spec-extract'"],
  ['test-harness/bench/src/a.ts', "import '@llama-orch/openapi-client'"],
])('%s may: %s', (path, statement) => {
  expect(check(path, statement)).toEqual([]);
});

test.each([
  ['contracts/config-schema/src/a.ts', "import '@llama-orch/api-types'", 'nothing of ours'],
  ['packages/orchestrator-core/src/a.ts', "import { errorKinds } from '@llama-orch/api-types'", 'import type'],
  ['packages/orchestrator-core/src/a.ts', "import { join } from 'node:path'", 'no import from Node'],
  ['packages/orchestrator-core/src/a.ts', "import pino from 'pino'", 'no import from the registry'],
  ['packages/worker-adapters/llamacpp-http/src/a.ts', "import '@llama-orch/adapter-mock'", 'only packages/worker-adapters/adapter-api'],
  ['packages/worker-adapters/mock/src/a.ts', "import '@llama-orch/llamacpp-http'", 'only packages/worker-adapters/adapter-api'],
  ['packages/worker-adapters/mock/src/a.ts', "import '@llama-orch/orchestratord'", 'only packages/worker-adapters/adapter-api'],
  ['apps/orchestratord/src/a.ts', "import '@llama-orch/pool-managerd'", 'apps/orchestratord to import only'],
  ['tools/xtask/src/a.ts', "import '@llama-orch/orchestrator-core'", 'only contracts/*'],
  ['tools/spec-extract/src/a.ts', "import '@llama-orch/xtask'", 'only contracts/*'],
  ['test-harness/bench/src/a.ts', "import '@llama-orch/orchestratord'", 'test-harness/bench to import only'],
  ['test-harness/bench/src/a.ts', "import '@llama-orch/adapter-api/src/sse.ts'", 'a public entry'],
  ['apps/orchestratord/src/a.ts', "import '../../pool-managerd/src/app.ts'", 'by its name'],
  ['apps/orchestratord/src/a.ts', "export * from '@llama-orch/nothing'", 'a package of this workspace'],
])('%s may not: %s', (path, statement, expected) => {
  expect(check(path, statement)).toEqual([expect.stringContaining(expected)]);
});

test('a package without a rule is a finding, so that no package escapes the table', () => {
  const stray = pack('elsewhere/stray', '@llama-orch/stray');
  const file = parseSourceFile('elsewhere/stray/src/a.ts', "import 'node:fs'\n");
  expect(checkImports([file], [stray])).toEqual([
    { file: file.path, line: 1, expected: expect.stringContaining('a line for elsewhere/stray') },
  ]);
});
