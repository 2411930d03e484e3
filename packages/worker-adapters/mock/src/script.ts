/**
 * What a scripted engine does, as data: the default and the check of a script that comes from a file or over the control
 * port. It owns no behaviour.
 */
import type { EngineScript, ScriptedFault, ScriptedStep } from '@llama-orch/adapter-api/conformance';

export type { EngineScript, ScriptedFault, ScriptedRefusal, ScriptedStep } from '@llama-orch/adapter-api/conformance';

/** A script with what concerns the process rather than its answers. */
export type MockScript = EngineScript & {
  /** Everything is refused as loading for so long after the start, ms. */
  readonly loadingMs: number;
  /** The process prints `stderr` and ends by itself after so long; `null` = it does not. */
  readonly exitAfter: { readonly ms: number; readonly code: number; readonly stderr: string } | null;
  /**
   * What SIGTERM does: `exit` with 0, `ignore` it, or go `silent` as llama-server does: no new connections, not a byte to
   * the open ones, exit once they are gone.
   */
  readonly onSigterm: 'exit' | 'ignore' | 'silent';
  /** Each token of made text whose number in this process is a multiple of it is another one than it should be; `null` = none. */
  readonly flipOneIn: number | null;
};

export const defaultScript: MockScript = {
  health: 'ready',
  engineVersion: 'mock-1',
  steps: null,
  answerTokens: null,
  prefillMs: 0,
  tokensPerSecond: null,
  stepsPerWrite: 1,
  holdAfterSteps: null,
  sliceBytes: null,
  pings: false,
  comments: false,
  lineEnds: 'lf',
  escapeText: false,
  cancelNoticeMs: 0,
  slotsLie: null,
  closeAfterAnswer: false,
  fault: null,
  loadingMs: 0,
  exitAfter: null,
  onSigterm: 'exit',
  flipOneIn: null,
};

/** Text that a CUDA build prints before it dies of device memory. */
export const cudaOutOfMemoryText = 'CUDA error: out of memory\n  current device: 0, in function alloc at ggml-cuda.cu:557\n';
/** Text of a GPU that fell off its bus, as the driver reports it through CUDA. */
export const driverErrorText = 'CUDA error: unspecified launch failure\nNVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus.\n';

/**
 * The default with the changes in `value`.
 *
 * @param value - Any JSON.
 * @throws Error that names every unknown field and every value of a wrong type, with its path.
 */
export const parseScript = (value: unknown): MockScript => {
  const faults: string[] = [];
  if (!isObject(value)) throw new Error('A script is a JSON object.');
  for (const [name, given] of Object.entries(value)) {
    const check = checks[name];
    if (check === undefined) faults.push(`${name}: unknown field`);
    else if (!check(given)) faults.push(`${name}: ${JSON.stringify(given)} does not fit`);
  }
  if (faults.length > 0) throw new Error(`Bad script: ${faults.join('; ')}.`);
  return { ...defaultScript, ...value };
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0 && Number.isFinite(value);
const isString = (value: unknown): value is string => typeof value === 'string';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isOneOf =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);
const orNull =
  (check: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || check(value);

const isStep = (value: unknown): value is ScriptedStep =>
  isObject(value) && isString(value['text']) && isCount(value['tokens']) && value['tokens'] > 0;

const isFault = (value: unknown): value is ScriptedFault => {
  if (!isObject(value)) return false;
  const { kind, afterSteps, afterBytes, bytes, message, code, stderr, refusal, framing } = value;
  switch (kind) {
    case 'refuse':
      return isOneOf('prompt-too-long', 'invalid-request', 'unauthorized', 'loading', 'queue-full', 'server-error', 'error-page')(refusal);
    case 'half-open':
      return true;
    case 'stall':
    case 'reset':
    case 'torn':
    case 'garbage':
    case 'unfinished':
    case 'engine-abort':
      return isCount(afterSteps);
    case 'cut':
      return isCount(afterBytes) && isOneOf('broken', 'whole', 'reset')(framing);
    case 'huge-frame':
      return isCount(afterSteps) && isCount(bytes);
    case 'error-event':
      return isCount(afterSteps) && isString(message);
    case 'exit':
      return isCount(afterSteps) && isCount(code) && isString(stderr);
    default:
      return false;
  }
};

const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
  health: isOneOf('ready', 'loading', 'lies', 'error-page'),
  engineVersion: isString,
  steps: orNull((value) => Array.isArray(value) && value.every(isStep)),
  answerTokens: orNull(isCount),
  prefillMs: (value) => value === 0 || isPositive(value),
  tokensPerSecond: orNull(isPositive),
  stepsPerWrite: isPositive,
  holdAfterSteps: orNull(isCount),
  sliceBytes: orNull(isPositive),
  pings: isBoolean,
  comments: isBoolean,
  lineEnds: isOneOf('lf', 'crlf'),
  escapeText: isBoolean,
  cancelNoticeMs: isCount,
  slotsLie: orNull(isOneOf('all-free', 'all-busy')),
  closeAfterAnswer: isBoolean,
  fault: orNull(isFault),
  loadingMs: isCount,
  exitAfter: orNull((value) => isObject(value) && isCount(value['ms']) && isCount(value['code']) && isString(value['stderr'])),
  onSigterm: isOneOf('exit', 'ignore', 'silent'),
  flipOneIn: orNull((value) => isCount(value) && value > 0),
} satisfies Record<keyof MockScript, (value: unknown) => boolean>;
