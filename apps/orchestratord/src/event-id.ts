/**
 * SSE ids of a task's stored events: `n.b.c`, the number of the event, the UTF-8 bytes of text so far and a CRC-32
 * of that text (ORCH-2010). Opaque to clients; this file alone writes and reads the form.
 */
import { crc32 } from 'node:zlib';

/** How far a client has read. */
export type LogPosition = {
  /** Number of the last event it has; `started` is 0, the token with index `i` is `i + 1`. */
  readonly number: number;
  /** UTF-8 bytes of text it has. */
  readonly bytes: number;
  /** CRC-32 of that text, 0..2^32-1; bitwise inverted in the id of a terminal event. */
  readonly crc: number;
};

const form = /^(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,11})\.([0-9a-f]{8})$/;

/** CRC-32 of `text`'s UTF-8 bytes, continued from `crc`. */
export const extendCrc = (crc: number, text: string): number => crc32(text, crc);

export const formatEventId = (number: number, bytes: number, crc: number): string => `${number}.${bytes}.${toHex(crc)}`;

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** As `toString(16)` with leading zeros, which costs a quarter of a microsecond; every token has one. */
const toHex = (crc: number): string =>
  `${hexOfByte[crc >>> 24]}${hexOfByte[(crc >>> 16) & 0xff]}${hexOfByte[(crc >>> 8) & 0xff]}${hexOfByte[crc & 0xff]}`;

/** Marks a terminal event: the checksum inverted, so that its id can be told from a token's at the same place. */
export const terminalCrc = (crc: number): number => ~crc >>> 0;

/** @returns `undefined` for anything this service never sends (400, `bad-last-event-id`). */
export const parseEventId = (id: string): LogPosition | undefined => {
  const match = form.exec(id);
  if (match === null) return undefined;
  return { number: Number(match[1]), bytes: Number(match[2]), crc: Number.parseInt(match[3] as string, 16) };
};
