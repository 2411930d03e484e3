import { readFileSync } from 'node:fs';
import { parseAs } from '@llama-orch/api-types';
import { parseConfig } from '@llama-orch/config-schema';
import { expect, test } from 'vitest';
import { toConfiguredPool, toDesiredPool } from './desired-pool.ts';

const file = new URL('../../../contracts/config-schema/examples/full.yaml', import.meta.url);

const fullConfig = () => {
  const parsed = parseConfig(readFileSync(file, 'utf8'), { file: 'full.yaml' });
  if (!parsed.ok) throw new Error('the example does not parse');
  return parsed.config;
};

test('[ORCH-2109] every pool of the full example is a desired pool of the contract', () => {
  const { pools, models } = fullConfig();
  const desired = pools.map((pool) => parseAs('DesiredPool', toDesiredPool(toConfiguredPool(pool, models), 7)));
  expect(desired.map(({ min_start_count }) => min_start_count)).toEqual(pools.map(() => 7));
});

test('[ORCH-3020] the draft model travels whole, with what its KV takes', () => {
  const { pools, models } = fullConfig();
  const [pool] = pools;
  if (pool === undefined) throw new Error('the example has no pool');
  expect(toDesiredPool(toConfiguredPool(pool, models), 0)).toMatchObject({
    model: { kv_bytes_per_token: 131_072 },
    speculative: { draft_tokens: 4, draft_model: { name: 'llama-3.2-1b', kv_bytes_per_token: 32_768 } },
    runtime: { container: { program: 'docker', entrypoint: '/app/llama-server' } },
  });
  expect(() => toConfiguredPool({ ...pool, model: 'constructor' }, models)).toThrow(/unknown model constructor/);
});
