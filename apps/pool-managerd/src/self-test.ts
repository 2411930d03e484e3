/**
 * What a worker must show before it counts as Ready: it is what was asked for, it generates, it lets go of a canceled
 * request, it counts. It speaks through the adapter alone and knows no engine.
 */
import { randomUUID } from 'node:crypto';
import {
  type WorkerAdapter,
  WorkerError,
  type WorkerEvent,
  type WorkerMetrics,
  type WorkerProps,
  type WorkerTask,
} from '@llama-orch/adapter-api';
import { PoolFailure } from './failure.ts';
import type { PoolSpec, Workload } from './pool-spec.ts';

/** What the worker said of itself. */
export type Tested = {
  readonly engineVersion: string;
  /** Absent where the engine says none. */
  readonly trtllmVersion?: string;
  readonly slotsTotal: number;
  readonly ctxTokens: number;
};

const prompt = 'Self-test of a worker: write a few words.';

/**
 * Run the self-test.
 *
 * 1. Properties: the context of a slot holds what the pool promises, slots are as many (where the engine says how many), the
 *    version is the expected one.
 * 2. A minimal task of the pool's workload: a few tokens, a vector, or scores.
 * 3. The same again, aborted after its first sign of life: the engine must show its slot free.
 * 4. Telemetry: the engine's figures can be read; its token counters, where it has some, rose by what was done.
 *
 * @param signal - Aborts the test; the rejection is then the signal's reason.
 * @throws PoolFailure `self-test-failed` that names the step, or `engine-version-mismatch`.
 * @req ORCH-3049, ORCH-3017, ORCH-3032, ORCH-3002
 */
export const runSelfTest = async (adapter: WorkerAdapter, spec: PoolSpec, signal: AbortSignal): Promise<Tested> => {
  // 1
  const props = await step('properties', signal, () => adapter.props(signal));
  checkProps(props, spec);
  const before = await step('telemetry', signal, () => adapter.metrics(signal));

  // 2
  const workload = spec.workloads[0] ?? 'completion';
  const tokensOut = await step(`minimal ${workload}`, signal, () => runWhole(adapter, createTask(workload, spec, 4), signal));

  // 3
  await step('cancel', signal, () => runCanceled(adapter, createTask(workload, spec, Math.max(1, Math.floor(spec.ctx / 2))), signal));

  // 4
  const after = await step('telemetry', signal, () => adapter.metrics(signal));
  if (adapter.capabilities.tokenCounters) checkTelemetry(before, after, workload, tokensOut);
  const { engineVersion, trtllmVersion, ctxTokens } = props;
  return {
    engineVersion,
    ...(trtllmVersion === undefined ? {} : { trtllmVersion }),
    slotsTotal: props.slotsTotal ?? spec.slots,
    ctxTokens,
  };
};

const step = async <Value>(name: string, signal: AbortSignal, run: () => Promise<Value>): Promise<Value> => {
  try {
    return await run();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PoolFailure) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new PoolFailure(
      'self-test-failed',
      `Self-test, step "${name}": ${message}`,
      error instanceof WorkerError ? `error kind ${error.kind}` : null,
    );
  }
};

const fail = (name: string, message: string): never => {
  throw new PoolFailure('self-test-failed', `Self-test, step "${name}": ${message}`);
};

const checkProps = (props: WorkerProps, spec: PoolSpec): void => {
  // Engines round a context up to their block size, never down.
  if (props.ctxTokens < spec.ctx)
    fail('properties', `expected a context of ${spec.ctx} tokens per slot, the worker has ${props.ctxTokens}`);
  if (props.slotsTotal !== null && props.slotsTotal !== spec.slots)
    fail('properties', `expected ${spec.slots} slots, the worker has ${props.slotsTotal}`);
  if (props.requestsMax !== undefined && props.requestsMax < spec.slots) {
    fail('properties', `expected room for ${spec.slots} requests at a time, the worker takes ${props.requestsMax}`);
  }
  if (spec.runtime.kind === 'embedded' && !props.engineVersion.startsWith('embedded-')) {
    fail('properties', `expected an engine version that starts with "embedded-", got "${props.engineVersion}"`);
  }
  if (spec.requireSameEngineVersion && spec.expectedEngineVersion !== null && props.engineVersion !== spec.expectedEngineVersion) {
    throw new PoolFailure(
      'engine-version-mismatch',
      `The worker is engine version ${props.engineVersion}, its lane runs ${spec.expectedEngineVersion}; install that version, or set \`require_same_engine_version: false\`.`,
    );
  }
};

