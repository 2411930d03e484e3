/**
 * The thread that owns the journal's file while the controller runs: batches in, acknowledgements out. No fsync ever blocks the
 * token path, because it happens here.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openJournalFile } from './journal-file.ts';
import { type JournalOp, JournalWriter } from './journal-writer.ts';

export type JournalThreadData = { readonly file: string; readonly maxBytes: number };

export type ToJournalThread =
  | { readonly kind: 'commit' | 'commitProbing'; readonly ops: readonly JournalOp[] }
  | { readonly kind: 'close' };

export type FromJournalThread =
  | { readonly kind: 'committed'; readonly usedBytes: number }
  /** Nobody knows whether the batch is in the file. */
  | { readonly kind: 'failed'; readonly message: string };

const { file, maxBytes } = workerData as JournalThreadData;
const writer = new JournalWriter(openJournalFile(file), maxBytes);

parentPort?.on('message', (message: ToJournalThread) => {
  if (message.kind === 'close') {
    writer.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(answer(message));
});

const answer = ({ kind, ops }: Exclude<ToJournalThread, { kind: 'close' }>): FromJournalThread => {
  try {
    const { usedBytes } = kind === 'commit' ? writer.commit(ops) : writer.commitProbing(ops);
    return { kind: 'committed', usedBytes };
  } catch (cause) {
    return { kind: 'failed', message: cause instanceof Error ? cause.message : String(cause) };
  }
};
