/**
 * The first task of a new user: one haiku, asked for and read over plain HTTP as anybody could. It holds the request and
 * the reading of the stream, and no text of any answer.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { type ServerEvent, readServerEvents } from './server-events.ts';

export type HaikuRequest = {
  readonly task_id: string;
  readonly model_ref: string;
  readonly prompt: string;
  readonly seed: number;
  readonly max_tokens: number;
};

/** What the demo tells while it goes on. */
export interface DemoListener {
  onToken(text: string): void;
}

/**
 * The request: the current minute in words and a nonce, both to be repeated in the poem, so that a reader sees that it was
 * written now.
 *
 * The prompt's form is one that the model was trained on (its card has the details); it ends in a line break because the
 * answer would begin with one otherwise.
 */
export function haikuRequest(now: Date): HaikuRequest {
  const minute = minuteInWords(minuteInAmsterdam(now));
  const nonce = randomBytes(4).toString('hex');
  return {
    task_id: randomUUID(),
    model_ref: 'haiku-tiny',
    prompt: `Write a haiku (3 lines). Include this exact English minute phrase: "${minute}". Also include this nonce verbatim: "${nonce}". Output only the poem.\n`,
    seed: randomBytes(4).readUInt32BE() % 4_294_967_295,
    max_tokens: 96,
  };
}

/**
 * Submit the task and read its stream to the end.
 *
 * @returns The data of the `started` and the `end` event.
 * @throws Error with the service's own message when it refuses the task or the task fails.
 */
export async function runHaiku(
  baseUrl: string,
  request: HaikuRequest,
  listener: DemoListener,
  signal: AbortSignal,
): Promise<{ started: Record<string, unknown>; end: Record<string, unknown> }> {
  const accepted = await fetch(`${baseUrl}/v1/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  });
  if (accepted.status !== 202) throw new Error(`the task was refused with ${accepted.status}: ${await accepted.text()}`);
  // The body is read to its end, so that the connection can be used again.
  await accepted.text();
  const stream = await fetch(`${baseUrl}/v1/tasks/${request.task_id}/stream`, { headers: { accept: 'text/event-stream' }, signal });
  if (stream.status !== 200 || stream.body === null)
    throw new Error(`the stream was refused with ${stream.status}: ${await stream.text()}`);
  let started: Record<string, unknown> = {};
  for await (const event of readServerEvents(stream.body)) {
    const data = dataOf(event);
    if (event.name === 'started') started = data;
    if (event.name === 'token') listener.onToken(String(data['t']));
    if (event.name === 'end') return { started, end: data };
    if (event.name === 'error') throw new Error(`the task failed: ${String(data['code'])}: ${String(data['message'])}`);
  }
  throw new Error('the stream ended without `end` or `error`');
}

function dataOf(event: ServerEvent): Record<string, unknown> {
  const data: unknown = JSON.parse(event.data);
  return typeof data === 'object' && data !== null ? { ...data } : {};
}

/** The minute of the hour in the zone of the haiku protocol (ORCH-3059). */
function minuteInAmsterdam(now: Date): number {
  return Number(new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Amsterdam', minute: 'numeric' }).format(now));
}

const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = ['twenty', 'thirty', 'forty', 'fifty'];

/** @param minute - 0 to 59. */
export function minuteInWords(minute: number): string {
  const small = ones[minute];
  if (small !== undefined) return small;
  const ten = tens[Math.floor(minute / 10) - 2] ?? '';
  const one = minute % 10;
  return one === 0 ? ten : `${ten}-${ones[one] ?? ''}`;
}
