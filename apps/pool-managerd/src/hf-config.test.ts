import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readHfFacts } from './hf-config.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hf-'));
});
afterEach(() => rm(dir, { recursive: true }));
const facts = async (config: unknown) => {
  await writeFile(join(dir, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  return readHfFacts(dir);
};

// Llama 3.1 8B: 32 layers, 32 heads of 128, 8 KV heads.
const llama = {
  model_type: 'llama',
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  hidden_size: 4096,
  max_position_embeddings: 131_072,
};

test('[ORCH-3003] reads the KV cache of a token from the heads', async () => {
  expect(await facts(llama)).toEqual({
    architecture: 'llama',
    layerCount: 32,
    ctxTrain: 131_072,
    kvElementsPerToken: 32 * 8 * 128 * 2,
    namesPooling: null,
  });
  expect(await facts({ ...llama, head_dim: 64 })).toMatchObject({ kvElementsPerToken: 32 * 8 * 64 * 2 });
  expect(await facts({ ...llama, num_key_value_heads: undefined })).toMatchObject({ kvElementsPerToken: 32 * 32 * 128 * 2 });
});

test('[ORCH-3003] reads latent attention, and the text part of a model that sees', async () => {
  expect(await facts({ ...llama, num_hidden_layers: 61, kv_lora_rank: 512, qk_rope_head_dim: 64 })).toMatchObject({
    kvElementsPerToken: 61 * 576,
  });
  expect(await facts({ model_type: 'llava', text_config: llama })).toMatchObject({ architecture: 'llama', layerCount: 32 });
});

test('says nothing where there is no config, or one of another kind', async () => {
  expect(await readHfFacts(dir)).toBeNull();
  expect(await facts('{')).toBeNull();
  expect(await facts({ pretrained_config: {} })).toBeNull();
  expect(await facts({ ...llama, hidden_size: undefined })).toMatchObject({ layerCount: 32, kvElementsPerToken: null });
});
