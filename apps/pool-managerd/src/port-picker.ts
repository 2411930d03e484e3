/**
 * Ports for workers: free ones of the configured range, or any. It owns which of them this agent has given away.
 */
import { createServer } from 'node:net';
import { PoolFailure } from './failure.ts';

export type PortPicker = {
  /** A port that is free now and given to nobody else; give it back with `release`. Throws PoolFailure `port-in-use`. */
  pick(): Promise<number>;
  /** Mark a port of an adopted worker as taken. */
  claim(port: number): void;
  release(port: number): void;
};

/**
 * @param host - Address the workers bind.
 * @param range - Inclusive; `null` = any port the system gives.
 */
export const createPortPicker = (host: string, range: { readonly first: number; readonly last: number } | null): PortPicker => {
  const taken = new Set<number>();
  const bindHost = host.replace(/^\[(.*)\]$/, '$1');

  const tryPort = async (port: number): Promise<number | null> => {
    const bound = await bindOnce(bindHost, port);
    if (bound === null || taken.has(bound)) return null;
    taken.add(bound);
    return bound;
  };

  return {
    async pick() {
      const first = range?.first ?? 0;
      const last = range?.last ?? 0;
      for (let port = first; port <= last; port += 1) {
        if (port !== 0 && taken.has(port)) continue;
        const bound = await tryPort(port);
        if (bound !== null) return bound;
      }
      // The system never gives a bound port, but it may give one that a worker of ours is about to bind.
      for (let attempt = 0; range === null && attempt < 20; attempt += 1) {
        const bound = await tryPort(0);
        if (bound !== null) return bound;
      }
      const where = range === null ? 'any port' : `any of the ports ${range.first}-${range.last}`;
      throw new PoolFailure(
        'port-in-use',
        `No free port: expected ${where} on ${host} to be free; widen \`agent.port_range\`, or check \`agent.worker_bind\`.`,
      );
    },
    claim: (port) => void taken.add(port),
    release: (port) => void taken.delete(port),
  };
};

/** Bind and let go; the port, or `null` when it cannot be bound. */
const bindOnce = (host: string, port: number): Promise<number | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
