/**
 * One attempt of one task on one worker: it drives the adapter and tells its owner what came. It decides nothing
 * about the task; a re-run's repeated text is compared and swallowed here (ORCH-3301).
 */
import type { WorkerEvent, WorkerTask } from '@llama-orch/adapter-api';
import { WorkerError } from '@llama-orch/adapter-api';
import type { Worker } from './fleet/worker.ts';
import type { Task } from './task.ts';

export type WorkerEnd = Extract<WorkerEvent, { kind: 'end' }>;

/** How an attempt is reported; each call comes at most once but `onTokens`. Nothing comes after `onSettled`. */
export interface AttemptOwner {
  onStarted(attempt: Attempt): void;
  /** One read: new text in order, never what an earlier attempt already gave (so it may be empty), and its model tokens. */
  onTokens(attempt: Attempt, texts: readonly string[], newTokens: number): void;
  onSettled(attempt: Attempt, outcome: AttemptSettled): void;
}

export type AttemptSettled =
  | { readonly kind: 'succeeded'; readonly end: WorkerEnd }
  | { readonly kind: 'aborted' }
  /** `slotTaken`: the engine may still hold a slot for it. */
  | { readonly kind: 'failed'; readonly error: WorkerError; readonly slotTaken: boolean };

export type AttemptOptions = {
  /** Its owner's; nothing here looks into it. */
  readonly task: Task;
  /** 1 for the first. */
  readonly number: number;
  readonly worker: Worker;
  /** Text of earlier attempts that this one must repeat; '' for a first attempt. */
  readonly expectedText: string;
  readonly owner: AttemptOwner;
};

/** Of a read without text. */
const noTexts: readonly string[] = [];

export class Attempt {
  readonly task: Task;
  readonly taskKey: string;
  readonly number: number;
  readonly worker: Worker;
  /** Model tokens so far. */
  generated = 0;
  /** When its first token came; `null` before. Its owner's to write. */
  firstTokenAtMs: number | null = null;
  /** A slot of the engine took it. */
  hasStarted = false;
  /** Model tokens at the last progress report. */
  reported = 0;
  /** Whether anything came since the owner last looked; feeds the idle watchdog. */
  progressed = false;
  readonly #owner: AttemptOwner;
  readonly #abort = new AbortController();
  /** As its signal says, which is three objects further from every token. */
  #isStopped = false;
  #expected: string;
  #swallowed = 0;
  #resetBy: WorkerError | null = null;

  constructor(options: AttemptOptions) {
    this.task = options.task;
    this.taskKey = options.task.identity.key;
    this.number = options.number;
    this.worker = options.worker;
    this.#owner = options.owner;
    this.#expected = options.expectedText;
  }

  /** Stop because the task is over; settles as `aborted`. */
  abort(): void {
    this.#stop();
  }

  /** Stop because the worker is known to be gone; settles as failed with that error. */
  reset(error: WorkerError): void {
    this.#resetBy ??= error;
    this.#stop();
  }

  /** Run to the end. Never throws: every end is reported once through `onSettled`. */
  async run(workerTask: WorkerTask): Promise<void> {
    let end: WorkerEnd | null = null;
    try {
      for await (const batch of this.worker.adapter.submit(workerTask, { signal: this.#abort.signal })) {
        if (this.#isStopped) continue;
        let texts: string[] | null = null;
        const before = this.generated;
        try {
          for (const event of batch) {
            switch (event.kind) {
              case 'started':
                this.hasStarted = true;
                this.#owner.onStarted(this);
                break;
              case 'token': {
                this.generated = event.tokensOut;
                const text = this.#fresh(event.text);
                if (text === '') break;
                // A list that is made around its first text has room for that alone, and mostly there is no other.
                if (texts === null) texts = [text];
                else texts.push(text);
                break;
              }
              case 'end':
                end = event;
                this.generated = event.tokensOut;
                break;
            }
          }
          this.progressed = true;
        } finally {
          // Also of a read that turns out to differ from what was sent: its tokens have come.
          if (this.generated > before || texts !== null) this.#owner.onTokens(this, texts ?? noTexts, this.generated - before);
        }
      }
    } catch (thrown) {
      if (this.#isStopped) this.#settleAborted();
      else this.#fail(thrown);
      return;
    }
    if (this.#isStopped) this.#settleAborted();
    else if (end === null) this.#fail(new WorkerError('worker-reset', 'The stream ended without its final event.', { mayRunAgain: true }));
    else if (this.#swallowed < this.#expected.length) this.#fail(mismatch('The re-run ended before the text that was already sent.'));
    else this.#owner.onSettled(this, { kind: 'succeeded', end });
  }

  /** What of `text` goes beyond the earlier attempts' text, after checking the rest against it. */
  #fresh(text: string): string {
    if (this.#swallowed >= this.#expected.length) return text;
    const repeated = Math.min(text.length, this.#expected.length - this.#swallowed);
    if (this.#expected.slice(this.#swallowed, this.#swallowed + repeated) !== text.slice(0, repeated)) {
      throw mismatch(`The re-run differs from the text already sent, after ${this.#swallowed} characters.`);
    }
    this.#swallowed += repeated;
    if (this.#swallowed >= this.#expected.length) {
      this.#expected = '';
      this.#swallowed = 0;
    }
    return text.slice(repeated);
  }

  #stop(): void {
    this.#isStopped = true;
    this.#abort.abort();
  }

  #settleAborted(): void {
    if (this.#resetBy === null) this.#owner.onSettled(this, { kind: 'aborted' });
    else this.#owner.onSettled(this, { kind: 'failed', error: this.#resetBy, slotTaken: false });
  }

  #fail(thrown: unknown): void {
    const error =
      thrown instanceof WorkerError ? thrown : new WorkerError('internal', 'The adapter failed.', { mayRunAgain: false, cause: thrown });
    const slotTaken = this.hasStarted || (error.mayRunAgain && error.kind !== 'busy') || error.kind === 'determinism-mismatch';
    this.#owner.onSettled(this, { kind: 'failed', error, slotTaken });
  }
}

const mismatch = (message: string): WorkerError => new WorkerError('determinism-mismatch', message, { mayRunAgain: false });