const createTask = (workload: Workload, spec: PoolSpec, maxTokens: number): WorkerTask => {
  const taskId = randomUUID();
  switch (workload) {
    case 'completion':
      return {
        taskId,
        workload,
        prompt,
        maxTokens,
        seed: 1,
        stop: [],
        samplerProfileVersion: spec.samplerProfileVersion,
        kvReuse: false,
      };
    case 'embedding':
      return { taskId, workload, inputs: [prompt] };
    case 'rerank':
      return { taskId, workload, query: prompt, documents: ['A few words.', 'Something else.'] };
  }
};

/** Tokens generated; 0 for the workloads that generate none. */
const runWhole = async (adapter: WorkerAdapter, task: WorkerTask, signal: AbortSignal): Promise<number> => {
  let end: Extract<WorkerEvent, { kind: 'end' }> | undefined;
  for await (const batch of adapter.submit(task, { signal })) end = batch.find((event) => event.kind === 'end') ?? end;
  if (end === undefined) throw new Error('the answer has no end');
  const isFinite = (numbers: readonly number[] | undefined): boolean =>
    numbers !== undefined && numbers.length > 0 && numbers.every(Number.isFinite);
  switch (task.workload) {
    case 'completion':
      if (end.tokensOut < 1) throw new Error('expected at least one token, got none');
      return end.tokensOut;
    case 'embedding':
      if (end.embeddings?.length !== 1 || !isFinite(end.embeddings[0])) throw new Error('expected one vector of finite numbers');
      if (end.embeddings[0]?.every((value) => value === 0) === true) throw new Error('the vector is all zero');
      return 0;
    case 'rerank':
      if (end.scores?.length !== task.documents.length || !isFinite(end.scores))
        throw new Error('expected one finite score for each document');
      return 0;
  }
};

/** Abort a request at its first sign of life, then wait until the engine shows the slot free. */
const runCanceled = async (adapter: WorkerAdapter, task: WorkerTask, signal: AbortSignal): Promise<void> => {
  const cancel = new AbortController();
  const either = AbortSignal.any([cancel.signal, signal]);
  try {
    for await (const batch of adapter.submit(task, { signal: either })) if (batch.length > 0) cancel.abort();
  } catch (error) {
    if (!(cancel.signal.aborted && error instanceof WorkerError && error.kind === 'aborted')) throw error;
  }
  // A slow host gets twice what the engine was measured at, and never less than ten seconds.
  const limitMs = Math.max(10_000, 2 * adapter.capabilities.cancelBoundMs);
  const limit = AbortSignal.timeout(limitMs);
  try {
    await adapter.confirmReleased({ signal: AbortSignal.any([signal, limit]), expectedBusy: () => 0, expectedInFlight: () => 0 });
  } catch (error) {
    if (limit.aborted) throw new Error(`the slot of a canceled request was not free after ${limitMs} ms`, { cause: error });
    throw error;
  }
};

/** llama.cpp does not count the prompts of embeddings and rerank, so for these the counters must only be there. */
const checkTelemetry = (before: WorkerMetrics, after: WorkerMetrics, workload: Workload, tokensOut: number): void => {
  const rise = (name: 'promptTokensTotal' | 'generatedTokensTotal', least: number): void => {
    const [old, now] = [before[name], after[name]];
    if (old === null || now === null) return fail('telemetry', `the engine does not export ${name}; start it with its metrics on`);
    if (now - old < least) fail('telemetry', `expected ${name} to rise by at least ${least}, it went from ${old} to ${now}`);
  };
  rise('promptTokensTotal', workload === 'completion' ? 1 : 0);
  rise('generatedTokensTotal', tokensOut);
};
