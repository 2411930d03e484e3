/** A broken promise, as the checker words it. */

export type Violation = {
  /** Which rule was broken; a closed set, so that reports can count it. */
  readonly rule:
    | 'one-terminal'
    | 'lost-task'
    | 'two-answers'
    | 'lost-or-doubled-token'
    | 'unlike-unfaulted'
    | 'token-after-cancel'
    | 'broken-stream'
    | 'wrong-error'
    | 'quota-passed'
    | 'queue-bound-passed'
    | 'priority-inverted'
    | 'never-ready'
    | 'slot-not-free'
    | 'orphan-process'
    | 'leaked-descriptor'
    | 'memory-grown'
    | 'proved-nothing';
  /** The task, where it is about one. */
  readonly taskId: string | null;
  readonly what: string;
};
