/** The suite for other harnesses: which live engines there are, and whether one of them is equal to itself. */
export { describeFinding } from './diff-file.ts';
export { describeLiveEngine, findLiveEngines, type LiveEngine } from './live-engines.ts';
export { suitePrompts } from './prompts.ts';
export { runSuite } from './run-suite.ts';
export { llamaServerProgram, startEngine } from './slots/engine-program.ts';
export type { Target } from './target.ts';
export { liveTarget } from './targets/live.ts';
