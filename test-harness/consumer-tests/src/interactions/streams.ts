/** The framing of streams, byte for byte where the contract fixes it, and where they resume. */
import { crc32 } from 'node:zlib';
import type { ErrorEnvelope, StreamEvent } from '@llama-orch/api-types';
import { expect } from 'vitest';
import { answerText, submitted, taskId } from '../ids.ts';
import type { Consumer, PactInteraction, Pattern } from '../interaction.ts';
import { envelope, jsonHeaders, streamHeaders } from '../matchers.ts';

const texts = ['soft ', 'rain'] as const;
const digest = '38e62d294937b3a25ea1f23f56d743d7d078d2f69fd512ddf96f5c5de795f166';

/** Opaque to consumers: they hand back what they got. The example is what the service makes of these texts. */
const idOf = (number: number, text: string): string => `${number}.${text.length}.${crc32(text).toString(16).padStart(8, '0')}`;

const id = 'id: [0-9]+\\.[0-9]+\\.[0-9a-f]{8}\\n';
const started = `${id}event: started\\ndata: \\{"task_id":"[0-9a-f-]{36}"[^\\n]*"cpu_carve_out":(true|false)[^\\n]*\\}\\n\\n`;
const token = (text: string, index: number | string): string => `${id}event: token\\ndata: \\{"t":"${text}","i":${index}\\}\\n\\n`;
const metrics = '((event: metrics\\ndata: \\{[^\\n]*\\}\\n\\n)|(:\\n\\n))*';
const end = `${id}event: end\\ndata: \\{[^\\n]*"finish_reason":"(stop|length)"[^\\n]*"stream_digest":"[0-9a-f]{64}"[^\\n]*\\}\\n\\n`;
const error = (code: string, retriable: boolean): string =>
  `${id}event: error\\ndata: \\{[^\\n]*"code":"${code}"[^\\n]*"retriable":${retriable}[^\\n]*\\}\\n\\n`;

