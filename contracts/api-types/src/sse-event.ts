/**
 * The events of a task's stream, typed. It owns their names and which of them end a stream; framing is the reader's and the
 * writer's business.
 */
import type { components } from './generated/data.ts';

type Schemas = components['schemas'];

/**
 * One event: `data` by `event`. All but `metrics` carry an SSE id.
 *
 * @req ORCH-2002, ORCH-2010
 */
export type StreamEvent =
  | { readonly event: 'started'; readonly data: Schemas['StreamStarted'] }
  | { readonly event: 'token'; readonly data: Schemas['StreamToken'] }
  | { readonly event: 'metrics'; readonly data: Schemas['StreamMetrics'] }
  | { readonly event: 'end'; readonly data: Schemas['StreamEnd'] }
  | { readonly event: 'error'; readonly data: Schemas['ErrorEnvelope'] };

/** Names of the stream's events. */
export type StreamEventName = StreamEvent['event'];

/** The same names as data, in the order of the spec's table. */
export const streamEventNames = ['started', 'token', 'metrics', 'end', 'error'] as const satisfies readonly StreamEventName[];

/** Whether nothing may follow this event. */
export function isTerminal(event: StreamEvent): event is Extract<StreamEvent, { event: 'end' | 'error' }> {
  return event.event === 'end' || event.event === 'error';
}
