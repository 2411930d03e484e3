/**
 * One pool: one engine, one model, one device mask on one host. It owns the shape of its fields; what fields must hold
 * together is in `consistency.ts`.
 */
import { Type } from 'typebox';
import { admissionSchema } from './admission.ts';
import { bytes, choice, count, flag, id, list, ratio, section } from './field.ts';
import { queueSchema } from './queue.ts';
import { runtimeSchema } from './runtime.ts';
import { timeoutsSchema } from './timeouts.ts';
import { tritonSchema } from './triton.ts';

/**
 * Engines, in the order of the spec.
 *
 * @req ORCH-2008
 */
export const engines = ['llamacpp', 'vllm', 'tgi', 'triton'] as const;
export type EngineName = (typeof engines)[number];

export const workloads = ['completion', 'embedding', 'rerank'] as const;
export type Workload = (typeof workloads)[number];

export const poolDeterminisms = ['single_slot', 'batch_invariant', 'none'] as const;
export type PoolDeterminism = (typeof poolDeterminisms)[number];

/** Versions in `contracts/sampler-profiles`; a test holds the two equal. */
export const samplerProfileVersions = ['v1', 'v1-greedy'] as const;
export type SamplerProfileVersion = (typeof samplerProfileVersions)[number];

/** Index, or UUID of a GPU or MIG slice, as `nvidia-smi -L` prints them. */
const device = Type.String({ pattern: '^([0-9]{1,3}|GPU-[0-9A-Fa-f-]{8,40}|MIG-[0-9A-Za-z/-]{8,80})$' });

/** Memory of both is counted before a start (ORCH-3003) and by admission. */
const speculativeSchema = section('Speculative decoding: a cheap guess of the next tokens, which the model then checks. Absent = off.', {
  draft_model: Type.Optional(
    Type.String({
      description: 'Name of one of `models` that guesses. llamacpp and vllm need it; tgi guesses from the prompt and takes none.',
      minLength: 1,
      maxLength: 128,
    }),
  ),
  draft_tokens: count('Tokens guessed at a time.', 'tokens', { default: 4, minimum: 1, maximum: 64 }),
});

/** @req ORCH-3001, ORCH-3011, ORCH-3012, ORCH-3020, ORCH-3061 */
export const poolSchema = section(
  'One pool: one worker for one model on one device mask.',
  {
    id: id('Name of the pool, unique in the file.'),
    host: id('Agent that runs it: its `agent.name`.'),
    engine: choice(engines, { description: 'Serving stack.' }),
    model: Type.String({ description: 'Name of one of `models`.', minLength: 1, maxLength: 128 }),
    quant: Type.String({ description: 'Quantisation; default and only allowed value: the model’s.', pattern: '^[A-Za-z0-9._-]{1,32}$' }),
    ctx: count('Context of ONE slot. Default: the model’s `ctx_limit`.', 'tokens', { minimum: 1, maximum: 100_000_000 }),
    devices: list(
      'Device mask: GPU UUIDs or indices, as strings. Empty only with `allow_cpu` or an external engine. Name a device the same way in all pools of a host.',
      device,
      { default: [], maxItems: 64, uniqueItems: true },
    ),
    share_devices: flag('Another pool of the host may name one of these devices too; both must say so.', false),
    tensor_split: Type.Optional(
      list(
        'Share of the model on each device, in the order of `devices`; sums to 1 ± 0.01. Needed for unlike GPUs.',
        ratio('Share of one device.', 'ratio', { minimum: 0, maximum: 1 }),
        { minItems: 1, maxItems: 64 },
      ),
    ),
    workloads: list('What the worker is started for.', choice(workloads, { description: 'One workload.' }), {
      default: ['completion'],
      minItems: 1,
      uniqueItems: true,
    }),
    slots: count('Requests the worker decodes at a time.', 'slots', { default: 1, minimum: 1, maximum: 4096 }),
    determinism: choice(poolDeterminisms, {
      description:
        'Why equal input gives equal bytes: `single_slot` (needs `slots: 1`), `batch_invariant` (the engine’s documented mode) or `none` (no `strict` tasks).',
      default: 'single_slot',
    }),
    kv_reuse_verified: flag(
      'Prompt-cache reuse was measured to give equal bytes, so `strict` tasks may use it (ORCH-3045). Only for what `pnpm xtask ci:determinism --measure` found all equal: this engine version, on this hardware, with these slots (docs/determinism-measured.md). llama-server on the CPU was not.',
      false,
    ),
    preload: flag('Load the model when the agent starts. `false` keeps the pool stopped.', true),
    require_same_engine_version: flag('Refuse a worker whose engine version differs from the lane’s first.', true),
    sampler_profile_version: choice(samplerProfileVersions, {
      description: 'Sampling parameters of all its tasks (contracts/sampler-profiles).',
      default: 'v1',
    }),
    runtime: runtimeSchema,
    triton: Type.Optional(tritonSchema),
    allow_cpu: flag('Development switch: the worker may run on the CPU. Also needs `ORCH_ALLOW_CPU=1` at the agent (ORCH-1102).', false),
    kv_type: Type.Optional(
      Type.String({ description: 'KV cache type, in the engine’s words, e.g. `f16`, `q8_0`, `fp8`.', pattern: '^[a-z0-9_]{1,16}$' }),
    ),
    speculative: Type.Optional(speculativeSchema),
    prefix_cache_bytes: bytes(
      'Memory that keeps the KV of prompts after their tasks: of the host for llamacpp, of the devices for the others. 0 = the cache is off.',
      { default: 0 },
    ),
    queue: queueSchema,
    admission: admissionSchema,
    timeouts: timeoutsSchema,
  },
  { filled: ['quant', 'ctx'] },
);

export type PoolConfig = Type.Static<typeof poolSchema>;
