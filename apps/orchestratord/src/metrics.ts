/**
 * The controller's metrics as one table (specs/metrics/otel-prom.md), and the registry that exports them. Counters move
 * only when the event they count happens; gauges that mirror state are read at scrape and change nothing.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Buckets of a time to first token: the SLO is 900 ms, so the edges are dense below 2 s. */
const firstTokenBucketsMs = [5, 10, 25, 50, 100, 200, 400, 600, 900, 1_300, 2_000, 5_000, 15_000, 60_000];
/** Buckets of a time to 64 tokens: the SLO is 2.5 s. */
const tokens64BucketsMs = [50, 100, 250, 500, 1_000, 1_500, 2_000, 2_500, 3_500, 5_000, 10_000, 30_000, 60_000];
/** Buckets of whole decodes and queue waits: seconds to minutes. */
const longBucketsMs = [5, 25, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 180_000, 600_000];

const versions = ['engine', 'engine_version', 'trtllm_version'] as const;

/** Name, kind, help, labels and buckets of every controller metric, in the order of the spec. */
export const controllerMetrics = {
  tasks_enqueued_total: { kind: 'counter', help: 'Tasks admitted (202).', labels: ['engine', 'priority', 'workload', 'tenant'] },
  tasks_started_total: { kind: 'counter', help: 'Tasks whose first attempt got a slot.', labels: [...versions, 'priority'] },
  tasks_ended_total: { kind: 'counter', help: 'Tasks that ended, by outcome.', labels: ['engine', 'priority', 'outcome'] },
  tasks_canceled_total: { kind: 'counter', help: 'Tasks canceled, by the state they were in.', labels: ['engine', 'priority', 'phase'] },
  tasks_rejected_total: { kind: 'counter', help: 'Tasks refused at admission, by code.', labels: ['engine', 'priority', 'code'] },
  tasks_dropped_total: { kind: 'counter', help: 'Waiting tasks dropped for a newer one.', labels: ['engine', 'priority', 'policy_label'] },
  task_failovers_total: { kind: 'counter', help: 'Attempts that failed and were queued again.', labels: [...versions] },
  admission_backpressure_events_total: {
    kind: 'counter',
    help: 'Answers 429, by the policy that gave them.',
    labels: ['engine', 'policy_label'],
  },
  determinism_violations_total: { kind: 'counter', help: 'Re-runs that gave other bytes than were already sent.', labels: [...versions] },
  trace_spans_total: { kind: 'counter', help: 'Spans exported, or dropped.', labels: ['outcome'] },
  breaker_transitions_total: {
    kind: 'counter',
    help: 'Circuit breakers that opened, half-opened or closed.',
    labels: ['engine', 'scope', 'state'],
  },
  tokens_in_total: { kind: 'counter', help: 'Prompt tokens of ended attempts, as the engine counted them.', labels: [...versions] },
  tokens_out_total: { kind: 'counter', help: 'Model tokens received from workers.', labels: [...versions] },
  latency_first_token_ms: {
    kind: 'histogram',
    help: 'Milliseconds from admission to the first token.',
    labels: [...versions, 'priority'],
    buckets: firstTokenBucketsMs,
  },
  latency_64_tokens_ms: {
    kind: 'histogram',
    help: 'Milliseconds from admission to the 64th token.',
    labels: [...versions, 'priority'],
    buckets: tokens64BucketsMs,
  },
  latency_decode_ms: {
    kind: 'histogram',
    help: 'Milliseconds from the first token to the end.',
    labels: [...versions, 'priority'],
    buckets: longBucketsMs,
  },
  decode_ms_total: {
    kind: 'counter',
    help: 'Milliseconds from first tokens to ends, of attempts whose engine told its own decode time.',
    labels: [...versions, 'priority'],
  },
  decode_engine_ms_total: {
    kind: 'counter',
    help: 'Milliseconds that engines say they decoded for, of the same attempts.',
    labels: [...versions, 'priority'],
  },
  queue_time_ms: {
    kind: 'histogram',
    help: 'Milliseconds from admission to the first dispatch.',
    labels: ['engine', 'priority'],
    buckets: longBucketsMs,
  },
  queue_depth: { kind: 'gauge', help: 'Queued tasks of a lane.', labels: ['engine', 'lane', 'priority'] },
  admission_share: {
    kind: 'gauge',
    help: 'Share of slot-milliseconds given so far, 0..1, per class or tenant.',
    labels: ['scope', 'name'],
  },
  deadlines_met_ratio: {
    kind: 'gauge',
    help: 'Ended tasks with a deadline that met it, 0..1, since start.',
    labels: ['engine', 'priority'],
  },
  slo_target: { kind: 'gauge', help: 'What the config asks of a class, in ms or as a ratio.', labels: ['priority', 'slo'] },
  stream_subscribers: { kind: 'gauge', help: 'Open task streams.', labels: ['engine'] },
  replicas: { kind: 'gauge', help: 'Replicas by state.', labels: [...versions, 'state'] },
  breakers: { kind: 'gauge', help: 'Circuit breakers that are not closed.', labels: ['engine', 'scope', 'state'] },
  agents: { kind: 'gauge', help: 'Agents by presence.', labels: ['presence'] },
  operations_total: { kind: 'counter', help: 'Operations on pools that ended, by outcome.', labels: ['kind', 'outcome'] },
  journal_pending_records: { kind: 'gauge', help: 'Records that are not on stable storage yet.', labels: [] },
  journal_writable: { kind: 'gauge', help: '0 while new tasks are refused because the journal cannot be written.', labels: [] },
} as const satisfies Record<string, MetricSpec>;

