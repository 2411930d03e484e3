/**
 * The durable journal as the controller sees it: records are gathered into batches, one batch at a time is with the thread that
 * writes, and each record is stable when its batch is. It decides what waits and what is refused; it opens no file itself.
 */
import { Worker } from 'node:worker_threads';
import { OrchError } from '@llama-orch/api-types';
import type { Logger } from '@llama-orch/service-kit';
import type { FromJournalThread, JournalThreadData, ToJournalThread } from './journal-thread.ts';
import type { JournalOp } from './journal-writer.ts';
import { type Journal, type JournalRecord, type JournalSubject, replacesEarlier, subjectOf } from './journal.ts';

export type SqliteJournalOptions = {
  readonly file: string;
  /** Largest file. */
  readonly maxBytes: number;
  /** Records that may wait for the thread before new tasks are refused. */
  readonly maxPending: number;
  /** Pause before a failed batch is tried again. */
  readonly retryMs: number;
  readonly log: Logger;
  /** What the file holds: numbers of known subjects by {@link subjectName}, and the last record's number. */
  readonly known: { readonly subjects: ReadonlyMap<string, number>; readonly lastSeq: number };
};

type Entry = JournalOp & {
  /** An `accepted`, which is refused rather than kept waiting. */
  readonly refusable: boolean;
  readonly settle: { readonly resolve: () => void; readonly reject: (cause: Error) => void } | null;
};

const stable = Promise.resolve();

/** New tasks are refused when the file is as full as this, so that those already admitted can still end. */
const fullRatio = 0.9;

export const subjectName = ({ kind, key }: JournalSubject): string => `${kind}:${key}`;

/** @req ORCH-3302 */
export class SqliteJournal implements Journal {
  readonly isDurable = true;
  readonly #options: SqliteJournalOptions;
  readonly #subjects: Map<string, number>;
  #seq: number;
  #waiting: Entry[] = [];
  #inFlight: readonly Entry[] | null = null;
  #thread: Worker | null;
  #fault: string | null = null;
  #isFull = false;
  #scheduled = false;
  #retry: NodeJS.Timeout | undefined;
  #closing: PromiseWithResolvers<void> | null = null;
  #letGo = false;

  constructor(options: SqliteJournalOptions) {
    this.#options = options;
    this.#subjects = new Map(options.known.subjects);
    this.#seq = options.known.lastSeq;
    this.#thread = this.#spawn();
  }

  get pending(): number {
    return this.#waiting.length + (this.#inFlight?.length ?? 0);
  }

  get isStuck(): boolean {
    return this.#fault !== null;
  }

