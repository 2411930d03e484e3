/**
 * Addresses a service listens on, and which of them only this machine can reach. It opens no socket.
 */
import { BlockList, isIP, isIPv6 } from 'node:net';
import { StartError } from './start-error.ts';

export type ListenAddress = {
  /** Name or IP, without brackets. */
  readonly host: string;
  /** 0 = the system picks one. */
  readonly port: number;
};

/** Parse `HOST:PORT`; an IPv6 host stands in brackets. `undefined` where it is neither. */
export const parseListenAddress = (text: string): ListenAddress | undefined => {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535 || (match?.[1] !== undefined && !isIPv6(match[1]))) return undefined;
  return { host, port };
};

/** The base URL of a bound address. */
export const toUrl = ({ host, port }: ListenAddress): string => `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a name or IP is this machine's own (RFC 6761 for names); other names are not looked up, and count as foreign. */
export const isLoopbackHost = (host: string): boolean => {
  const name = host.toLowerCase().replace(/\.$/, '');
  const family = isIP(name);
  if (family === 0) return name === 'localhost' || name.endsWith('.localhost');
  return loopback.check(name, family === 4 ? 'ipv4' : 'ipv6');
};

/**
 * Refuse to serve the network without keys.
 *
 * @errors {@link StartError} with exit code 2.
 * @req ORCH-3035
 */
export const assertSafeListen = ({ host, keyCount }: { readonly host: string; readonly keyCount: number }): void => {
  if (keyCount > 0 || isLoopbackHost(host)) return;
  throw new StartError(
    `refusing to listen on ${host}, beyond loopback, without API keys (ORCH-3035); add \`keys\`, or listen on 127.0.0.1`,
  );
};
