/** Public surface of the simulator. */
export { defaultOptions, type Options, parseOptions, toCommand } from './options.ts';
export { Violation } from './referee.ts';
export { render, type Report } from './report.ts';
export { simulate } from './simulate.ts';
