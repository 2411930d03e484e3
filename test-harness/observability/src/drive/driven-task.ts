/**
 * One task of a drive: it is submitted and read like any client's, and each event of it that a client sees is entered in the
 * ledger. It knows the metrics' names and labels, and no service's inside.
 */
import type { Engine, Priority, StreamEnd, TaskAccepted, TaskRequest } from '@llama-orch/api-types';
import { readStream, type StreamReader } from '@llama-orch/e2e-haiku';
import { OrchApiError, type OrchClient } from '@llama-orch/openapi-client';
import type { Labels, Ledger } from './ledger.ts';

/** Of the engines of `driven-stack.ts`: only Triton has a version of TensorRT-LLM. */
export const versions = {
  llamacpp: { engine: 'llamacpp', engine_version: 'b1', trtllm_version: '' },
  vllm: { engine: 'vllm', engine_version: '0.9', trtllm_version: '' },
  tgi: { engine: 'tgi', engine_version: 'mock-1', trtllm_version: '' },
  triton: { engine: 'triton', engine_version: '1.2', trtllm_version: '1.2' },
} as const satisfies Record<Engine, Labels>;

/** The SLO that is measured at a token: the histogram of the 64th. */
const sixtyFour = 64;

/** Between two readings of the controller's clock at the end of a task. */
const clockSlackMs = 50;
/** The scripted llama.cpp says 0.02 ms for each token after the first; the rest is for the last digit of a sum. */
const engineMsOf = (tokens: number): number => (tokens - 1) * 0.02 + 1e-9;

export type TaskWish = Partial<TaskRequest> & { readonly engine: Engine };

export type DrivenTask = {
  readonly id: string;
  readonly engine: Engine;
  readonly priority: Priority;
  readonly accepted: TaskAccepted;
  readonly stream: StreamReader;
};

export class TaskDriver {
  readonly #client: OrchClient;
  readonly #ledger: Ledger;
  readonly #deadlines = new Map<string, { readonly labels: Labels; met: number; total: number }>();

  constructor(client: OrchClient, ledger: Ledger) {
    this.#client = client;
    this.#ledger = ledger;
  }

  /** Admitted, and its stream open. */
  async submit(wish: TaskWish): Promise<DrivenTask> {
    const { engine, priority = 'interactive' } = wish;
    const accepted = await this.#client.submit(requestOf(wish));
    this.#ledger.count('tasks_enqueued_total', { engine, priority, workload: 'completion', tenant: 'default' });
    return { id: accepted.task_id, engine, priority, accepted, stream: readStream(this.#client, accepted.task_id) };
  }

  /** Refused: expects the refusal and gives its code. */
  async refuse(request: TaskRequest): Promise<string> {
    const { engine = 'any', priority = 'interactive' } = request;
    const error = await this.#client.submit(request).then(
      () => new Error('expected a refusal, got an admission'),
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof OrchApiError) || error.envelope === null) throw error;
    const { code, policy_label = 'none' } = error.envelope;
    this.#ledger.count('tasks_rejected_total', { engine, priority, code });
    if (error.status === 429) this.#ledger.count('admission_backpressure_events_total', { engine, policy_label });
    return code;
  }

  /** It got a slot, and so many tokens came of it. */
  onRunning({ engine, priority }: DrivenTask, tokens: number): void {
    this.#ledger.count('tasks_started_total', { ...versions[engine], priority });
    this.#ledger.count('queue_time_ms', { engine, priority });
    this.onTokens(engine, tokens);
    if (tokens > 0) this.#ledger.count('latency_first_token_ms', { ...versions[engine], priority });
    if (tokens >= sixtyFour) this.#ledger.count('latency_64_tokens_ms', { ...versions[engine], priority });
  }

  onTokens(engine: Engine, tokens: number): void {
    this.#ledger.count('tokens_out_total', versions[engine], tokens);
  }

  /** A task that ran to its end: what its stream says of it. */
  async finish(task: DrivenTask): Promise<StreamEnd> {
    const end = await task.stream.untilEnd();
    this.onRunning(task, end.tokens_out ?? 0);
    this.#ledger.count('tokens_in_total', versions[task.engine], end.tokens_in ?? 0);
    this.#ledger.count('latency_decode_ms', { ...versions[task.engine], priority: task.priority });
    // Only llama.cpp tells how long it decoded.
    if (task.engine === 'llamacpp') {
      const labels = { ...versions.llamacpp, priority: task.priority };
      this.#ledger.pass('decode_ms_total', labels, (end.decode_ms ?? 0) + clockSlackMs);
      this.#ledger.pass('decode_engine_ms_total', labels, engineMsOf(end.tokens_out ?? 0));
    }
    this.onEnded(task, 'succeeded');
    return end;
  }

  async cancel(task: DrivenTask, phase: 'queued' | 'running'): Promise<void> {
    await this.#client.cancel(task.id);
    await task.stream.untilOver();
    this.#ledger.count('tasks_canceled_total', { engine: task.engine, priority: task.priority, phase });
    this.onEnded(task, 'canceled');
  }

  onEnded({ engine, priority, accepted }: DrivenTask, outcome: 'succeeded' | 'canceled' | 'failed'): void {
    this.#ledger.count('tasks_ended_total', { engine, priority, outcome });
    if (accepted.effective.deadline_ms === null || outcome === 'canceled') return;
    const score = this.#deadlines.get(`${engine}/${priority}`) ?? { labels: { engine, priority }, met: 0, total: 0 };
    score.total += 1;
    if (outcome === 'succeeded') score.met += 1;
    this.#deadlines.set(`${engine}/${priority}`, score);
  }

  /** Ended tasks with a deadline that met it, as a share. */
  deadlinesMet(): readonly (readonly [Labels, number])[] {
    return Array.from(this.#deadlines.values(), ({ labels, met, total }) => [labels, met / total] as const);
  }
}

const requestOf = (wish: TaskWish): TaskRequest => ({
  model_ref: 'haiku-tiny',
  prompt: 'Write a haiku.',
  max_tokens: 200,
  // What an engine of several slots or of another maker promises is less than equal bytes.
  determinism: wish.engine === 'llamacpp' ? 'strict' : 'best_effort',
  ...wish,
});
