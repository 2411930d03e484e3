/**
 * The scheduler core alone, in a process of its own with `--expose-gc`: a queue filled to a depth, then tasks put in and
 * taken out at that depth. Prints one line of JSON. It has no network and no clock but the one it measures with.
 */
import { type CoreConfig, type CoreEffect, createScheduler, type Scheduler, type TaskSpec } from '@llama-orch/orchestrator-core';
import { percentile } from '../statistics.ts';

const depth = Number(process.argv[2]);
const cycles = Number(process.argv[3]);
const tenants = 100;
const slots = 64;
const modelDigest = `sha256:${'b'.repeat(64)}`;

const config: CoreConfig = {
  pools: [
    {
      poolId: 'pool',
      host: 'host',
      engine: 'llamacpp',
      modelDigest,
      quant: 'Q8_0',
      ctxTokens: 8_192,
      samplerProfileVersion: 'v1',
      workloads: ['completion'],
      determinism: 'none',
      kvReuseVerified: false,
      canary: null,
      slots,
      kvBytesPerToken: null,
      price: { perInputToken: 0, perOutputToken: 0, perSlotMs: 0 },
      queueCapacity: depth * 2,
      fullPolicy: 'reject',
      classCaps: {},
      defaultDeadlineMs: null,
      wallTimeoutMs: 1e9,
      idleTimeoutMs: 1e9,
      cancelGraceMs: 1e9,
    },
  ],
  canaries: [],
  tenants: [],
  defaultTenant: {
    weight: 1,
    rate: null,
    tokensPerMinute: null,
    maxConcurrentTasks: null,
    maxQueuedTasks: null,
    maxKvBytes: null,
    sessionBudgets: { tokens: null, slotMs: null, cost: null },
  },
  classes: { interactive: { weight: 8, rate: null }, batch: { weight: 1, rate: null } },
  sessions: { ttlMs: 600_000, maxTurns: 8, maxSessions: 100_000 },
  maxAttempts: 3,
  breaker: null,
  unavailableGraceMs: 1e9,
};

const scheduler = createScheduler();
/** Dispatched and not ended, oldest first. */
const running: { readonly taskKey: string; readonly attempt: number }[] = [];
let nowMs = 0;
let made = 0;

handle(scheduler, { kind: 'configured', nowMs, config });
handle(scheduler, { kind: 'replicaUp', nowMs, replica: { replicaId: 'pool/1', poolId: 'pool', engineVersion: '1', numerics: 'n', slots } });
for (let index = 0; index < slots; index += 1) enqueue();
for (let index = 0; index < 2_000; index += 1) {
  enqueue();
  endOldest();
}

const before = heapBytes();
const fillStartedNs = process.hrtime.bigint();
for (let index = 0; index < depth; index += 1) enqueue();
const fillUs = Number(process.hrtime.bigint() - fillStartedNs) / 1_000 / depth;
const bytesPerTask = (heapBytes() - before) / depth;

const us: number[] = [];
for (let index = 0; index < cycles; index += 1) {
  const spec = nextSpec();
  const startedNs = process.hrtime.bigint();
  handle(scheduler, { kind: 'enqueue', nowMs, task: spec });
  endOldest();
  us.push(Number(process.hrtime.bigint() - startedNs) / 1_000);
}
const queued = scheduler.lanes().reduce((sum, lane) => sum + lane.queued.interactive + lane.queued.batch, 0);
if (queued !== depth) throw new Error(`${queued} tasks are queued, ${depth} were to be.`);

process.stdout.write(
  `${JSON.stringify({ medianUs: percentile(us, 0.5), p99Us: percentile(us, 0.99), fillUs, bytesPerTask, heapMedianUs: percentile(heapTimes(), 0.5) })}\n`,
);

function enqueue(): void {
  handle(scheduler, { kind: 'enqueue', nowMs, task: nextSpec() });
}

/** One slot gets free, and the next task gets it. */
function endOldest(): void {
  const oldest = running.shift();
  if (oldest === undefined) throw new Error('Nothing runs.');
  nowMs += 1;
  const outcome = { kind: 'succeeded', finishReason: 'length', tokensIn: 40, tokensOut: 64, cachedTokens: 0 } as const;
  handle(scheduler, { kind: 'ended', nowMs, ...oldest, outcome, slotFree: true });
}

function handle(target: Scheduler, event: Parameters<Scheduler['handle']>[0]): void {
  for (const effect of target.handle(event)) note(effect);
}

function note(effect: CoreEffect): void {
  if (effect.kind === 'dispatch') running.push({ taskKey: effect.taskKey, attempt: effect.attempt });
  else if (effect.kind === 'refuse') throw new Error(`${effect.error}: ${effect.message}`);
}

/** As the controller makes one: ids of 36 characters behind the tenant's, a fifth of them batch. */
function nextSpec(): TaskSpec {
  made += 1;
  const tenantId = `tenant-${made % tenants}`;
  const id = made.toString(16).padStart(12, '0');
  return {
    taskKey: flat(`${tenantId}/00000000-0000-4000-8000-${id}`),
    tenantId,
    sessionKey: flat(`${tenantId}/00000000-0000-4000-9000-${id}`),
    priority: made % 5 === 0 ? 'batch' : 'interactive',
    workload: 'completion',
    modelDigest,
    engine: null,
    ctxTokens: null,
    promptTokens: 40,
    maxTokens: 64,
    deadlineMs: null,
    determinism: 'best_effort',
    samplerProfileVersion: null,
    pinPoolId: null,
    expectedTokens: null,
    kvHint: 'reuse',
    label: null,
  };
}

/** One string in memory, not a tree of its parts: so it comes from a request's JSON. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('Start with --expose-gc.');
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** The baseline: push and pop on a plain binary heap of as many records, in the same process. */
function heapTimes(): readonly number[] {
  const heap: { readonly order: number }[] = [];
  for (let order = 0; order < depth; order += 1) push(heap, { order });
  const times: number[] = [];
  for (let index = 0; index < cycles; index += 1) {
    const startedNs = process.hrtime.bigint();
    push(heap, { order: depth + index });
    pop(heap);
    times.push(Number(process.hrtime.bigint() - startedNs) / 1_000);
  }
  return times;
}

function push(heap: { readonly order: number }[], item: { readonly order: number }): void {
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above] as { readonly order: number };
    if (parent.order <= item.order) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = item;
}

function pop(heap: { readonly order: number }[]): void {
  const item = heap.pop();
  if (item === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && (heap[below + 1] as typeof item).order < (heap[below] as typeof item).order) below += 1;
    const child = heap[below] as typeof item;
    if (child.order >= item.order) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = item;
}
