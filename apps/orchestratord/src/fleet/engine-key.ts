/**
 * The key that a pool's engine asks its callers for, as the controller needs it to send tasks there. It owns where the key comes from;
 * it is shown to adapters only.
 */
import { readFileSync } from 'node:fs';
import type { PoolConfig } from '@llama-orch/config-schema';

export type EngineKey =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'missing'; readonly reason: string };

/**
 * Read it anew for each worker, so that a changed key needs no restart of the controller.
 *
 * @req ORCH-3043
 */
export const readEngineKey = ({ runtime }: PoolConfig): EngineKey => {
  const file = runtime.kind === 'embedded' ? undefined : runtime.api_key_file;
  if (file === undefined) return { kind: 'none' };
  try {
    const key = readFileSync(file, 'utf8').trim();
    return key === ''
      ? { kind: 'missing', reason: `the engine’s key file ${file} is empty on the controller’s host` }
      : { kind: 'key', key };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'missing', reason: `the engine’s key cannot be read on the controller’s host (\`runtime.api_key_file\`): ${why}` };
  }
};
