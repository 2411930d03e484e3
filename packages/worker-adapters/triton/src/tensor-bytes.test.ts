/** Tests of raw tensors against bytes written by hand. */
import { expect, test } from 'vitest';
import type { TensorValue } from './request-tensors.ts';
import { fromRawBytes, toRawBytes } from './tensor-bytes.ts';

const raw = (datatype: string, value: TensorValue): string => toRawBytes({ name: 'n', datatype, shape: [1], value }).toString('hex');

test('[ORCH-3113] writes BYTES as length and bytes, numbers little-endian, BOOL as one byte', () => {
  expect(raw('BYTES', 'é!')).toBe('03000000c3a921');
  expect(raw('BYTES', ['a', 'bc'])).toBe('0100000061020000006263');
  expect(raw('BYTES', '')).toBe('00000000');
  expect(raw('INT32', 2)).toBe('02000000');
  expect(raw('UINT64', 2 ** 32 - 2)).toBe('feffffff00000000');
  expect(raw('FP32', 0.5)).toBe('0000003f');
  expect(raw('BOOL', true)).toBe('01');
});

test('refuses a value that its tensor’s type does not suit', () => {
  expect(() => raw('INT32', 'two')).toThrow(/"n" is of type INT32/);
  expect(() => raw('FP16', 1)).toThrow(/FP16/);
});

test('[ORCH-3113] reads answers from raw contents, and nothing from bytes that are too short', () => {
  expect(fromRawBytes('BYTES', Buffer.from('05000000 20666f7572'.replace(' ', ''), 'hex'))).toBe(' four');
  expect(fromRawBytes('INT32', Buffer.from('07000000', 'hex'))).toBe(7);
  expect(fromRawBytes('UINT64', Buffer.from('0700000000000000', 'hex'))).toBe(7);
  expect(fromRawBytes('BYTES', Buffer.from('0900000061', 'hex'))).toBeUndefined();
  expect(fromRawBytes('INT32', Buffer.from('07', 'hex'))).toBeUndefined();
  expect(fromRawBytes('FP32', Buffer.alloc(4))).toBeUndefined();
});
