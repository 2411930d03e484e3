/** Stacks of real processes for other harnesses: start one, disturb it, read its streams, stop it without a trace. */
export { eventually, type WaitOptions } from './eventually.ts';
export { createChallenge, type HaikuChallenge } from './haiku-challenge.ts';
export { faultsOfAnswer, runHaiku } from './haiku-protocol.ts';
export { endlessPrompt, longPrompt, longTask, shortTask } from './long-answers.ts';
export { readMetric } from './metric.ts';
export { createRandom, type SeededRandom } from './seeded-random.ts';
export type { ServiceProcess } from './service-process.ts';
export { type Stack, startStack } from './stack.ts';
export type { PoolSpec, StackOptions } from './stack-config.ts';
export { readStream, type StreamReader } from './stream-reader.ts';
export type { WorkerHandle } from './worker-record.ts';
export { modelDigest, modelPath, workspaceRoot } from './workspace.ts';
