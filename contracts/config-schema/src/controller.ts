/**
 * Settings of `orchestratord` itself: address, data, limits, leases. It knows no pool.
 */
import { Type } from 'typebox';
import { breakerSchema } from './breaker.ts';
import { bytes, choice, count, listenAddress, list, milliseconds, path, section } from './field.ts';
import { tracingSchema } from './tracing.ts';

/** Log levels, most talkative first. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export const logSchema = section(
  'Log lines.',
  { level: choice(logLevels, { description: 'Least severity written.', default: 'info' }) },
  { default: {} },
);

export const allowedHostsSchema = list(
  'Names accepted in the `Host` header besides loopback ones while no keys are set.',
  Type.String({ pattern: '^[A-Za-z0-9._:\\[\\]-]{1,255}$' }),
  { default: [], maxItems: 64, uniqueItems: true },
);

/** @req ORCH-2109, ORCH-2102, ORCH-3054, ORCH-3301 */
export const controllerSchema = section(
  'The controller, `orchestratord`.',
  {
    listen: listenAddress('Address of the API. Beyond loopback it needs `keys`.', '127.0.0.1:8080'),
    allowed_hosts: allowedHostsSchema,
    data_dir: path('Its data directory, locked while it runs.', { default: '.orch/controller' }),
    journal: section(
      'Where accepted tasks are recorded.',
      {
        kind: choice(['sqlite', 'memory'], {
          description: '`sqlite`: a file in the data directory, from which a restart goes on. `memory`: nothing survives a restart.',
          default: 'sqlite',
        }),
        max_bytes: bytes('Largest file; new tasks are refused (503) before it is reached. `sqlite` only.', {
          default: 8_589_934_592,
          minimum: 1_048_576,
        }),
        max_pending: count('Records that may wait to be written before new tasks are refused (503). `sqlite` only.', 'records', {
          default: 20_000,
          minimum: 1,
          maximum: 10_000_000,
        }),
      },
      { default: {} },
    ),
    retention: section(
      'How long ended tasks can still be read; whichever bound comes first.',
      {
        ms: milliseconds('Age since their end.', { default: 3_600_000 }),
        bytes: bytes('Memory of their event logs.', { default: 268_435_456, minimum: 1 }),
        tasks: count('How many.', 'tasks', { default: 100_000, minimum: 1, maximum: 10_000_000 }),
      },
      { default: {} },
    ),
    limits: section(
      'What one request, and all of them together, may take.',
      {
        max_body_bytes: bytes('Largest request body (413).', { default: 8_388_608, minimum: 1_024, maximum: 1_073_741_824 }),
        max_header_bytes: bytes('Largest request head (431).', { default: 16_384, minimum: 1_024, maximum: 1_048_576 }),
        header_timeout_ms: milliseconds('A request head must be whole within this.', { default: 10_000 }),
        body_timeout_ms: milliseconds('A whole request must have come within this.', { default: 60_000 }),
        max_subscribers: count('Open task streams of all clients.', 'streams', { default: 20_000, minimum: 1, maximum: 1_000_000 }),
        stalled_stream_ms: milliseconds('A stream whose client takes nothing for this long is closed; it may resume.', {
          default: 300_000,
        }),
        max_open_tasks: count('Tasks admitted and not ended, of all tenants.', 'tasks', {
          default: 1_000_000,
          minimum: 1,
          maximum: 10_000_000,
        }),
      },
      { default: {} },
    ),
    failover: section(
      'Re-running tasks of dead workers.',
      { max_attempts: count('Attempts of one task, the first included.', 'attempts', { default: 3, minimum: 1, maximum: 100 }) },
      { default: {} },
    ),
    breaker: breakerSchema,
    rollout: section(
      'Replacing workers: reloads, rollbacks, pools that a new config changed.',
      {
        strategy: choice(['auto', 'beside', 'drain_first'], {
          description:
            '`beside`: the new worker starts beside the old one; `drain_first`: the old one ends first; `auto`: beside, and drain first where the host has no room for both.',
          default: 'auto',
        }),
        drain_deadline_ms: milliseconds('Tasks of the old worker have this long, then they are aborted and placed again.', {
          default: 600_000,
          minimum: 0,
        }),
        ready_deadline_ms: milliseconds('A new worker must be Ready within this; else the old one goes on.', { default: 900_000 }),
        max_parallel: count('Pools whose workers are replaced at a time.', 'pools', { default: 1, minimum: 1, maximum: 10_000 }),
        keep_generations: count('Generations of the config that are kept.', 'generations', { default: 10, minimum: 2, maximum: 1_000 }),
        keep_operations: count('Ended operations that can still be read.', 'operations', { default: 1_000, minimum: 1, maximum: 100_000 }),
      },
      { default: {} },
    ),
    shutdown_deadline_ms: milliseconds('After SIGTERM running tasks have this long.', { default: 30_000, minimum: 0 }),
    agent_lease: section(
      'How agents are believed alive.',
      {
        interval_ms: milliseconds('Between two status reports of an agent; its lease is three of them.', { default: 1_000, minimum: 100 }),
        silent_ms: milliseconds('Lanes served only by agents silent for this long answer `POOL_UNAVAILABLE`.', { default: 30_000 }),
      },
      { default: {} },
    ),
    metrics: section(
      'Cardinality of `/metrics`.',
      {
        max_tenant_labels: count('Tenants with a label of their own; the rest count as `other`.', 'tenants', {
          default: 100,
          minimum: 0,
          maximum: 10_000,
        }),
      },
      { default: {} },
    ),
    tracing: tracingSchema,
    log: logSchema,
  },
  { default: {} },
);

export type ControllerConfig = Type.Static<typeof controllerSchema>;
