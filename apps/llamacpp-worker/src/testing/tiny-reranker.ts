/**
 * Writes a GGUF file of a BERT with a rank head and made-up weights: the smallest model that llama.cpp can rank with. Its
 * scores mean nothing, but they are llama.cpp's own. For tests only.
 */
import { writeFileSync } from 'node:fs';

const width = 32;
const feedForward = 64;
const positions = 256;

type Tensor = { readonly name: string; readonly shape: readonly number[]; readonly values: Float32Array };

export function writeTinyReranker(path: string): void {
  const letters = Array.from('\u2581abcdefghijklmnopqrstuvwxyz');
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...letters];
  const tensors = rankingBert(tokens.length);
  const metadata = [
    text('general.architecture', 'bert'),
    uint32('bert.context_length', positions),
    uint32('bert.embedding_length', width),
    uint32('bert.block_count', 1),
    uint32('bert.feed_forward_length', feedForward),
    uint32('bert.attention.head_count', 2),
    float32('bert.attention.layer_norm_epsilon', 1e-12),
    entry('bert.attention.causal', 7, Buffer.of(0)),
    uint32('bert.pooling_type', 4),
    text('tokenizer.ggml.model', 'llama'),
    list('tokenizer.ggml.tokens', 8, tokens.map(string)),
    list(
      'tokenizer.ggml.scores',
      6,
      tokens.map((_, id) => float32Bytes(-id)),
    ),
    list(
      'tokenizer.ggml.token_type',
      5,
      tokens.map((_, id) => uint32Bytes(id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1)),
    ),
    uint32('tokenizer.ggml.token_type_count', 1),
    uint32('tokenizer.ggml.unknown_token_id', 0),
    uint32('tokenizer.ggml.bos_token_id', 1),
    uint32('tokenizer.ggml.eos_token_id', 2),
  ];
  let offset = 0;
  const infos = tensors.map(({ name, shape, values }) => {
    const info = Buffer.concat([string(name), uint32Bytes(shape.length), ...shape.map(uint64Bytes), uint32Bytes(0), uint64Bytes(offset)]);
    offset += align(values.byteLength);
    return info;
  });
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    uint32Bytes(3),
    uint64Bytes(tensors.length),
    uint64Bytes(metadata.length),
    ...metadata,
    ...infos,
  ]);
  writeFileSync(path, Buffer.concat([padded(head), ...tensors.map(({ values }) => padded(Buffer.from(values.buffer)))]));
}

function rankingBert(vocabularySize: number): readonly Tensor[] {
  const random = createRandom(7);
  const noise = (name: string, ...shape: number[]): Tensor => {
    const size = shape.reduce((product, length) => product * length, 1);
    return { name, shape, values: Float32Array.from({ length: size }, () => random() - 0.5) };
  };
  const norm = (name: string): Tensor[] => [
    { name: `${name}.weight`, shape: [width], values: new Float32Array(width).fill(1) },
    { name: `${name}.bias`, shape: [width], values: new Float32Array(width) },
  ];
  const linear = (name: string, from: number, to: number): Tensor[] => [noise(`${name}.weight`, from, to), noise(`${name}.bias`, to)];
  return [
    noise('token_embd.weight', width, vocabularySize),
    noise('position_embd.weight', width, positions),
    noise('token_types.weight', width, 1),
    ...norm('token_embd_norm'),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].flatMap((name) => linear(`blk.0.${name}`, width, width)),
    ...norm('blk.0.attn_output_norm'),
    ...linear('blk.0.ffn_up', width, feedForward),
    ...linear('blk.0.ffn_down', feedForward, width),
    ...norm('blk.0.layer_output_norm'),
    ...linear('cls', width, width),
    ...linear('cls.output', width, 1),
  ];
}

/** Numbers from 0 to 1, always the same (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function entry(key: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([string(key), uint32Bytes(type), value]);
}

function text(key: string, value: string): Buffer {
  return entry(key, 8, string(value));
}

function uint32(key: string, value: number): Buffer {
  return entry(key, 4, uint32Bytes(value));
}

function float32(key: string, value: number): Buffer {
  return entry(key, 6, float32Bytes(value));
}

function list(key: string, type: number, values: readonly Buffer[]): Buffer {
  return entry(key, 9, Buffer.concat([uint32Bytes(type), uint64Bytes(values.length), ...values]));
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64Bytes(bytes.length), bytes]);
}

function uint32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function align(size: number): number {
  return Math.ceil(size / 32) * 32;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(align(bytes.length) - bytes.length)]);
}
