/**
 * One task through OrchQueue v1, as its client saw it: every token in order, and how it ended. It compares nothing.
 */
import type { FinishReason, TaskRequest } from '@llama-orch/api-types';
import type { OrchClient } from '@llama-orch/openapi-client';

export type RecordedStream = {
  /** Text of each token event, in order. */
  readonly tokens: readonly string[];
  readonly finishReason: FinishReason;
  /** Model tokens as the engine counted them; `null` = it did not say. */
  readonly tokensOut: number | null;
  readonly poolId: string;
  readonly engineVersion: string;
  /** The replica reused KV of an earlier task. */
  readonly warm: boolean;
};

/**
 * Submit once admitted, read to the end.
 *
 * @throws Error where the task fails; the stream's order and digest are checked by the client.
 */
export async function recordStream(client: OrchClient, request: TaskRequest, signal: AbortSignal): Promise<RecordedStream> {
  const { task_id: taskId } = await client.submitWhenAdmitted(request, { signal });
  const tokens: string[] = [];
  let begin: Pick<RecordedStream, 'poolId' | 'engineVersion' | 'warm'> | undefined;
  for await (const event of client.streamTask(taskId, { signal })) {
    switch (event.event) {
      case 'started':
        begin = { poolId: event.data.pool_id, engineVersion: event.data.engine_version, warm: event.data.kv_warmth };
        break;
      case 'token':
        tokens.push(event.data.t);
        break;
      case 'end':
        if (begin === undefined) throw new Error(`expected \`started\` before \`end\` in the stream of task ${taskId}`);
        return { ...begin, tokens, finishReason: event.data.finish_reason, tokensOut: event.data.tokens_out };
      case 'error':
        throw new Error(`expected task ${taskId} to succeed, got ${event.data.code}: ${event.data.message}`);
      case 'metrics':
        break;
    }
  }
  throw new Error(`expected \`end\` in the stream of task ${taskId}`);
}
