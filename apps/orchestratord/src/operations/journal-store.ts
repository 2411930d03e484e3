/** The control plane's state store on the controller's journal: each value is one `operation` record. */
import type { JournalContents } from '../journal/fold.ts';
import type { Journal } from '../journal/journal.ts';
import type { StateStore, StoredState } from './state-store.ts';

export const createJournalStore = (journal: Journal): StateStore => ({
  save: (operationId, body) => journal.append({ kind: 'operation', operationId, body }),
  get fault() {
    return journal.fault;
  },
  forget: (key) => journal.forget({ kind: 'operation', key }),
});

export const storedIn = ({ operations }: JournalContents): StoredState => new Map([...operations].map(([key, { body }]) => [key, body]));
