import { readFileSync } from 'node:fs';
import { parseConfig } from '@llama-orch/config-schema';
import { expect, test } from 'vitest';
import { servedPools } from '../fleet/served-pool.ts';
import { toCoreConfig } from './core-config.ts';

const coreConfig = (change: (text: string) => string) => {
  const file = new URL('../../../../contracts/config-schema/examples/full.yaml', import.meta.url);
  const parsed = parseConfig(change(readFileSync(file, 'utf8')), { file: 'full.yaml' });
  if (!parsed.ok) throw new Error(parsed.faults.map(({ message }) => message).join());
  return toCoreConfig(parsed.config, servedPools(parsed.config));
};
const chat = (change: (text: string) => string = (text) => text) => coreConfig(change).pools.find(({ poolId }) => poolId === 'chat');

test('[ORCH-3020] admission counts the KV of a draft model, and nothing where that is not known', () => {
  expect(chat()?.kvBytesPerToken).toBe(131_072 + 32_768);
  expect(chat((text) => text.replace(/^ +kv_bytes_per_token: 32768.*\n/m, ''))?.kvBytesPerToken).toBeNull();
  expect(chat((text) => text.replace(/^ +speculative:.*\n +draft_model:.*\n +draft_tokens:.*\n/m, ''))?.kvBytesPerToken).toBe(131_072);
});
