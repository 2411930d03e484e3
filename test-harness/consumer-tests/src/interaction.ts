/** One thing a consumer relies on, as data: what it asks, in which state of the provider, and what it needs of the answer. */
import type { AgentClient, OrchClient } from '@llama-orch/openapi-client';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type PactInteraction = {
  /** Unique in its pact; a sentence's end: "a request for …". */
  readonly description: string;
  /** What must be so at the provider; it is brought about from outside (docs of `apps/orchestratord`). */
  readonly state: string;
  /** What the state is about; `request` is the body of a task that it wants submitted. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly method: Method;
  /** Or what it is made of by what the state tells, for ids that only the provider can give; with an example. */
  readonly path: string | { readonly expression: string; readonly example: string };
  readonly query?: Readonly<Record<string, string>>;
  /** Headers that the consumer needs to send. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly json: unknown } | { readonly text: string; readonly type: string };
  readonly answer: Answer;
  /** The consumer's own code, against the pact's stand-in, and what it makes of the answer. */
  readonly consume: (consumer: Consumer) => Promise<void>;
};

export type Answer = {
  readonly status: number;
  /** Exact, or a regular expression with an example. */
  readonly headers?: Readonly<Record<string, string | Pattern>>;
  /** A body of matchers. */
  readonly json?: unknown;
  /** A body of text, SSE for example: the whole of it, as an expression with an example. */
  readonly text?: Pattern;
};

export type Pattern = { readonly pattern: string; readonly example: string };

export type Consumer = { readonly url: string; readonly client: OrchClient; readonly agent: AgentClient };
