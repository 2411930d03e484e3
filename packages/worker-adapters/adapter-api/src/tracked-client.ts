/** Tells a request's handler whether its connection was open before, which undici itself does not say. */
import { Client, type Dispatcher } from 'undici';

/** A handler that wants to know whether its request went out on a connection that was used before. */
export interface ConnectionAware {
  reusedConnection: boolean;
}

export class TrackedClient extends Client {
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (isConnectionAware(handler)) handler.reusedConnection = this.stats.connected;
    return super.dispatch(options, handler);
  }
}

const isConnectionAware = (handler: object): handler is ConnectionAware => 'reusedConnection' in handler;
