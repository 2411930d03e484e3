/**
 * A scripted engine as a server in this process. It owns how engine, wire, ports and control fit; for an engine in a process
 * of its own see `engine-process.ts`.
 */
import type { EngineControl, EngineCounters } from '@llama-orch/adapter-api/conformance';
import { Batch, type CostModel } from './batch.ts';
import { type KvCache, ScriptedEngine } from './engine.ts';
import { createHttpFront } from './http-front.ts';
import { type MockScript, parseScript } from './script.ts';
import type { OpenPort, RecordedRequest, WireContext } from './wire.ts';
import { checkWireNames, type WireName, wires } from './wires.ts';

export type MockServerOptions = {
  /** Changes to the default script. */
  readonly script?: Partial<MockScript>;
  /** Default `llamacpp`. */
  readonly wire?: WireName;
  /** What the wire alone understands. */
  readonly wireOptions?: Readonly<Record<string, string>>;
  /** Default 1. */
  readonly slots?: number;
  /** Context of one slot, tokens. Default 4,096. */
  readonly ctxTokens?: number;
  readonly modelName?: string;
  /** Asked for where the engine asks for one. Default: none. */
  readonly apiKey?: string;
  /** Default: room for the whole context of every slot. */
  readonly kv?: KvCache;
  /** Requests that may wait for a slot. Default: any number. */
  readonly maxWaiting?: number;
  /** Default: the script's pace, each request for itself. */
  readonly cost?: CostModel;
  /** Stands for the model's weights: another number, another text. Default 0. */
  readonly weights?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** The wire's other ports, by name; default 0. */
  readonly ports?: Readonly<Record<string, number>>;
  /** What the `exit` fault does. Default: close everything, as a dead process would. */
  readonly onExit?: (code: number, stderr: string) => void;
};

/** The control of a mock engine, which also shows what it was asked. */
export interface MockControl extends EngineControl {
  script(changes: Partial<MockScript>): Promise<void>;
  /** The latest 1,000 over all ports, oldest first. */
  requests(): Promise<readonly RecordedRequest[]>;
}

export type MockServer = {
  readonly url: string;
  /** The wire's other ports, by name. */
  readonly ports: Readonly<Record<string, number>>;
  readonly control: MockControl;
  /** What llama-server does on SIGTERM: silence on open streams, no new ones. Resolves when the last client is gone. */
  readonly goSilent: () => Promise<void>;
  /** End everything at once. */
  readonly stop: () => Promise<void>;
};

const keptRequests = 1_000;

export const createMockServer = async (options: MockServerOptions = {}): Promise<MockServer> => {
  const { slots = 1, ctxTokens = 4_096, modelName = 'mock', apiKey = null, host = '127.0.0.1', port = 0, cost } = options;
  const wire = wires[options.wire ?? 'llamacpp'];
  checkWireNames(options);
  let script = parseScript(options.script ?? {});
  let tasksSeen = 0;
  const requests: RecordedRequest[] = [];
  const startedMs = performance.now();
  const current = (): MockScript => (performance.now() - startedMs < script.loadingMs ? { ...script, health: 'loading' } : script);
  const engine = new ScriptedEngine({
    slots,
    script: current,
    kv: options.kv ?? { tokens: slots * ctxTokens, policy: 'preempt' },
    maxWaiting: options.maxWaiting ?? null,
    batch: cost === undefined ? null : new Batch(cost),
    weights: options.weights ?? 0,
  });
  const opened: OpenPort[] = [];
  const stop = async (): Promise<void> => {
    engine.close();
    await Promise.all(opened.map((each) => each.close()));
  };
  const context: WireContext = {
    engine,
    limits: { ctxTokens, modelName, apiKey, options: options.wireOptions ?? {} },
    script: current,
    countTask: () => {
      tasksSeen += 1;
    },
    exit: options.onExit ?? (() => void stop()),
    record: (request) => {
      requests.push(request);
      if (requests.length > keptRequests) requests.shift();
    },
  };
  if (wire.whileLoading === 'refuses') await new Promise((resolve) => setTimeout(resolve, script.loadingMs));
  const { whileLoading } = wire;
  const front = await createHttpFront({ host, port, script: current, whileLoading, handle: wire.serve(context), record: context.record });
  opened.push(front);
  const ports: Record<string, number> = {};
  for (const [name, open] of Object.entries(wire.ports ?? {})) {
    const other = await open(context, { host, port: options.ports?.[name] ?? 0 });
    opened.push(other);
    ports[name] = other.port;
  }
  const counters = (): EngineCounters => ({
    slotsTotal: engine.slots.length,
    slotsBusy: engine.busy,
    queued: engine.queued,
    held: engine.held,
    kvTokensUsed: engine.kvTokensUsed,
    kvTokensTotal: engine.kv.tokens,
    openSockets: opened.reduce((sum, each) => sum + each.openSockets(), 0),
    tasksSeen,
    stepsSent: engine.stepsSent,
  });
  const control: MockControl = {
    script: async (changes) => {
      script = parseScript(changes);
      engine.lift();
    },
    release: async (steps) => engine.release(steps),
    counters: async () => counters(),
    requests: async () => [...requests],
    closeIdleConnections: async () => {
      for (const each of opened) each.closeIdleConnections();
    },
  };
  const goSilent = async (): Promise<void> => {
    engine.silence();
    await Promise.all(opened.map((each) => each.drain()));
  };
  return { url: front.url, ports, control, goSilent, stop };
};
