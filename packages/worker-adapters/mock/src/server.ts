/**
 * A scripted engine as an HTTP server in this process. It owns how engine, wire, front and control fit; for an engine in a
 * process of its own see `engine-process.ts`.
 */
import type { EngineControl, EngineCounters } from '@llama-orch/adapter-api/conformance';
import { ScriptedEngine } from './engine.ts';
import { createHttpFront, type RecordedRequest } from './http-front.ts';
import { llamacppWire } from './llamacpp-wire.ts';
import { plainWire } from './plain-wire.ts';
import { type MockScript, parseScript } from './script.ts';
import type { Wire } from './wire.ts';

export type WireName = 'llamacpp' | 'plain';

export type MockServerOptions = {
  /** Changes to the default script. */
  readonly script?: Partial<MockScript>;
  /** Default `llamacpp`. */
  readonly wire?: WireName;
  /** Default 1. */
  readonly slots?: number;
  /** Context of one slot, tokens. Default 4,096. */
  readonly ctxTokens?: number;
  readonly modelName?: string;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** What the `exit` fault does. Default: close everything, as a dead process would. */
  readonly onExit?: (code: number, stderr: string) => void;
};

/** The control of a mock engine, which also shows what it was asked. */
export interface MockControl extends EngineControl {
  script(changes: Partial<MockScript>): Promise<void>;
  requests(): Promise<readonly RecordedRequest[]>;
}

export type MockServer = {
  readonly url: string;
  readonly control: MockControl;
  /** What llama-server does on SIGTERM: silence on open streams, no new ones. Resolves when the last client is gone. */
  readonly goSilent: () => Promise<void>;
  /** End everything at once. */
  readonly stop: () => Promise<void>;
};

export const isWireName = (name: string): name is WireName => Object.hasOwn(wires, name);

const wires: Readonly<Record<WireName, Wire>> = { llamacpp: llamacppWire, plain: plainWire };

export const createMockServer = async (options: MockServerOptions = {}): Promise<MockServer> => {
  let script = parseScript(options.script ?? {});
  let tasksSeen = 0;
  const startedMs = performance.now();
  const current = (): MockScript => (performance.now() - startedMs < script.loadingMs ? { ...script, health: 'loading' } : script);
  const engine = new ScriptedEngine(options.slots ?? 1, current);
  const stop = async (): Promise<void> => {
    engine.close();
    await front.close();
  };
  const handle = wires[options.wire ?? 'llamacpp']({
    engine,
    limits: { ctxTokens: options.ctxTokens ?? 4_096, modelName: options.modelName ?? 'mock' },
    countTask: () => {
      tasksSeen += 1;
    },
    exit: options.onExit ?? (() => void stop()),
  });
  const front = await createHttpFront({ host: options.host ?? '127.0.0.1', port: options.port ?? 0, script: current, handle });
  const counters = (): EngineCounters => ({
    slotsTotal: engine.slots.length,
    slotsBusy: engine.busy,
    queued: engine.queued,
    held: engine.held,
    openSockets: front.openSockets(),
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
    requests: async () => front.requests(),
    closeIdleConnections: async () => front.closeIdleConnections(),
  };
  const goSilent = (): Promise<void> => {
    engine.silence();
    return front.drain();
  };
  return { url: front.url, control, goSilent, stop };
};
