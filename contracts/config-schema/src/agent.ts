/**
 * Settings of one `pool-managerd`: who it is, where its workers bind, how it restarts them. It knows no pool: pools come
 * from the controller.
 */
import { Type } from 'typebox';
import { allowedHostsSchema, logSchema } from './controller.ts';
import { bytes, count, httpUrl, id, list, listenAddress, milliseconds, path, ratio, section } from './field.ts';
import { keySchema } from './tenant.ts';

const port = (description: string) => count(description, 'port number', { minimum: 1_024, maximum: 65_535 });
const hostPattern = '^(\\[[0-9A-Fa-f:.]+\\]|[0-9A-Fa-f:.]+|[A-Za-z0-9._-]+)$';

/** @req ORCH-2109, ORCH-3003, ORCH-3053 */
export const agentSchema = section(
  'The agent, `pool-managerd`, of one host.',
  {
    name: id('Name of this host; pools refer to it as `host`.'),
    listen: listenAddress('Address of `/healthz`, `/readyz`, `/metrics`. Beyond loopback it needs `keys`.', '127.0.0.1:9200'),
    allowed_hosts: allowedHostsSchema,
    keys: list('Keys accepted at `listen`, scope `metrics`; the controller’s own keys are not known here.', keySchema, { default: [] }),
    controller_url: httpUrl('Where the controller listens.', { default: 'http://127.0.0.1:8080' }),
    key_file: Type.Optional(
      path('File with the API key (scope `agent`) it shows the controller; `ORCH_AGENT_KEY` or `ORCH_AGENT_KEY_FILE` win over it.'),
    ),
    worker_bind: Type.String({ description: 'Address its workers bind.', default: '127.0.0.1', pattern: hostPattern }),
    advertise_host: Type.String({
      description: 'Name or address the controller reaches its workers at.',
      default: '127.0.0.1',
      pattern: hostPattern,
    }),
    port_range: Type.Optional(
      section('Ports its workers bind. Absent = any free port.', {
        first: port('First port.'),
        last: port('Last port, inclusive.'),
      }),
    ),
    models_dir: path('Directory that paths of `models` are relative to.', { default: '.' }),
    data_dir: path('Its data directory, locked while it runs. Default: `.orch/agent-NAME`.'),
    stop_deadline_ms: milliseconds('After SIGTERM all its workers must have ended within this; then they are killed.', { default: 30_000 }),
    restart: section(
      'Restarts of a worker that died (ORCH-3053): `initial_ms · factor^n`, at most `max_ms`, each ± `jitter_ratio`; `n` is 0 again once a worker stayed Ready for `max_ms`. One that does not start, or that dies again and again without having served, opens the breaker; one that serves and is killed by single requests does not.',
      {
        initial_ms: milliseconds('First wait.', { default: 500 }),
        max_ms: milliseconds('Longest wait.', { default: 60_000 }),
        factor: ratio('Growth from one wait to the next.', 'ratio', { default: 2, minimum: 1, maximum: 100 }),
        jitter_ratio: ratio('Random part of each wait.', 'ratio', { default: 0.2, minimum: 0, maximum: 1 }),
        breaker_failures: count(
          'That open the breaker: starts that failed within `breaker_window_ms`, or workers in a row that died after a wait of `max_ms` without having served.',
          'failures',
          {
            default: 5,
            minimum: 1,
            maximum: 1_000,
          },
        ),
        breaker_window_ms: milliseconds('Window of failed starts; the breaker stays open this long.', { default: 300_000 }),
      },
      { default: {} },
    ),
    stderr_bytes: bytes('Tail of each worker’s stderr that is kept.', { default: 65_536, minimum: 1_024, maximum: 16_777_216 }),
    headroom: section(
      'What must stay free when a model is loaded (ORCH-3003).',
      {
        vram_ratio: ratio('Share of each device’s memory.', 'ratio', { default: 0.05, minimum: 0, maximum: 0.95 }),
        ram_bytes: bytes('Memory of the host.', { default: 1_073_741_824 }),
      },
      { default: {} },
    ),
    nvidia_smi: path('Program that lists the devices.', { default: 'nvidia-smi' }),
    log: logSchema,
  },
  { filled: ['data_dir'] },
);

export type AgentConfig = Type.Static<typeof agentSchema>;
