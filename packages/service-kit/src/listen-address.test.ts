/**
 * Addresses: their spelling, and which are this machine's own.
 */
import { expect, test } from 'vitest';
import { assertSafeListen, isLoopbackHost, parseListenAddress, toUrl } from './listen-address.ts';

test('HOST:PORT is read in all its spellings', () => {
  expect(parseListenAddress('127.0.0.1:0')).toEqual({ host: '127.0.0.1', port: 0 });
  expect(parseListenAddress('[::1]:8080')).toEqual({ host: '::1', port: 8080 });
  expect(parseListenAddress('gpu-1.internal:9200')).toEqual({ host: 'gpu-1.internal', port: 9200 });
  for (const text of [
    '',
    ':80',
    'host',
    'host:',
    '::1:80',
    'host:65536',
    'host:-1',
    'http://host:80',
    '[host]:80',
    '[1.2.3.4]:80',
    'host:80 ',
  ])
    expect(parseListenAddress(text), text).toBeUndefined();
});

test('a URL puts an IPv6 host in brackets', () => {
  expect(toUrl({ host: '::1', port: 80 })).toBe('http://[::1]:80');
  expect(toUrl({ host: '127.0.0.1', port: 80 })).toBe('http://127.0.0.1:80');
});

test('[ORCH-3035] loopback is what only this machine can reach', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', 'localhost', 'LOCALHOST', 'localhost.', 'a.localhost'])
    expect(isLoopbackHost(host), host).toBe(true);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost.example.com', 'notlocalhost', '128.0.0.1', '127.0.0.1.example.com', ''])
    expect(isLoopbackHost(host), host).toBe(false);
});

test('[ORCH-3035] beyond loopback a service refuses to start without keys', () => {
  expect(() => assertSafeListen({ host: '0.0.0.0', keyCount: 0 })).toThrow(
    'refusing to listen on 0.0.0.0, beyond loopback, without API keys',
  );
  expect(() => assertSafeListen({ host: '0.0.0.0', keyCount: 1 })).not.toThrow();
  expect(() => assertSafeListen({ host: '127.0.0.1', keyCount: 0 })).not.toThrow();
});
