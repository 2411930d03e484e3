/**
 * The few figures of a GGUF file that memory planning needs, read from its header in bounded time and space. It owns the
 * file format; it plans nothing.
 */
import { open, type FileHandle } from 'node:fs/promises';
import type { ModelFacts } from './model-facts.ts';

type Value = string | number | boolean | readonly number[] | null;

/** Headers hold the whole vocabulary; real ones reach some 20 MB. More than this is not a model. */
const maxHeaderBytes = 256 * 1_048_576;
const maxKeys = 100_000;
const chunkBytes = 1_048_576;

/** Bytes of each fixed-size value type, by its number in the format. 8 is a string, 9 an array. */
const scalarBytes: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const stringType = 8;
const arrayType = 9;

/**
 * Read the header of a GGUF file, versions 2 and 3, little-endian.
 *
 * @returns `null` when the file is no GGUF, or its header is cut off or lacks what every model has: planning then goes
 *   by the size of the file alone.
 */
export const readGgufFacts = async (path: string): Promise<ModelFacts | null> => {
  const file = await open(path, 'r');
  try {
    const values = await readMetadata(createReader(file));
    return values === null ? null : toFacts(values);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    await file.close();
  }
};

type Reader = {
  /** The next `length` bytes; throws RangeError past the end or the bound. */
  take(length: number): Promise<Buffer>;
  skip(length: number): void;
};

const createReader = (file: FileHandle): Reader => {
  let chunk = Buffer.alloc(0);
  let chunkStart = 0;
  let position = 0;
  return {
    async take(length) {
      if (length > maxHeaderBytes || position + length > maxHeaderBytes) throw new RangeError('GGUF header above the bound');
      const inside = position - chunkStart;
      if (inside < 0 || inside + length > chunk.length) {
        const wanted = Buffer.alloc(Math.max(chunkBytes, length));
        const { bytesRead } = await file.read(wanted, 0, wanted.length, position);
        chunk = wanted.subarray(0, bytesRead);
        chunkStart = position;
        if (bytesRead < length) throw new RangeError('GGUF header cut off');
      }
      const start = position - chunkStart;
      position += length;
      return chunk.subarray(start, start + length);
    },
    skip(length) {
      if (position + length > maxHeaderBytes) throw new RangeError('GGUF header above the bound');
      position += length;
    },
  };
};

const readMetadata = async (reader: Reader): Promise<ReadonlyMap<string, Value> | null> => {
  const head = await reader.take(24);
  const version = head.readUInt32LE(4);
  if (head.toString('latin1', 0, 4) !== 'GGUF' || version < 2 || version > 3) return null;
  const keyCount = toSafe(head.readBigUInt64LE(16));
  if (keyCount > maxKeys) return null;

  const values = new Map<string, Value>();
  for (let index = 0; index < keyCount; index += 1) {
    const key = await readString(reader);
    const type = (await reader.take(4)).readUInt32LE(0);
    values.set(key, await readValue(reader, type));
  }
  return values;
};

const readString = async (reader: Reader): Promise<string> => (await reader.take(await readLength(reader))).toString('utf8');

const readLength = async (reader: Reader): Promise<number> => toSafe((await reader.take(8)).readBigUInt64LE(0));

const toSafe = (value: bigint): number => {
  if (value > BigInt(maxHeaderBytes)) throw new RangeError('GGUF length above the bound');
  return Number(value);
};

/** One value; strings inside arrays (the vocabulary) are skipped, and so are arrays too long to be per-layer figures. */
const readValue = async (reader: Reader, type: number): Promise<Value> => {
  if (type === stringType) return readString(reader);
  if (type !== arrayType) return readScalar(reader, type);

  const elementType = (await reader.take(4)).readUInt32LE(0);
  const length = await readLength(reader);
  if (elementType === stringType) {
    for (let index = 0; index < length; index += 1) reader.skip(await readLength(reader));
    return null;
  }
  const bytes = scalarBytes[elementType];
  if (bytes === undefined) throw new RangeError(`GGUF array of type ${elementType}`);
  if (length > 4096) {
    reader.skip(bytes * length);
    return null;
  }
  const items: number[] = [];
  for (let index = 0; index < length; index += 1) items.push(Number(await readScalar(reader, elementType)));
  return items;
};

const readScalar = async (reader: Reader, type: number): Promise<number | boolean> => {
  const bytes = scalarBytes[type];
  if (bytes === undefined) throw new RangeError(`GGUF value of type ${type}`);
  const data = await reader.take(bytes);
  switch (type) {
    case 0:
      return data.readUInt8(0);
    case 1:
      return data.readInt8(0);
    case 2:
      return data.readUInt16LE(0);
    case 3:
      return data.readInt16LE(0);
    case 4:
      return data.readUInt32LE(0);
    case 5:
      return data.readInt32LE(0);
    case 6:
      return data.readFloatLE(0);
    case 7:
      return data.readUInt8(0) !== 0;
    case 10:
      return Number(data.readBigUInt64LE(0));
    case 11:
      return Number(data.readBigInt64LE(0));
    default:
      return data.readDoubleLE(0);
  }
};

const toFacts = (values: ReadonlyMap<string, Value>): ModelFacts | null => {
  const architecture = values.get('general.architecture');
  if (typeof architecture !== 'string') return null;
  const number = (key: string): number | null => {
    const value = values.get(`${architecture}.${key}`);
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
  };
  const layerCount = number('block_count');
  if (layerCount === null || layerCount < 1 || layerCount > 10_000) return null;
  return {
    architecture,
    layerCount,
    ctxTrain: number('context_length'),
    kvElementsPerToken: kvElements(architecture, layerCount, number, values),
    // 0 is llama.cpp's word for none.
    namesPooling: (number('pooling_type') ?? 0) > 0,
  };
};

/**
 * Elements of K and V per token. Sliding windows and recurrent states need less than this; the figure is an upper bound.
 *
 * 1. Latent attention (MLA) stores one compressed vector per layer instead of heads.
 * 2. Otherwise K and V per head, heads per layer either one number or a list.
 */
const kvElements = (
  architecture: string,
  layerCount: number,
  number: (key: string) => number | null,
  values: ReadonlyMap<string, Value>,
): number | null => {
  // 1
  const latent = number('attention.kv_lora_rank');
  const rope = number('rope.dimension_count');
  if (latent !== null && latent > 0 && rope !== null) return layerCount * (latent + rope);
  // 2
  const heads = number('attention.head_count');
  const embedding = number('embedding_length');
  const headLength = heads !== null && heads > 0 && embedding !== null ? embedding / heads : null;
  const keyLength = number('attention.key_length') ?? headLength;
  const valueLength = number('attention.value_length') ?? headLength;
  if (keyLength === null || valueLength === null) return null;
  const perLayer = values.get(`${architecture}.attention.head_count_kv`);
  const kvHeads = Array.isArray(perLayer)
    ? perLayer.reduce((sum: number, count: number) => sum + count, 0)
    : layerCount * (number('attention.head_count_kv') ?? heads ?? 0);
  return kvHeads * (keyLength + valueLength);
};
