/**
 * What clients saw, as data: all that the checker may read. Everything received has a place in one order, `seq`, and a time on the
 * clients' own monotonic clock.
 */
import type { StreamEvent, TaskStatus } from '@llama-orch/api-types';

export type Determinism = 'strict' | 'best_effort';
export type Priority = 'interactive' | 'batch';

export type Moment = { readonly seq: number; readonly atMs: number };

export type SeenEvent = Moment & { readonly id: string | null; readonly event: StreamEvent };

/** One connection to a stream. */
export type SeenConnection = {
  /** When it was asked for. */
  readonly asked: Moment;
  /** `null` = from the start. */
  readonly lastEventId: string | null;
  /** Nothing lies between client and controller that could hold bytes back. */
  readonly isDirect: boolean;
  readonly events: SeenEvent[];
};

/** One reader of a stream over all its connections. */
export type SeenReader = {
  /** `raw` reads bytes as they come; `typed` is the published client, which reconnects by itself. */
  readonly kind: 'raw' | 'typed';
  readonly connections: SeenConnection[];
  /** Why it gave up for good; a broken stream contract or digest is told here by the typed client. */
  failure: string | null;
  /** It stopped reading of its own will. */
  hasLeft: boolean;
};

export type SeenSubmit = { readonly sent: Moment; readonly answered: Moment; readonly status: number; readonly body: string };
export type SeenPoll = { readonly sent: Moment; readonly answered: Moment; readonly status: TaskStatus };

export type SeenTask = {
  readonly taskId: string;
  readonly tenant: string;
  readonly priority: Priority;
  readonly determinism: Determinism;
  readonly model: string;
  /** Of the request's form: tasks of one key ask for the same text. */
  readonly promptKey: string;
  readonly deadlineMs: number;
  /** When it was submitted first; that submission may have got no answer. */
  readonly firstSent: Moment;
  /** Answers to the submission; one that got none is not in it. */
  readonly submits: SeenSubmit[];
  readonly readers: SeenReader[];
  /** Set once the 204 was read. */
  canceled: { readonly sent: Moment; readonly answered: Moment } | null;
  readonly polls: SeenPoll[];
  /** What a last look at the end of the run found: the status, or the HTTP status of a refusal. */
  last: TaskStatus | number | null;
};

/** What was promised to whom, in the operator's words. */
export type Promises = {
  readonly tenants: Readonly<
    Record<string, { readonly maxConcurrent?: number; readonly rate?: { readonly perS: number; readonly burst: number } }>
  >;
  /** By model. */
  readonly lanes: Readonly<Record<string, { readonly queueCapacity: number; readonly batchCapacity: number; readonly slots: number }>>;
  /** Share of the interactive class for one of the batch class. */
  readonly interactiveWeight: number;
};

/** A whole run. */
export type Transcript = {
  readonly tasks: readonly SeenTask[];
  /** Text by prompt key, from a run without faults. */
  readonly unfaulted: ReadonlyMap<string, string>;
  readonly promises: Promises;
};

export const acceptedOf = (task: SeenTask): SeenSubmit | undefined => task.submits.find(({ status }) => status === 202);

export const eventsOf = (reader: SeenReader): readonly SeenEvent[] => reader.connections.flatMap(({ events }) => events);

export const isTerminalEvent = ({ event }: SeenEvent): boolean => event.event === 'end' || event.event === 'error';

export const hasEnded = (status: TaskStatus): boolean => ['succeeded', 'failed', 'canceled'].includes(status.state);
