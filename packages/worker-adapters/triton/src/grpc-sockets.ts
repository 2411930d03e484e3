/**
 * Every socket of one gRPC client, so that closing it leaves none. It owns sockets and credentials; calls are
 * `grpc-channel.ts`.
 *
 * The library goes on connecting after its client was closed, where that was done while it waited for its next try or for a
 * name's address, and nobody ever closes what it then opens.
 */
import type { Socket } from 'node:net';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';

export class GrpcSockets {
  readonly credentials: ChannelCredentials;
  readonly #open = new Set<Socket>();
  #closed = false;

  /** @param isSecure - TLS with the system's roots. */
  constructor(isSecure: boolean) {
    const plain = isSecure ? credentials.createSsl() : credentials.createInsecure();
    const createConnector = plain._createSecureConnector.bind(plain);
    this.credentials = Object.assign(plain, {
      _createSecureConnector: (...args: Parameters<typeof createConnector>): ReturnType<typeof createConnector> => {
        const connector = createConnector(...args);
        const connect = connector.connect.bind(connector);
        const waitForReady = connector.waitForReady.bind(connector);
        return Object.assign(connector, {
          waitForReady: (): Promise<void> => (this.#closed ? Promise.reject(new Error('The channel was closed.')) : waitForReady()),
          connect: (socket: Socket): ReturnType<typeof connect> => {
            this.#keep(socket);
            return connect(socket);
          },
        });
      },
    });
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#open) socket.destroy();
  }

  #keep(socket: Socket): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }
}
