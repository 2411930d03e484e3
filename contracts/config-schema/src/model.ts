/**
 * What the config says of a model: where it lies and what its bytes must be. It knows nothing of who loads it.
 */
import { Type } from 'typebox';
import { bytes, count, path, ratio, section, sha256 } from './field.ts';

/** Model names may look like `vendor/name:tag`, never like a digest. */
export const modelNamePattern = '^(?!sha256:)[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$';

/** @req ORCH-3037, ORCH-3060, ORCH-3099 */
export const modelSchema = section('One model: where it lies, and what it must be.', {
  path: path(
    'File or directory, relative to `agent.models_dir` of the host that loads it. For `runtime.kind: external` it only names the model.',
  ),
  digest: sha256('SHA-256 of the file; of a directory, the SHA-256 of its sorted `sha256  path` lines. Checked before every load.'),
  quant: Type.String({ description: 'Quantisation or number format, e.g. `Q8_0`, `bf16`.', pattern: '^[A-Za-z0-9._-]{1,32}$' }),
  ctx_limit: count('Largest context the model was made for.', 'tokens', { minimum: 1, maximum: 100_000_000 }),
  kv_bytes_per_token: Type.Optional(
    bytes('KV cache one token needs; absent = unknown, then `kv_bytes` quotas do not count its tasks.', { minimum: 1 }),
  ),
  price: Type.Optional(
    section('What its tasks cost, for the `cost` budgets of sessions; absent = nothing. The unit is yours, the same for all models.', {
      per_1k_tokens_in: ratio('A thousand prompt tokens.', 'cost units', { default: 0, minimum: 0, maximum: 1_000_000_000 }),
      per_1k_tokens_out: ratio('A thousand output tokens.', 'cost units', { default: 0, minimum: 0, maximum: 1_000_000_000 }),
      per_slot_hour: ratio('An hour of one slot.', 'cost units', { default: 0, minimum: 0, maximum: 1_000_000_000 }),
    }),
  ),
  license: Type.Optional(Type.String({ description: 'Its license, for people.', maxLength: 256 })),
  source: Type.Optional(Type.String({ description: 'Where it came from, for people.', maxLength: 2048 })),
});

export type ModelConfig = Type.Static<typeof modelSchema>;

export const modelsSchema = Type.Record(Type.String({ pattern: modelNamePattern }), modelSchema, {
  description: 'Models by the name that tasks use as `model_ref`.',
  additionalProperties: false,
});
