/** Public surface of the scripted engine and of the adapter for its own wire. */
export { createMockAdapter } from './adapter.ts';
export { type CostModel, defaultCost } from './batch.ts';
export { createControlClient } from './control.ts';
export type { KvCache } from './engine.ts';
export { type MockEngine, type MockEngineOptions, mockEngineMain, startMockEngine } from './engine-process.ts';
export {
  cudaOutOfMemoryText,
  defaultScript,
  driverErrorText,
  type EngineScript,
  type MockScript,
  parseScript,
  type ScriptedFault,
  type ScriptedRefusal,
  type ScriptedStep,
} from './script.ts';
export { createMockServer, type MockControl, type MockServer, type MockServerOptions } from './server.ts';
export { answerKey, promptTokens, tokenText } from './text.ts';
export type { RecordedRequest } from './wire.ts';
export type { WireName } from './wires.ts';
