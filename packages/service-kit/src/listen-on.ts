/**
 * Puts a server on its address, or says in words why it cannot be there. It knows nothing of what the server does.
 */
import type { AddressInfo, Server } from 'node:net';
import type { ListenAddress } from './listen-address.ts';
import { ExitCode, StartError } from './start-error.ts';

/**
 * @returns the port, also where 0 asked for any.
 * @errors {@link StartError} with exit code 1, where the port is taken or the address is not this machine's.
 */
export const listenOn = async (server: Server, { host, port }: ListenAddress): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw new StartError(`cannot listen on ${host}:${port}: ${reasonOf(cause)}`, { exitCode: ExitCode.failure, cause });
  } finally {
    server.off('error', reject);
  }
  return (server.address() as AddressInfo).port;
};

const reasonOf = (cause: unknown): string => {
  if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')
    return 'the port is taken; stop what listens there, or give `--listen HOST:PORT`';
  return cause instanceof Error ? cause.message : String(cause);
};
