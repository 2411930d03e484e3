/** Answers as engines send them, cut at every byte, and answers that no HTTP client may take. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ResponseReader } from './response-reader.ts';

type Read = { readonly statuses: number[]; readonly body: string; readonly whole: boolean; readonly keepAliveMs: number };

/** Feed `pieces` one after the other, from a buffer that is overwritten after each, as a socket's is. */
const read = (pieces: readonly string[], { ends = false }: { readonly ends?: boolean } = {}): Read => {
  const statuses: number[] = [];
  let body = '';
  const reader = new ResponseReader({
    onHead: (status) => void statuses.push(status),
    onBody: (bytes) => {
      expect(bytes.length).toBeGreaterThan(0);
      body += bytes.toString('latin1');
    },
  });
  const shared = Buffer.alloc(200_000);
  let whole = false;
  for (const piece of pieces) {
    const length = shared.write(piece, 'latin1');
    whole = reader.push(shared, length);
    shared.fill(0x58, 0, length);
  }
  if (ends) whole = reader.end();
  return { statuses, body, whole, keepAliveMs: reader.keepAliveMs };
};

const head = (...fields: string[]): string => `${['HTTP/1.1 200 OK', ...fields].join('\r\n')}\r\n\r\n`;
const forever = Number.POSITIVE_INFINITY;

test.each<[string, string, Partial<Read>]>([
  ['a declared length', `${head('Content-Length: 3')}abc`, { body: 'abc', keepAliveMs: forever }],
  ['no body at all', head('Content-Length: 0'), { body: '', keepAliveMs: forever }],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', { statuses: [204], keepAliveMs: forever }],
  ['a status without a reason', 'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx', { statuses: [200], body: 'x' }],
  [
    'chunks',
    `${head('Transfer-Encoding: chunked')}3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n`,
    { body: 'abc0123456789', keepAliveMs: forever },
  ],
  ['chunk extensions', `${head('transfer-encoding: CHUNKED')}3;a=b;c="d"\r\nabc\r\n0 ;x\r\n\r\n`, { body: 'abc' }],
  ['trailers', `${head('Transfer-Encoding: chunked')}1\r\na\r\n0\r\nX-One: 1\r\nX-Two: 2\r\n\r\n`, { body: 'a', keepAliveMs: forever }],
  [
    'interim answers',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${head('Content-Length: 1')}a`,
    { statuses: [200], body: 'a' },
  ],
  ['Connection: close', `${head('Content-Length: 1', 'Connection: Close')}a`, { body: 'a', keepAliveMs: 0 }],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na', { body: 'a', keepAliveMs: 0 }],
  ['HTTP/1.0 that stays', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na', { body: 'a', keepAliveMs: forever }],
  ['a limit for idle connections', `${head('Content-Length: 1', 'Keep-Alive: timeout=5, max=100')}a`, { keepAliveMs: 5_000 }],
  ['both framings', `${head('Content-Length: 99', 'Transfer-Encoding: chunked')}1\r\na\r\n0\r\n\r\n`, { body: 'a', keepAliveMs: 0 }],
  ['one length, said twice', `${head('Content-Length: 1', 'Content-Length: 1')}a`, { body: 'a' }],
])('reads %s alike however the network cuts it, and never takes a part for the whole', (_, answer, expected) => {
  const whole = read([answer]);
  expect(whole).toMatchObject({ statuses: [200], whole: true, ...expected });
  expect(read(answer.split(''))).toEqual(whole);
  for (let at = 1; at < answer.length; at += 1) {
    expect(read([answer.slice(0, at), answer.slice(at)]), `cut at ${at}`).toEqual(whole);
    expect(read([answer.slice(0, at)], { ends: true }).whole, `ended at ${at}`).toBe(false);
  }
});

test('a body without a length ends with the connection, which is not used again', () => {
  expect(read([`${head()}abc`])).toMatchObject({ body: 'abc', whole: false });
  expect(read([`${head()}ab`, 'c'], { ends: true })).toEqual({ statuses: [200], body: 'abc', whole: true, keepAliveMs: 0 });
});

test('bytes behind an answer make its connection useless', () => {
  expect(read([`${head('Content-Length: 1')}aHTTP`])).toMatchObject({ body: 'a', whole: true, keepAliveMs: 0 });
});

test('a listener that has enough hears nothing more', () => {
  let heard = '';
  const reader: ResponseReader = new ResponseReader({
    onHead: () => {},
    onBody: (bytes) => {
      heard += bytes.toString();
      reader.stop();
    },
  });
  expect(reader.push(Buffer.from(`${head('Transfer-Encoding: chunked')}1\r\na\r\n1\r\nb\r\n0\r\n\r\n`))).toBe(false);
  expect(heard).toBe('a');
});

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH\r\n'],
  ['another protocol, one byte of it', '\0'],
  ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a header without a colon', head('nothing')],
  ['a header with a space in its name', head('Content Length: 1')],
  ['a folded header', head('A: b', ' c')],
  ['a negative length', head('Content-Length: -1')],
  ['two lengths', head('Content-Length: 1', 'Content-Length: 2')],
  ['another coding', head('Transfer-Encoding: gzip, chunked')],
  ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['a chunk without a size', `${head('Transfer-Encoding: chunked')}\r\n`],
  ['a size that is none', `${head('Transfer-Encoding: chunked')}xyz\r\n`],
  ['a negative size', `${head('Transfer-Encoding: chunked')}-1\r\n`],
  ['an impossible size', `${head('Transfer-Encoding: chunked')}ffffffffffff\r\n`],
  ['a chunk that is longer than it says', `${head('Transfer-Encoding: chunked')}1\r\nab\r\n`],
  ['a head without an end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`],
  ['trailers without an end', `${head('Transfer-Encoding: chunked')}0\r\nX: ${'x'.repeat(20_000)}`],
  ['an extension without an end', `${head('Transfer-Encoding: chunked')}1;${'x'.repeat(5_000)}`],
])('refuses %s as no HTTP/1.1, whole and byte by byte', (_, answer) => {
  const refusal = expect.objectContaining({ kind: 'worker-reset', mayRunAgain: true });
  expect(() => read([answer])).toThrow(refusal);
  expect(() => read(answer.split(''))).toThrow(refusal);
});

test('property: any chunking of any body, cut anywhere, gives the body', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 80, unit: 'binary-ascii' }), { maxLength: 12 }), cuts, (parts, lengths) => {
      const answer = `${head('Transfer-Encoding: chunked')}${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;
      const pieces: string[] = [];
      let at = 0;
      for (const length of lengths) {
        if (at >= answer.length) break;
        pieces.push(answer.slice(at, at + length));
        at += length;
      }
      if (at < answer.length) pieces.push(answer.slice(at));
      expect(read(pieces)).toEqual({ statuses: [200], body: parts.join(''), whole: true, keepAliveMs: forever });
    }),
  );
});
