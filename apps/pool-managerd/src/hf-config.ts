/**
 * The figures of a model directory, from its `config.json` as Hugging Face's libraries write it. It owns that format; it plans
 * nothing.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFacts } from './model-facts.ts';

/** Real ones have some 2 KiB; quantisation tables make some of them larger. */
const maxBytes = 4 * 1_048_576;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Read it; models that see and hear keep the figures of their text part in `text_config`.
 *
 * @returns `null` where there is none, or it is none of ours (a Triton model repository, a TensorRT engine).
 */
export const readHfFacts = async (directory: string): Promise<ModelFacts | null> => {
  const fields = await readConfig(join(directory, 'config.json'));
  if (fields === null) return null;
  const text = isFields(fields['text_config']) ? fields['text_config'] : fields;
  const number = (name: string): number | null => {
    const value = text[name];
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null;
  };
  const layerCount = number('num_hidden_layers') ?? number('n_layer');
  if (layerCount === null || layerCount > 10_000) return null;
  const architecture = text['model_type'];
  return {
    architecture: typeof architecture === 'string' ? architecture : 'unknown',
    layerCount,
    ctxTrain: number('max_position_embeddings'),
    kvElementsPerToken: kvElements(layerCount, number),
    namesPooling: null,
  };
};

/**
 * 1. Latent attention (MLA) stores one compressed vector per layer instead of heads.
 * 2. Otherwise K and V per head; without a number of KV heads every head has its own.
 */
const kvElements = (layerCount: number, number: (name: string) => number | null): number | null => {
  // 1
  const [latent, rope] = [number('kv_lora_rank'), number('qk_rope_head_dim')];
  if (latent !== null && rope !== null) return layerCount * (latent + rope);
  // 2
  const heads = number('num_attention_heads') ?? number('n_head');
  const hidden = number('hidden_size') ?? number('n_embd');
  const headLength = number('head_dim') ?? (heads !== null && hidden !== null ? hidden / heads : null);
  const kvHeads = number('num_key_value_heads') ?? heads;
  return headLength === null || kvHeads === null ? null : layerCount * kvHeads * headLength * 2;
};

const readConfig = async (path: string): Promise<Fields | null> => {
  try {
    if ((await stat(path)).size > maxBytes) return null;
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isFields(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) return null;
    throw error;
  }
};

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
