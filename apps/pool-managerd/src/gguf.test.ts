import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGgufFacts } from './gguf.ts';
import { haikuPath } from './testing/desired-pools.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gguf-'));
});
afterAll(() => rm(dir, { recursive: true }));

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const entry = {
  text: (key: string, value: string) => Buffer.concat([text(key), u32(8), text(value)]),
  number: (key: string, value: number) => Buffer.concat([text(key), u32(4), u32(value)]),
  numbers: (key: string, values: readonly number[]) => Buffer.concat([text(key), u32(9), u32(4), u64(values.length), ...values.map(u32)]),
  texts: (key: string, values: readonly string[]) => Buffer.concat([text(key), u32(9), u32(8), u64(values.length), ...values.map(text)]),
};
const header = (entries: readonly Buffer[], version = 3): Buffer =>
  Buffer.concat([Buffer.from('GGUF'), u32(version), u64(0), u64(entries.length), ...entries]);

const read = async (content: Buffer) => {
  const path = join(dir, 'model.gguf');
  await writeFile(path, content);
  return readGgufFacts(path);
};

test('reads the model of this repository', async () => {
  expect(await readGgufFacts(haikuPath)).toMatchObject({
    architecture: 'llama',
    layerCount: expect.any(Number) as unknown,
    ctxTrain: expect.any(Number) as unknown,
  });
});

test('[ORCH-3110] reads whether a model names its pooling; 0 is none', async () => {
  const facts = (...entries: readonly Buffer[]) =>
    read(header([entry.text('general.architecture', 'bert'), entry.number('bert.block_count', 2), ...entries]));
  expect(await facts()).toMatchObject({ namesPooling: false });
  expect(await facts(entry.number('bert.pooling_type', 0))).toMatchObject({ namesPooling: false });
  expect(await facts(entry.number('bert.pooling_type', 2))).toMatchObject({ namesPooling: true });
});

test('counts grouped KV heads, whatever stands before them in the header', async () => {
  const vocabulary = Array.from({ length: 200_000 }, (_, index) => `token-${index}`);
  const facts = await read(
    header([
      entry.text('general.architecture', 'llama'),
      entry.texts('tokenizer.ggml.tokens', vocabulary),
      entry.numbers(
        'tokenizer.ggml.token_type',
        vocabulary.map(() => 1),
      ),
      entry.number('llama.block_count', 32),
      entry.number('llama.context_length', 131_072),
      entry.number('llama.embedding_length', 4096),
      entry.number('llama.attention.head_count', 32),
      entry.number('llama.attention.head_count_kv', 8),
    ]),
  );
  expect(facts).toEqual({
    architecture: 'llama',
    layerCount: 32,
    ctxTrain: 131_072,
    kvElementsPerToken: 32 * 8 * 256,
    namesPooling: false,
  });
});

test('counts heads per layer, heads of unusual length, and latent attention', async () => {
  const start = [
    entry.text('general.architecture', 'x'),
    entry.number('x.block_count', 3),
    entry.number('x.embedding_length', 64),
    entry.number('x.attention.head_count', 4),
  ];
  const perLayer = await read(header([...start, entry.numbers('x.attention.head_count_kv', [0, 2, 4])]));
  expect(perLayer?.kvElementsPerToken).toBe(6 * (16 + 16));
  const long = await read(header([...start, entry.number('x.attention.key_length', 100), entry.number('x.attention.value_length', 50)]));
  expect(long?.kvElementsPerToken).toBe(3 * 4 * 150);
  const latent = await read(header([...start, entry.number('x.attention.kv_lora_rank', 512), entry.number('x.rope.dimension_count', 64)]));
  expect(latent?.kvElementsPerToken).toBe(3 * 576);
});

test('gives up on what is no model, in bounded time and space', async () => {
  const whole = header([entry.text('general.architecture', 'llama'), entry.number('llama.block_count', 1)]);
  expect(await read(whole)).not.toBeNull();
  expect(await read(Buffer.from('not a model'))).toBeNull();
  expect(await read(whole.subarray(0, whole.length - 2))).toBeNull();
  expect(await read(header([], 9))).toBeNull();
  // A length of 2^60, as a hostile file may claim.
  expect(await read(Buffer.concat([Buffer.from('GGUF'), u32(3), u64(0), u64(1), Buffer.from([0, 0, 0, 0, 0, 0, 0, 16])]))).toBeNull();
  expect(await read(header([entry.number('llama.block_count', 1)]))).toBeNull();
});