const frame = (event: string, eventId: string, data: unknown): string =>
  `id: ${eventId}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

const startedExample = (task: string): string =>
  frame('started', idOf(0, ''), {
    task_id: task,
    queue_position: 0,
    predicted_start_ms: null,
    engine: 'llamacpp',
    engine_version: 'mock-1',
    pool_id: 'pact-pool',
    replica_id: 'pact-pool/1',
    model_digest: `sha256:${'a'.repeat(64)}`,
    sampler_profile_version: 'v1',
    seed: 7,
    kv_warmth: false,
    cpu_carve_out: true,
  });

const endExample = frame('end', '2.9.00000000', {
  finish_reason: 'stop',
  tokens_in: 9,
  tokens_out: 2,
  queue_ms: 1,
  ttft_ms: 2,
  decode_ms: 3,
  stream_digest: digest,
  failovers: 0,
  failover_ms: 0,
  kv_migrated: false,
});

const whole = (task: string): Pattern => ({
  pattern: `^${metrics}${started}${metrics}${token(texts[0], 0)}${metrics}${token(texts[1], 1)}${metrics}${end}$`,
  example:
    startedExample(task) +
    frame('token', idOf(1, texts[0]), { t: texts[0], i: 0 }) +
    frame('token', idOf(2, answerText), { t: texts[1], i: 1 }) +
    endExample,
});

async function read({ client }: Consumer, task: string, lastEventId?: string): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of client.streamTask(task, { maxAttempts: 1, lastEventId })) events.push(event);
  return events;
}

const kinds = (events: readonly StreamEvent[]): readonly string[] => events.map(({ event }) => event);

const stream = (
  task: string,
  more: Pick<PactInteraction, 'description' | 'state' | 'answer' | 'consume'>,
  fields: Readonly<Record<string, unknown>> = {},
): PactInteraction => ({
  params: submitted(task, fields),
  method: 'GET',
  path: `/v1/tasks/${task}/stream`,
  headers: { Accept: 'text/event-stream' },
  ...more,
});

type Failure = {
  readonly number: number;
  readonly state: string;
  readonly code: ErrorEnvelope['code'];
  readonly retriable: boolean;
  /** Whether an attempt of it had started: then the stream begins so. */
  readonly ran: boolean;
  /** Fields of the task beside the usual ones. */
  readonly request?: Readonly<Record<string, unknown>>;
};

const failing = ({ number, state, code, retriable, ran, request = {} }: Failure): PactInteraction =>
  stream(
    taskId(number),
    {
      description: `the stream of a task that ended with ${code}`,
      state,
      answer: {
        status: 200,
        headers: streamHeaders,
        text: {
          pattern: `^${ran ? `${metrics}${started}(${metrics}${token('[a-z ]+', '[0-9]+')})*` : ''}${metrics}${error(code, retriable)}$`,
          example:
            (ran ? startedExample(taskId(number)) : '') +
            frame('error', '0.0.ffffffff', { code, message: 'What happened.', retriable, correlation_id: 'c-1' }),
        },
      },
      async consume(consumer) {
        const last = (await read(consumer, taskId(number))).at(-1);
        expect(last).toMatchObject({ event: 'error', data: { code, retriable } });
      },
    },
    request,
  );

export const streams: readonly PactInteraction[] = [
  stream(taskId(40), {
    description: 'the whole stream of a task',
    state: 'the task has succeeded',
    answer: { status: 200, headers: streamHeaders, text: whole(taskId(40)) },
    async consume(consumer) {
      const events = await read(consumer, taskId(40));
      expect(kinds(events)).toEqual(['started', 'token', 'token', 'end']);
      expect(events.flatMap((each) => (each.event === 'token' ? [each.data.t] : [])).join('')).toBe(answerText);
    },
  }),
  {
    ...stream(taskId(41), {
      description: 'the rest of a stream, after its first token',
      state: 'the task has succeeded',
      answer: {
        status: 200,
        headers: streamHeaders,
        text: {
          pattern: `^${metrics}${token(texts[1], 1)}${metrics}${end}$`,
          example: frame('token', idOf(2, answerText), { t: texts[1], i: 1 }) + endExample,
        },
      },
      async consume(consumer) {
        expect(kinds(await read(consumer, taskId(41), idOf(1, texts[0])))).toEqual(['token', 'end']);
      },
    }),
    headers: { Accept: 'text/event-stream', 'Last-Event-ID': idOf(1, texts[0]) },
  },
  {
    ...stream(taskId(42), {
      description: 'a stream after an id that is none',
      state: 'the task has succeeded',
      answer: { status: 400, headers: jsonHeaders, json: envelope('INVALID_PARAMS', false) },
      async consume(consumer) {
        await expect(read(consumer, taskId(42), 'not-an-id')).rejects.toMatchObject({ status: 400 });
      },
    }),
    headers: { Accept: 'text/event-stream', 'Last-Event-ID': 'not-an-id' },
  },
  {
    ...stream(taskId(43), {
      description: 'a stream after an id of another text',
      state: 'the task has succeeded',
      answer: {
        status: 200,
        headers: streamHeaders,
        text: {
          pattern: `^${error('WORKER_RESET', false)}$`,
          example: frame('error', '2.9.ffffffff', {
            code: 'WORKER_RESET',
            message: 'Another text.',
            retriable: false,
            correlation_id: 'c-1',
          }),
        },
      },
      async consume(consumer) {
        expect((await read(consumer, taskId(43), idOf(1, 'hard '))).at(-1)).toMatchObject({
          data: { code: 'WORKER_RESET', retriable: false },
        });
      },
    }),
    headers: { Accept: 'text/event-stream', 'Last-Event-ID': idOf(1, 'hard ') },
  },
  stream(taskId(44), {
    description: 'the stream of a task that was canceled before it ran',
    state: 'the task was canceled in the queue',
    answer: {
      status: 200,
      headers: streamHeaders,
      text: {
        pattern: `^${id}event: end\\ndata: \\{[^\\n]*"finish_reason":"canceled"[^\\n]*"stream_digest":null[^\\n]*\\}\\n\\n$`,
        example: frame('end', '0.0.ffffffff', { finish_reason: 'canceled', tokens_in: null, tokens_out: 0, stream_digest: null }),
      },
    },
    async consume(consumer) {
      expect(await read(consumer, taskId(44))).toMatchObject([{ event: 'end', data: { finish_reason: 'canceled' } }]);
    },
  }),
  failing({ number: 45, state: 'the task was dropped for a newer one', code: 'QUEUE_FULL_DROP_LRU', retriable: true, ran: false }),
  failing({
    number: 46,
    state: 'the worker died under a task that may not run again',
    code: 'WORKER_RESET',
    retriable: true,
    ran: true,
    request: { determinism: 'best_effort' },
  }),
  failing({ number: 47, state: 'the worker died each time the task ran', code: 'REPLICA_EXHAUSTED', retriable: true, ran: true }),
  failing({ number: 48, state: 'the task took longer than its pool allows', code: 'DECODE_TIMEOUT', retriable: true, ran: true }),
  failing({
    number: 49,
    state: 'the task’s deadline passed in the queue',
    code: 'DEADLINE_UNMET',
    retriable: true,
    ran: false,
    request: { deadline_ms: 400 },
  }),
  failing({ number: 50, state: 'the engine took the task for wrong', code: 'INTERNAL', retriable: false, ran: false }),
  stream(taskId(51), {
    description: 'the stream of a task that nobody knows',
    state: 'a slot is free',
    answer: { status: 404, headers: jsonHeaders, json: envelope('NOT_FOUND', false) },
    async consume(consumer) {
      await expect(read(consumer, taskId(51))).rejects.toMatchObject({ status: 404 });
    },
  }),
];