  get fault(): string | null {
    if (this.#fault !== null) return `The journal cannot be written: ${this.#fault}.`;
    if (this.#isFull) return `The journal has reached its limit of ${this.#options.maxBytes} bytes.`;
    return this.pending >= this.#options.maxPending ? `The journal lags: ${this.pending} records wait for it.` : null;
  }

  append(record: JournalRecord): Promise<void> {
    const refusable = record.kind === 'accepted';
    if (this.#closing !== null) return refusable ? Promise.reject(unavailable('The journal is closed.')) : never;
    const { fault } = this;
    if (refusable && fault !== null) return Promise.reject(unavailable(fault));
    const subject = subjectOf(record);
    const known = this.#subjects.get(subjectName(subject));
    // Its acceptance was refused, or all about it is forgotten: there is nothing to keep true.
    if (known === undefined && subject.kind === 'task' && !refusable) return stable;
    this.#seq += 1;
    const number = known ?? this.#seq;
    if (known === undefined) this.#subjects.set(subjectName(subject), number);
    const op = replacesEarlier(record) ? 'replace' : 'append';
    const entry = { op, seq: this.#seq, subject: number, kind: record.kind, body: JSON.stringify(record), refusable } as const;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ ...entry, settle: { resolve, reject } });
    this.#schedule();
    return promise;
  }

  forget(subject: JournalSubject): void {
    const name = subjectName(subject);
    const number = this.#subjects.get(name);
    if (number === undefined || this.#closing !== null) return;
    this.#subjects.delete(name);
    this.#waiting.push({ op: 'forget', subject: number, refusable: false, settle: null });
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#closing ??= Promise.withResolvers<void>();
    clearTimeout(this.#retry);
    // A journal that could not be written gets one more chance: its records are all that is left of what happened.
    this.#post();
    this.#finishClosing();
    await this.#closing.promise;
  }

  /** All records of one turn go in one batch, and all that come while a batch is written in the next. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight !== null || this.#fault !== null) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.#fault === null) this.#post();
    });
  }

  #post(): void {
    if (this.#inFlight !== null) return;
    const isProbing = this.#fault !== null;
    if (this.#waiting.length === 0 && !isProbing) return;
    this.#thread ??= this.#spawn();
    this.#inFlight = this.#waiting;
    this.#waiting = [];
    const ops = this.#inFlight.map(toOp);
    this.#thread.postMessage({ kind: isProbing ? 'commitProbing' : 'commit', ops } satisfies ToJournalThread);
  }

  #spawn(): Worker {
    const { file, maxBytes } = this.#options;
    // Sources run from `.ts`, the published package from `.js`; the thread's file lies beside this one in both.
    const url = new URL(import.meta.url.endsWith('.ts') ? './journal-thread.ts' : './journal-thread.js', import.meta.url);
    const thread = new Worker(url, { workerData: { file, maxBytes } satisfies JournalThreadData });
    thread.on('message', (message: FromJournalThread) => {
      if (message.kind === 'committed') this.#onCommitted(message.usedBytes);
      else this.#onFailed(message.message);
    });
    const onGone = (cause: unknown): void => {
      if (this.#thread !== thread) return;
      this.#thread = null;
      this.#onFailed(cause instanceof Error ? cause.message : 'its thread ended');
    };
    thread.on('error', onGone);
    thread.on('exit', onGone);
    return thread;
  }

  #onCommitted(usedBytes: number): void {
    const entries = this.#inFlight ?? [];
    this.#inFlight = null;
    this.#isFull = usedBytes > this.#options.maxBytes * fullRatio;
    if (this.#fault !== null) {
      this.#fault = null;
      this.#options.log.info({ event: 'journal_recovered', records: entries.length }, 'the journal can be written again');
    }
    for (const { settle } of entries) settle?.resolve();
    this.#post();
    this.#finishClosing();
  }

  /**
   * Nothing of the batch counts as stable.
   *
   * 1. New tasks in it, and those that wait behind it, are refused; what a half-done commit left of them is forgotten.
   * 2. What was forgotten meanwhile goes first: that may be the room that is missing.
   * 3. All else waits for the next try: it has happened, and is shown once it is stable.
   */
  #onFailed(message: string): void {
    const { log, retryMs } = this.#options;
    if (this.#fault === null) {
      log.error({ event: 'journal_failed', reason: message }, 'the journal cannot be written; new tasks are refused');
    }
    this.#fault = message;
    const entries = [...(this.#inFlight ?? []), ...this.#waiting];
    this.#inFlight = null;
    const refused = new Set(entries.flatMap((entry) => (entry.refusable ? [entry.subject] : []))); // 1
    for (const [name, subject] of this.#subjects) if (refused.has(subject)) this.#subjects.delete(name);
    const forgotten = new Set([...refused, ...entries.flatMap((entry) => (entry.op === 'forget' ? [entry.subject] : []))]); // 2
    const forgets = [...forgotten].map((subject) => ({ op: 'forget', subject, refusable: false, settle: null }) as const);
    this.#waiting = [...forgets, ...entries.filter(({ subject }) => !forgotten.has(subject))]; // 3
    for (const { subject, refusable, settle } of entries) {
      if (refusable) settle?.reject(unavailable(`The journal cannot be written: ${message}.`));
      else if (forgotten.has(subject)) settle?.resolve();
    }
    clearTimeout(this.#retry);
    if (this.#closing === null) this.#retry = setTimeout(() => this.#post(), retryMs);
    else this.#finishClosing();
  }

  #finishClosing(): void {
    if (this.#closing === null || this.#inFlight !== null || this.#letGo) return;
    this.#letGo = true;
    const { resolve } = this.#closing;
    if (this.#waiting.length > 0) {
      this.#options.log.error(
        { event: 'journal_lost', records: this.#waiting.length },
        'the journal ends with records that could not be written',
      );
    }
    const thread = this.#thread;
    this.#thread = null;
    if (thread === null) {
      resolve();
      return;
    }
    thread.once('exit', () => resolve());
    thread.postMessage({ kind: 'close' } satisfies ToJournalThread);
  }
}

/** Records of a journal that is closed are never stable. */
const never = new Promise<never>(() => undefined);

const unavailable = (message: string): OrchError => new OrchError('journal-unavailable', { message });

const toOp = (entry: Entry): JournalOp =>
  entry.op === 'forget'
    ? { op: 'forget', subject: entry.subject }
    : { op: entry.op, seq: entry.seq, subject: entry.subject, kind: entry.kind, body: entry.body };
