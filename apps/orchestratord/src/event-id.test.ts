/** Ids of stored events: what is written can be read, and nothing else can. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extendCrc, formatEventId, parseEventId, terminalCrc } from './event-id.ts';

test('[ORCH-2010] reads back every id it writes', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(1_000_000_000), fc.nat(0xffffffff), (number, bytes, crc) => {
      expect(parseEventId(formatEventId(number, bytes, crc))).toEqual({ number, bytes, crc });
    }),
  );
});

test('[ORCH-2010] refuses ids that it never writes', () => {
  for (const id of [
    '',
    '1',
    '1.2',
    '1.2.3',
    '01.2.00000000',
    '1.2.0000000g',
    '-1.2.00000000',
    '1.2.00000000.4',
    ' 1.2.00000000',
    '1e3.2.00000000',
  ]) {
    expect(parseEventId(id), id).toBeUndefined();
  }
});

test('a checksum continued piece by piece is that of the whole text', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (pieces) => {
      expect(pieces.reduce(extendCrc, 0)).toBe(extendCrc(0, pieces.join('')));
    }),
  );
});

test('the checksum of a terminal event differs from that of a token at the same place', () => {
  expect(terminalCrc(0)).toBe(0xffffffff);
  expect(terminalCrc(terminalCrc(1234))).toBe(1234);
});
