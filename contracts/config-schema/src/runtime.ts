/**
 * How a pool's worker comes to be: the three kinds of runtime, and what a launch command may name. It owns their shape; what
 * they must hold together with the pool is in `consistency.ts`.
 */
import { Type } from 'typebox';
import { choice, httpUrl, list, path, section, sha256 } from './field.ts';

/** What a launch command may name in braces; the agent fills them in. */
export const commandPlaceholders = {
  model: 'absolute path of the model',
  model_name: 'its name in `models`',
  host: 'address to bind: `agent.worker_bind`',
  port: 'port to bind, picked by the agent',
  ctx: 'context of one slot, tokens',
  ctx_total: 'context of all slots together, tokens',
  slots: 'requests decoded at a time',
  devices: 'the device mask, joined by commas',
  device_count: 'devices in the mask',
  tensor_split: 'the ratios, joined by commas; empty without any',
  kv_type: 'KV cache type; empty when not set',
  kv_bytes: 'KV cache on each device, bytes; empty when the size of a token is not known',
  memory_fraction: 'share of each device’s memory the worker may take, 0 to 1',
  kv_fraction: 'KV cache as a share of what is free after the model is loaded, 0 to 1',
  draft_model: 'absolute path of the draft model; empty without one',
  draft_tokens: 'tokens guessed at a time; empty without speculative decoding',
  grpc_port: 'a second free port, picked by the agent',
  metrics_port: 'a third free port, picked by the agent',
  master_port: 'a fourth free port, picked by the agent',
  stop_grace_s: 'seconds it may drain after SIGTERM, below `timeouts.stop_grace_ms`',
  state_dir: 'a private directory of this worker',
} as const;
export type CommandPlaceholder = keyof typeof commandPlaceholders;

const embeddedRuntime = Type.Object(
  { kind: Type.Literal('embedded') },
  { description: 'llama.cpp inside Node, on the CPU: for development and tests only (ORCH-1102).', additionalProperties: false },
);

/** Programs that serve a Triton pool; their wire differs. */
export const tritonServers = ['tritonserver', 'trtllm-serve'] as const;
export type TritonServer = (typeof tritonServers)[number];

const tritonServer = choice(tritonServers, {
  description: 'Program of a triton pool, which also says what it speaks. Absent = `tritonserver`.',
});

const apiKeyFile = path(
  'File with the key the engine asks for, at this path on the agent’s and on the controller’s host; handed over by environment, never on a command line.',
);

const containerSchema = section('Run the command in a container: the same command, inside an image.', {
  program: choice(['docker', 'podman'], { description: 'Container engine, looked up in PATH.', default: 'docker' }),
  image: Type.String({ description: 'Image, best with its digest.', pattern: '^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}$' }),
  entrypoint: Type.Optional(
    Type.String({
      description: 'Program inside the image instead of the command’s first word, e.g. `/app/llama-server`.',
      minLength: 1,
      maxLength: 4096,
    }),
  ),
  args: list('Further arguments of `run`, before the image, one item each.', Type.String({ minLength: 1, maxLength: 4096 }), {
    default: [],
    maxItems: 64,
  }),
});

const commandRuntime = Type.Object(
  {
    kind: Type.Literal('command'),
    server: Type.Optional(tritonServer),
    container: Type.Optional(containerSchema),
    api_key_file: Type.Optional(apiKeyFile),
    command: Type.Optional(
      list(
        `Program and arguments, one item each; no shell reads them. Filled in: ${Object.keys(commandPlaceholders)
          .map((name) => `\`{${name}}\``)
          .join(', ')}. Absent = the engine’s built-in template.`,
        Type.String({ minLength: 1, maxLength: 4096 }),
        { minItems: 1, maxItems: 256 },
      ),
    ),
    env: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$' }), Type.String({ maxLength: 8192 }), {
        description: 'Environment variables added to the worker’s. The device mask is the agent’s to set.',
        additionalProperties: false,
      }),
    ),
  },
  { description: 'A program that the agent starts, checks and keeps alive.', additionalProperties: false },
);

const externalRuntime = Type.Object(
  {
    kind: Type.Literal('external'),
    url: httpUrl('Base URL of an engine that somebody else runs.'),
    digest: sha256('Digest its operator declares; must equal the model’s.'),
    server: Type.Optional(tritonServer),
    api_key_file: Type.Optional(apiKeyFile),
  },
  { description: 'An engine that somebody else runs: probed, never started or stopped.', additionalProperties: false },
);

/** The three kinds a pool's worker can be. */
export type RuntimeConfig = Type.Static<typeof embeddedRuntime> | Type.Static<typeof commandRuntime> | Type.Static<typeof externalRuntime>;

// `discriminator` lets the validator name the faults of the one branch that `kind` chose, instead of all three.
export const runtimeSchema = Type.Unsafe<RuntimeConfig>({
  description: 'How the pool’s worker comes to be. Default: `command` with the engine’s built-in template.',
  type: 'object',
  discriminator: { propertyName: 'kind' },
  oneOf: [embeddedRuntime, commandRuntime, externalRuntime],
  default: { kind: 'command' },
});
