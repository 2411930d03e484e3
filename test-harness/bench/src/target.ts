/** The ways from client to engine that are compared: each opens the same stream, directly or through a relay. */
import { engineTokenMark, type Pace, toPrompt } from './engine-wire.ts';
import type { Answer, HttpConnection } from './http-connection.ts';
import { MarkCounter } from './mark-counter.ts';

export type StreamWish = {
  readonly pace: Pace;
  /** Tokens after which the engine ends the answer. */
  readonly tokens: number;
  /** Called for each read that had tokens, with the tokens so far. */
  readonly onTokens?: (soFar: number) => void;
  /** The stream is open: the head of its answer came. */
  readonly onOpen?: () => void;
};

export type TargetName = 'direct' | 'nginx' | 'bare relay' | 'controller';

export type Target = {
  readonly name: TargetName;
  readonly port: number;
  /** The relay's process; `null` for the engine itself. */
  readonly pid: number | null;
  /** Run one stream to its end. @returns the tokens that came. */
  stream(connection: HttpConnection, wish: StreamWish): Promise<number>;
};

/** A target that passes the engine's own wire on. */
export function engineTarget(name: TargetName, port: number, pid: number | null): Target {
  return {
    name,
    port,
    pid,
    async stream(connection, { pace, tokens, onTokens, onOpen }) {
      const counter = new MarkCounter(engineTokenMark);
      const answer = await connection.exchange({
        request: toPost('/completion', port, { prompt: toPrompt(pace), n_predict: tokens, stream: true }),
        onHead: onOpen,
        onBody: (piece) => {
          if (counter.push(piece) > 0) onTokens?.(counter.count);
        },
      });
      assertStatus(answer, 200, name);
      return counter.count;
    },
  };
}

/** OrchQueue v1: the task is enqueued, then its stream read on the same connection. */
export function controllerTarget(port: number, pid: number, modelRef: string): Target {
  return {
    name: 'controller',
    port,
    pid,
    async stream(connection, { pace, tokens, onTokens, onOpen }) {
      const taskId = await submitTask(connection, port, { modelRef, pace, tokens });
      const counter = new MarkCounter('event: token\n');
      const answer = await connection.exchange({
        request: `GET /v1/tasks/${taskId}/stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n\r\n`,
        onHead: onOpen,
        onBody: (piece) => {
          if (counter.push(piece) > 0) onTokens?.(counter.count);
        },
      });
      assertStatus(answer, 200, 'GET stream');
      return counter.count;
    },
  };
}

/** @returns the new task's id. */
export async function submitTask(
  connection: HttpConnection,
  port: number,
  { modelRef, pace, tokens }: { readonly modelRef: string; readonly pace: Pace; readonly tokens: number },
): Promise<string> {
  const accepted = await connection.exchange({ request: toPost('/v1/tasks', port, toTask(modelRef, pace, tokens)) });
  assertStatus(accepted, 202, 'POST /v1/tasks');
  const { task_id: taskId } = JSON.parse(accepted.body) as { task_id: string };
  return taskId;
}

export function toTask(modelRef: string, pace: Pace, tokens: number): Readonly<Record<string, unknown>> {
  return { model_ref: modelRef, prompt: toPrompt(pace), max_tokens: tokens, determinism: 'best_effort' };
}

export function toPost(path: string, port: number, body: unknown): string {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

export function assertStatus({ status, body }: Answer, expected: number, what: string): void {
  if (status !== expected) throw new Error(`${what} was answered ${status}, expected ${expected}: ${body.slice(0, 500)}`);
}
