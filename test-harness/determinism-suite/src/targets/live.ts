/** Live engines as targets: `llama-server` started by the agent's own template, and engines that somebody runs, by URL. */
import { createHash } from 'node:crypto';
import { delimiter, dirname } from 'node:path';
import type { LiveEngine } from '../live-engines.ts';
import { pairsOf, profiles, type Target } from '../target.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Found<Kind extends LiveEngine['kind']> = Extract<LiveEngine, { readonly kind: Kind }>;

export function liveTarget(engine: Exclude<LiveEngine, { readonly kind: 'missing' }>, env: Environment): Target {
  return engine.kind === 'program' ? programTarget(engine, env) : urlTarget(engine, env);
}

function programTarget(engine: Found<'program'>, env: Environment): Target {
  const { pairs, stack } = pairsOf(() => ({ runtime: { kind: 'command' } }));
  return {
    name: engine.name,
    runsOn: `CPU, ${engine.how}`,
    modelRef: 'haiku-tiny',
    pairs,
    // Its agent finds this very program on its PATH.
    stack: { ...stack, env: { PATH: `${dirname(engine.path)}${delimiter}${env['PATH'] ?? ''}` } },
    isOurs: true,
  };
}

const enginesByName = { 'llama-server': 'llamacpp', vllm: 'vllm', tgi: 'tgi', triton: 'triton' } as const;

/**
 * Of an engine by URL its owner says what it is: `NAME_MODEL` (its name inside the engine), `NAME_CTX` (context of one slot,
 * default 1024), `NAME_KEY_FILE`, with `LLAMA_SERVER`, `VLLM`, `TGI` or `TRITON` for NAME. It must decode one request at a time.
 */
function urlTarget({ name, urls, how }: Found<'urls'>, env: Environment): Target {
  const prefix = how.replace(/_URL$/, '');
  const model = env[`${prefix}_MODEL`] ?? 'haiku-tiny';
  const ctx = Number(env[`${prefix}_CTX`] ?? 1_024);
  const keyFile = env[`${prefix}_KEY_FILE`];
  if (!Number.isInteger(ctx) || ctx < 1) throw new Error(`${prefix}_CTX: expected tokens of context, got \`${env[`${prefix}_CTX`]}\``);
  // Nothing can be checked of a model that lies elsewhere: the digest only stands for its name.
  const digest = `sha256:${createHash('sha256').update(model).digest('hex')}`;
  const [first = '', second = first] = urls;
  const pools = profiles.flatMap((profile) =>
    [...new Set([first, second])].map((url, nth) => ({
      id: `${profile}-${'ab'[nth]}`,
      engine: enginesByName[name],
      model,
      sampler_profile_version: profile,
      allow_cpu: false,
      runtime: { kind: 'external', url, digest, ...(keyFile !== undefined && { api_key_file: keyFile }) },
    })),
  );
  return {
    name,
    runsOn: urls.join(', '),
    modelRef: model,
    pairs: profiles.map((profile) => ({ profile, first: `${profile}-a`, second: first === second ? `${profile}-a` : `${profile}-b` })),
    stack: { pools, queueCapacity: 512, models: { [model]: { path: model, digest, quant: 'external', ctx_limit: ctx } } },
    isOurs: false,
  };
}
