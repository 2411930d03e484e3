/** A plain client of the worker's wire, for tests only: reads JSON and event streams without knowing the worker's code. */
import { isObject, type JsonObject } from '../json.ts';

export class Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;

  constructor(status: number, headers: Headers, body: unknown) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  /** The member at a path such as `timings.cache_n`. */
  at(path: string): unknown {
    return member(this.body, path);
  }
}

export function member(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((owner, name) => {
    if (Array.isArray(owner)) return owner[Number(name)];
    return isObject(owner) ? owner[name] : undefined;
  }, value);
}

export async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return toAnswer(await fetch(url, { headers }));
}

export async function post(url: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return toAnswer(await fetch(url, { method: 'POST', body: text, signal: signal ?? null }));
}

/** The numbers of `/metrics` by name, without the `llamacpp:` in front. */
export async function metrics(url: string): Promise<ReadonlyMap<string, number>> {
  const text = String((await get(`${url}/metrics`)).body);
  const lines = text.split('\n').filter((line) => line.startsWith('llamacpp:'));
  return new Map(
    lines.map((line) => {
      const [name = '', value = ''] = line.slice('llamacpp:'.length).split(' ');
      return [name, Number(value)];
    }),
  );
}

export type StreamedEvent = JsonObject;

/** The events of a streamed completion as they come. Ending the loop early closes the connection. */
export async function* stream(url: string, body: JsonObject, signal?: AbortSignal): AsyncGenerator<StreamedEvent> {
  const response = await fetch(`${url}/completion`, {
    method: 'POST',
    body: JSON.stringify({ ...body, stream: true }),
    signal: signal ?? null,
  });
  if (response.status !== 200 || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + text).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      if (!frame.startsWith('data: ')) continue;
      const event: unknown = JSON.parse(frame.slice('data: '.length));
      if (isObject(event)) yield event;
    }
  }
  if (rest !== '') throw new Error(`the stream ended inside an event: ${rest}`);
}

export async function collect(events: AsyncIterable<StreamedEvent>): Promise<StreamedEvent[]> {
  const all: StreamedEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** Asks again until the answer is yes; fails with `what` after ten seconds. */
export async function eventually(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + 10_000;
  while (!(await isTrue())) {
    if (performance.now() > giveUpMs) throw new Error(`not within 10 s: ${what}`);
  }
}

async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return new Answer(response.status, response.headers, isJson ? JSON.parse(text) : text);
}