type MetricSpec = {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
};

export type MetricName = keyof typeof controllerMetrics;
type LabelsOf<Name extends MetricName> = Record<(typeof controllerMetrics)[Name]['labels'][number], string>;
type NamesOf<Kind extends MetricSpec['kind']> = {
  [Name in MetricName]: (typeof controllerMetrics)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

/** One value of a gauge at scrape. */
export type GaugeReading = {
  readonly [Name in NamesOf<'gauge'>]: { readonly name: Name; readonly labels: LabelsOf<Name>; readonly value: number };
}[NamesOf<'gauge'>];

/** A counter with its labels settled, for paths that count once for each read of a stream: adding is all that it does there. */
export class BoundCounter {
  readonly #add: (by: number) => void;
  #unread = 0;

  /** @param add - Of the counter itself. */
  constructor(add: (by: number) => void) {
    this.#add = add;
  }

  inc(by: number): void {
    this.#unread += by;
  }

  /** Before the counter is read. */
  settle(): void {
    if (this.#unread > 0) this.#add(this.#unread);
    this.#unread = 0;
  }
}

/** @req ORCH-3028 */
export class Metrics {
  readonly registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #bound = new Map<string, BoundCounter>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #gauges = new Map<string, Gauge>();
  #readGauges: () => Iterable<GaugeReading> = () => [];

  constructor() {
    for (const [name, spec] of Object.entries<MetricSpec>(controllerMetrics)) {
      const options = { name, help: spec.help, labelNames: [...spec.labels], registers: [this.registry] };
      if (spec.kind === 'counter') this.#counters.set(name, new Counter(options));
      else if (spec.kind === 'histogram') this.#histograms.set(name, new Histogram({ ...options, buckets: [...(spec.buckets ?? [])] }));
      else this.#gauges.set(name, new Gauge(options));
    }
    collectDefaultMetrics({ register: this.registry });
    dropMisnamed(this.registry);
  }

  /** Where the gauges' values come from. Asked once for each scrape. */
  readGaugesFrom(read: () => Iterable<GaugeReading>): void {
    this.#readGauges = read;
  }

  count<Name extends NamesOf<'counter'>>(name: Name, labels: LabelsOf<Name>, by = 1): void {
    this.#counters.get(name)?.inc(labels, by);
  }

  bind<Name extends NamesOf<'counter'>>(name: Name, labels: LabelsOf<Name>): BoundCounter {
    const key = JSON.stringify([name, labels]);
    const bound = this.#bound.get(key) ?? new BoundCounter((by) => this.count(name, labels, by));
    this.#bound.set(key, bound);
    return bound;
  }

  observe<Name extends NamesOf<'histogram'>>(name: Name, labels: LabelsOf<Name>, value: number): void {
    this.#histograms.get(name)?.observe(labels, value);
  }

  /** The exposition text. */
  async expose(): Promise<string> {
    for (const counter of this.#bound.values()) counter.settle();
    for (const gauge of this.#gauges.values()) gauge.reset();
    for (const { name, labels, value } of this.#readGauges()) this.#gauges.get(name)?.set(labels, value);
    return this.registry.metrics();
  }
}

/** prom-client has gauges whose names end like those of counters, which `promtool check metrics` refuses; their parts stay. */
const dropMisnamed = (registry: Registry): void => {
  for (const { name, type } of registry.getMetricsAsArray()) {
    // The declared type is an enum that the package does not have.
    if (String(type) === 'gauge' && name.endsWith('_total')) registry.removeSingleMetric(name);
  }
};
