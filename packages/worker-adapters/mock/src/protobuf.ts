/**
 * Just enough of protobuf's wire format to read and write a message by field numbers. It knows no message: a peer that
 * shares no definition with the adapter's would not share its mistakes either.
 */

export const varintField = (field: number, value: number): Buffer => Buffer.concat([varint(field << 3), varint(value)]);

export const bytesField = (field: number, value: Buffer | string): Buffer => {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
};

/** Repeated numbers in one field; -1 takes ten bytes, as it does in int64. */
export const packedField = (field: number, values: readonly number[]): Buffer =>
  bytesField(field, Buffer.concat(values.map((value) => varint(value))));

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
};

/** Fields of a message: bytes for what has a length, numbers for the rest. */
export type Fields = ReadonlyMap<number, readonly (Buffer | number)[]>;

/** @throws RangeError for bytes that are no message. */
export const readFields = (bytes: Buffer): Fields => {
  const fields = new Map<number, (Buffer | number)[]>();
  let at = 0;
  const readVarint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
  };
  const skip = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('A field is longer than its message.');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const [field, type] = [tag >> 3, tag & 7];
    const value = type === 0 ? readVarint() : skip(type === 2 ? readVarint() : type === 1 ? 8 : 4);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
};

/** The texts and messages of one field. */
export const bytesOf = (fields: Fields, field: number): readonly Buffer[] =>
  (fields.get(field) ?? []).filter((value) => typeof value !== 'number');

export const textOf = (fields: Fields, field: number): string => bytesOf(fields, field).at(-1)?.toString('utf8') ?? '';

export const numberOf = (fields: Fields, field: number): number => {
  const value = fields.get(field)?.at(-1);
  return typeof value === 'number' ? value : 0;
};
