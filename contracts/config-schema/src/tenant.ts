/**
 * Who may ask for how much: tenants, priority classes, API keys, SLOs and sessions. It holds digests of keys, never keys.
 */
import { Type } from 'typebox';
import { rateSchema } from './admission.ts';
import { bytes, choice, count, id, list, milliseconds, ratio, section } from './field.ts';

/** @req ORCH-3099 */
const budgetsSchema = (description: string) =>
  section(
    description,
    {
      tokens: Type.Optional(
        count('Prompt plus output tokens of all its tasks.', 'tokens', { minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
      ),
      time_ms: Type.Optional(
        count('Slot time of all its tasks; attempts that broke do not count.', 'milliseconds', {
          minimum: 1,
          maximum: Number.MAX_SAFE_INTEGER,
        }),
      ),
      cost: Type.Optional(
        ratio('Cost of all its tasks at the `price` of their models.', 'cost units', { minimum: 0.000_001, maximum: 1_000_000_000_000 }),
      ),
    },
    { default: {} },
  );

/**
 * Limits of one tenant. All are bounded by default (ORCH-3036); the defaults stop an accident, not a busy client.
 *
 * @req ORCH-3006, ORCH-3036, ORCH-3075
 */
export const tenantSchema = section('One tenant: its share and its limits, all checked before a task is queued.', {
  id: id('Name of the tenant, unique in the file. Without keys everybody is `default`.'),
  weight: ratio('Share of capacity against the other tenants of a class.', 'ratio', { default: 1, minimum: 0.001, maximum: 1_000_000 }),
  rate: rateSchema({ requests_per_s: 1_000, burst: 2_000 }),
  tokens_per_minute: count('Prompt plus output tokens it may ask for.', 'tokens per minute', {
    default: 100_000_000,
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
  }),
  max_concurrent_tasks: count('Tasks admitted and not ended.', 'tasks', { default: 10_000, minimum: 1, maximum: 10_000_000 }),
  max_queued_tasks: count('Tasks waiting for a slot.', 'tasks', { default: 10_000, minimum: 1, maximum: 10_000_000 }),
  max_open_streams: count('Task streams open at a time.', 'streams', { default: 10_000, minimum: 1, maximum: 1_000_000 }),
  kv_bytes: bytes('KV cache that its admitted tasks may need together.', { default: 1_099_511_627_776, minimum: 1 }),
  session_budgets: budgetsSchema('What one session of this tenant may use altogether; each one left out is that of `sessions.budgets`.'),
});

export type TenantConfig = Type.Static<typeof tenantSchema>;

const classSchema = (name: string, weight: number) =>
  section(
    `The \`${name}\` class.`,
    {
      weight: ratio('Share of capacity against the other class.', 'ratio', { default: weight, minimum: 0.001, maximum: 1_000_000 }),
      rate: Type.Optional(rateSchema()),
    },
    { default: {} },
  );

/** @req ORCH-3006, ORCH-3075 */
export const classesSchema = section(
  'Priority classes. A class without `rate` has no limit of its own.',
  { interactive: classSchema('interactive', 8), batch: classSchema('batch', 1) },
  { default: {} },
);

export type ClassesConfig = Type.Static<typeof classesSchema>;

export const scopes = ['tasks', 'control', 'agent', 'metrics'] as const;
export type Scope = (typeof scopes)[number];

/** @req ORCH-3035 */
export const keySchema = section('One API key, as the keyed digest of its text.', {
  id: id('Name of the key in logs, unique in the file.'),
  digest: Type.String({
    description: 'HMAC-SHA256 of the key under `ORCH_KEY_SECRET`, 64 hex digits. The key itself is nowhere in the config.',
    pattern: '^[0-9a-f]{64}$',
  }),
  tenant: id('Tenant of whoever presents it: one of `tenants`.', { default: 'default' }),
  scopes: list('What it may do.', choice(scopes, { description: 'One right.' }), { minItems: 1, uniqueItems: true }),
});

export type KeyConfig = Type.Static<typeof keySchema>;

/** @req ORCH-3041 */
export const slosSchema = section(
  'Service levels per class; measured all the time.',
  {
    interactive: section(
      'Interactive tasks.',
      {
        first_token_p95_ms: milliseconds('95th percentile of the time to the first token.', { default: 900 }),
        tokens_64_p95_ms: milliseconds('95th percentile of the time to 64 tokens.', { default: 2_500 }),
        error_ratio: ratio('Tasks that may end with an error.', 'ratio', { default: 0.005, minimum: 0, maximum: 1 }),
      },
      { default: {} },
    ),
    batch: section(
      'Batch tasks.',
      {
        token_rate_ratio: ratio('Least share of the engine’s own token rate.', 'ratio', { default: 0.8, minimum: 0, maximum: 1 }),
        error_ratio: ratio('Tasks that may end with an error.', 'ratio', { default: 0.01, minimum: 0, maximum: 1 }),
      },
      { default: {} },
    ),
  },
  { default: {} },
);

export type SlosConfig = Type.Static<typeof slosSchema>;

/** @req ORCH-3021, ORCH-3099 */
export const sessionsSchema = section(
  'Short sessions.',
  {
    ttl_ms: milliseconds('A session ends this long after its last task.', { default: 600_000 }),
    max_turns: count('Tasks of one session before it rolls over cold.', 'turns', { default: 8, minimum: 1, maximum: 1_000_000 }),
    max_sessions: count('Sessions remembered; the longest unused goes first.', 'sessions', {
      default: 100_000,
      minimum: 1,
      maximum: 10_000_000,
    }),
    budgets: budgetsSchema('What one session may use altogether, checked at admission. Each one left out is unlimited.'),
  },
  { default: {} },
);

export type SessionsConfig = Type.Static<typeof sessionsSchema>;
