/** Public surface of the scripted engine and of the adapter for its own wire. */
export { createMockAdapter } from './adapter.ts';
export { createControlClient } from './control.ts';
export { type MockEngine, type MockEngineOptions, mockEngineMain, startMockEngine } from './engine-process.ts';
export type { RecordedRequest } from './http-front.ts';
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
export { createMockServer, type MockControl, type MockServer, type MockServerOptions, type WireName } from './server.ts';
export { answerKey, promptTokens, tokenText } from './text.ts';
