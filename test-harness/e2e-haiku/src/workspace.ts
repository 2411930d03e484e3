/** Where the repository and the programs under test lie. It reads one file, the model's checksum, and starts nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository, without a slash at its end. */
export const workspaceRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

export const programs = {
  orchestratord: join(workspaceRoot, 'apps/orchestratord/src/main.ts'),
  'pool-managerd': join(workspaceRoot, 'apps/pool-managerd/src/main.ts'),
  mock: join(workspaceRoot, 'packages/worker-adapters/mock/src/main.ts'),
  xtask: join(workspaceRoot, 'tools/xtask/src/main.ts'),
} as const;

/** The model that is in the repository, relative to its root. */
export const modelPath = 'models/haiku-tiny/haiku-tiny.gguf';

/** Its digest as the config writes it. */
export const modelDigest = `sha256:${readFileSync(join(workspaceRoot, `${modelPath}.sha256`), 'utf8').slice(0, 64)}`;
