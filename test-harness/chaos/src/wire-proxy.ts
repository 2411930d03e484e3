/**
 * A wire that can be cut and stalled: relays TCP connections to one address, byte for byte. It knows nothing of what they carry.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface WireProxy {
  readonly url: string;
  /** Reset every connection there is; new ones are let through. */
  cut(): number;
  /** Nothing passes, in either direction, until {@link flow}; connections stay open. */
  stall(): void;
  flow(): void;
  close(): Promise<void>;
}

/** @param target - Where connections go at the moment they come; `undefined` = nobody is there. */
export async function startWireProxy(target: () => string | undefined): Promise<WireProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isStalled = false;

  // A side that has said all it has to say may still listen.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const to = target();
    if (to === undefined) {
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(to);
    const service = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    const pair = [client, service] as const;
    pairs.add(pair);
    for (const [one, other] of [
      [client, service],
      [service, client],
    ] as const) {
      one.setNoDelay(true);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        pairs.delete(pair);
        other.destroy();
      });
      one.on('end', () => other.end());
      one.on('data', (bytes) => {
        // A full socket holds its other end back, so that nothing is buffered here without bound.
        if (!other.write(bytes)) one.pause();
      });
      other.on('drain', () => {
        if (!isStalled) one.resume();
      });
    }
    if (isStalled) pair.forEach((socket) => socket.pause());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = (): number => {
    const count = pairs.size;
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
    return count;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    stall: () => {
      isStalled = true;
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    flow: () => {
      isStalled = false;
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
