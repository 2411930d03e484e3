/** A live engine with an adapter for it: started here where it is a program, or as somebody runs it. It owns what it starts. */
import { readFileSync } from 'node:fs';
import { type LiveEngine, llamaServerProgram, startEngine } from '@llama-orch/determinism-suite';
import { adapters } from './adapters.ts';
import type { LiveEngineUnderTest } from './live-cases.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export type OpenEngine = LiveEngineUnderTest & { close(): Promise<void> };

/** Of a `llama-server` that is started here. */
const slots = 2;

export async function openEngine(engine: Exclude<LiveEngine, { readonly kind: 'missing' }>, env: Environment): Promise<OpenEngine> {
  if (engine.kind === 'program') {
    const { adapter, ctxTokens, stop } = await startEngine(llamaServerProgram(engine.path), slots);
    return { adapter, slots, ctxTokens, close: stop };
  }
  const prefix = engine.how.replace(/_URL$/, '');
  const ctxTokens = Number(env[`${prefix}_CTX`] ?? 1_024);
  const keyFile = env[`${prefix}_KEY_FILE`];
  const adapter = adapters[engine.name]({
    baseUrl: engine.urls[0] ?? '',
    ...(keyFile !== undefined && { apiKey: readFileSync(keyFile, 'utf8').trim() }),
    declared: { modelName: env[`${prefix}_MODEL`] ?? 'haiku-tiny', ctxTokens },
    maxConnections: 8,
    callTimeoutMs: 30_000,
    nowMs: () => performance.now(),
  });
  return { adapter, slots: 1, ctxTokens, close: () => adapter.close() };
}
