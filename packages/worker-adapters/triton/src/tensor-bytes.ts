/**
 * Tensors as raw little-endian bytes, the form in which gRPC carries them. Pure; it owns the encoding of the datatypes
 * that language models use and knows no message.
 */
import { WorkerError } from '@llama-orch/adapter-api';
import type { InputTensor } from './request-tensors.ts';

/** Each element of BYTES is its length in four bytes, then itself. */
export const toRawBytes = ({ name, datatype, value }: InputTensor): Buffer => {
  const elements = typeof value === 'object' ? value : [value];
  const parts = elements.map((element) => {
    const bytes = encode(datatype, element);
    if (bytes !== null) return bytes;
    throw new WorkerError('engine-rejected', `Triton’s input ${JSON.stringify(name)} is of type ${datatype}, which does not suit it.`, {
      mayRunAgain: false,
    });
  });
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
};

const encode = (datatype: string, element: string | number | boolean): Buffer | null => {
  if (datatype === 'BYTES' && typeof element === 'string') {
    const text = Buffer.from(element);
    const bytes = Buffer.allocUnsafe(4 + text.length);
    bytes.writeUInt32LE(text.length);
    text.copy(bytes, 4);
    return bytes;
  }
  if (datatype === 'BOOL' && typeof element === 'boolean') return Buffer.from([element ? 1 : 0]);
  return typeof element === 'number' ? encodeNumber(datatype, element) : null;
};

const encodeNumber = (datatype: string, value: number): Buffer | null => {
  const bytes = Buffer.alloc(datatype.endsWith('64') ? 8 : 4);
  switch (datatype) {
    case 'INT32':
      bytes.writeInt32LE(value);
      return bytes;
    case 'UINT32':
      bytes.writeUInt32LE(value);
      return bytes;
    case 'INT64':
      bytes.writeBigInt64LE(BigInt(value));
      return bytes;
    case 'UINT64':
      bytes.writeBigUInt64LE(BigInt(value));
      return bytes;
    case 'FP32':
      bytes.writeFloatLE(value);
      return bytes;
    case 'FP64':
      bytes.writeDoubleLE(value);
      return bytes;
    default:
      return null;
  }
};

/** First element of an output; `undefined` where there is none, or its bytes do not hold what its type says. */
export const fromRawBytes = (datatype: string, bytes: Buffer): string | number | undefined => {
  const width = datatype.endsWith('64') ? 8 : 4;
  if (bytes.length < width) return undefined;
  switch (datatype) {
    case 'BYTES': {
      const length = bytes.readUInt32LE();
      return length > bytes.length - 4 ? undefined : bytes.toString('utf8', 4, 4 + length);
    }
    case 'INT32':
      return bytes.readInt32LE();
    case 'UINT32':
      return bytes.readUInt32LE();
    case 'INT64':
      return Number(bytes.readBigInt64LE());
    case 'UINT64':
      return Number(bytes.readBigUInt64LE());
    default:
      return undefined;
  }
};
