import { validate } from '@llama-orch/api-types';
import { parseConfig } from '@llama-orch/config-schema';
import { expect, test } from 'vitest';
import { refusalDetails } from './refusal-details.ts';

const parsed = parseConfig(
  'models: {}\npools: []\ntenants:\n  - { id: a, rate: { requests_per_s: 3, burst: 4 }, tokens_per_minute: 50 }\nclasses:\n  batch: { rate: { requests_per_s: 2, burst: 2 } }\n',
  { file: 'test.yaml' },
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
const context = { config: parsed.config, tenantId: 'a', priority: 'batch' } as const;

test.each([
  [{ limit: 2_000 }, { limit: { name: 'ctx', value: 2_000 } }],
  [{ limit: 'queue_capacity', allowed: 8 }, { limit: { name: 'queue_capacity', value: 8 } }],
  [
    { limit: 'max_queued_tasks', allowed: 5, used: 5 },
    { limit: { name: 'max_queued_tasks', value: 5 }, used: 5 },
  ],
  [{ limit: 'tenant_rate' }, { limit: { name: 'tenant_rate', value: 3 } }],
  [{ limit: 'class_rate' }, { limit: { name: 'class_rate', value: 2 } }],
  [{ limit: 'tokens_per_minute' }, { limit: { name: 'tokens_per_minute', value: 50 } }],
  [{ accepted_determinism: ['best_effort'] }, { accepted_determinism: ['best_effort'] }],
])('[ORCH-2006] the core’s %j fits the contract', (details, expected) => {
  expect(refusalDetails(details, context)).toEqual(expected);
  expect(validate('ErrorDetails', refusalDetails(details, context))).toMatchObject({ ok: true });
});

test('[ORCH-3036] a tenant that the config does not name has the limits of the default one', () => {
  const details = refusalDetails({ limit: 'tokens_per_minute' }, { ...context, tenantId: 'nobody' });
  expect(details.limit?.value).toBe(parsed.config.tenants.find(({ id }) => id === 'default')?.tokens_per_minute);
});
