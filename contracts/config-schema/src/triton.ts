/**
 * How a Triton server is spoken to: its fronts have ports and habits of their own. It owns the shape of these fields; what they
 * must hold together with the pool is in `launch-consistency.ts`.
 */
import { Type } from 'typebox';
import { choice, count, section } from './field.ts';
import { launcherOf } from './launcher.ts';
import type { PoolConfig } from './pool.ts';

/** Fronts of `tritonserver`. */
export const tritonProtocols = ['grpc', 'http'] as const;

const port = (what: string) => Type.Optional(count(what, 'port', { minimum: 1, maximum: 65_535 }));

/** @req ORCH-3113 */
export const tritonSchema = section('How a `tritonserver` is spoken to; only with `engine: triton`.', {
  protocol: choice(tritonProtocols, {
    description:
      'KServe v2 by `grpc`, or by `http`: there a cancel is only noticed once tokens come, and a model that gives no finish reason is refused.',
    default: 'grpc',
  }),
  model_name: Type.Optional(
    Type.String({
      description: 'Name in Triton’s model repository, e.g. `ensemble`. Default: the pool’s `model`.',
      pattern: '^[A-Za-z0-9._-]{1,128}$',
    }),
  ),
  grpc_port: port('Port of gRPC at the host of an external engine’s `url`. Default: 8001. The agent picks it for one that it starts.'),
  metrics_port: port('Port of metrics, likewise. Default: 8002.'),
});

export type TritonAccess = {
  readonly protocol: (typeof tritonProtocols)[number] | 'trtllm-serve';
  readonly modelName: string;
  /** As configured, for an external engine; `null` = not. */
  readonly grpcPort: number | null;
  readonly metricsPort: number | null;
};

/** How a pool's worker is spoken to; `null` for engines with one front. */
export const tritonAccessOf = (pool: Pick<PoolConfig, 'engine' | 'model' | 'runtime' | 'triton'>): TritonAccess | null => {
  if (pool.engine !== 'triton') return null;
  const { triton } = pool;
  return {
    protocol: launcherOf(pool) === 'trtllm-serve' ? 'trtllm-serve' : (triton?.protocol ?? 'grpc'),
    modelName: triton?.model_name ?? pool.model,
    grpcPort: triton?.grpc_port ?? null,
    metricsPort: triton?.metrics_port ?? null,
  };
};
