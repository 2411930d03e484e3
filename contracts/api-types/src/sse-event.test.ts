/** Holds the names of the stream's events equal to those that the contract declares. */
import { expect, test } from 'vitest';
import { openapiDocument } from './generated/openapi-document.ts';
import { isTerminal, type StreamEvent, streamEventNames } from './sse-event.ts';

type SseEvent = { readonly id: boolean; readonly terminal?: boolean };

function declared(): Readonly<Record<string, SseEvent>> {
  const operation = openapiDocument.paths['/v1/tasks/{id}/stream']?.['get'] as {
    responses: { '200': { content: { 'text/event-stream': { 'x-sse-events': Record<string, SseEvent> } } } };
  };
  return operation.responses['200'].content['text/event-stream']['x-sse-events'];
}

test('[ORCH-2002] the stream has the events of the contract, and no others', () => {
  expect(Object.keys(declared())).toEqual(streamEventNames);
});

test('[ORCH-2010] all events but metrics carry an id; end and error are terminal', () => {
  expect(
    Object.entries(declared())
      .filter(([, event]) => !event.id)
      .map(([name]) => name),
  ).toEqual(['metrics']);
  const terminal = streamEventNames.filter((event) => isTerminal({ event, data: {} } as StreamEvent));
  expect(
    Object.entries(declared())
      .filter(([, event]) => event.terminal)
      .map(([name]) => name),
  ).toEqual(terminal);
});
