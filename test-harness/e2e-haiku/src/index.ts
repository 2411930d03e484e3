/** Stacks of real processes for other harnesses: start one, disturb it, read its streams, stop it without a trace. */
export { createKey, keySecret, type TestKey } from './api-keys.ts';
export { eventually, type WaitOptions } from './eventually.ts';
export { createChallenge, type HaikuChallenge } from './haiku-challenge.ts';
export { faultsOfAnswer, runHaiku } from './haiku-protocol.ts';
export { endlessPrompt, longPrompt, longTask, shortTask } from './long-answers.ts';
export { findMarked, killMarked, type MarkedProcess, markVariable, signalIfAlive } from './marked-processes.ts';
export { readMetric } from './metric.ts';
export { drainArrived } from './raw-http.ts';
export { createRandom, type SeededRandom } from './seeded-random.ts';
export { type ServiceProcess, startService } from './service-process.ts';
export { type Stack, startStack } from './stack.ts';
export type { PoolSpec, StackOptions } from './stack-config.ts';
export { readStream, type StreamReader } from './stream-reader.ts';
export { readWorker, type WorkerHandle } from './worker-record.ts';
export { modelDigest, modelPath, programs, workspaceRoot } from './workspace.ts';
