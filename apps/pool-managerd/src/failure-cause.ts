/**
 * Why a worker ended, read from its exit and the tail of its log. Pure; it owns the patterns of engines, drivers and
 * allocators, and decides nothing.
 */
import { createFailure, type Failure, type FailureKind } from './failure.ts';

/** How a process ended. Both `null` for an adopted worker, whose exit status goes to another parent. */
export type ExitStatus = { readonly code: number | null; readonly signal: string | null };

export type ExitEvidence = {
  readonly exit: ExitStatus;
  /** Kills by the kernel's OOM killer on this host while the worker ran; `null` = unknown on this platform. */
  readonly oomKills: number | null;
  /** Last part of its log, bounded by `agent.stderr_bytes`. */
  readonly logTail: string;
};

type Rule = { readonly kind: FailureKind; readonly pattern: RegExp; readonly message: string };

/**
 * In order: the first that matches names the cause. Device OOM stands before driver errors because CUDA reports both
 * in one breath ("CUDA error: out of memory"), ECC errors before driver errors for the same reason, driver errors before load
 * failures because a load fails *of* them.
 */
const rules: readonly Rule[] = [
  {
    kind: 'device-oom',
    pattern:
      /cuda ?malloc\w* failed[^\n]*out of memory|CUDA error(?: \d+)?[^\n]*out of memory|CUDA out of memory|cudaErrorMemoryAllocation|ErrorOutOfDeviceMemory|failed to allocate CUDA\d* buffer|CUBLAS_STATUS_ALLOC_FAILED|No available memory for the cache blocks|less than desired GPU memory utilization|larger than the available KV cache memory|Not enough memory to handle \d+ prefill tokens|unable to allocate CUDA\d* buffer/i,
    message: 'The device ran out of memory; lower `ctx`, `slots` or the quantisation, or give the pool more devices.',
  },
  {
    kind: 'ecc-error',
    pattern:
      /uncorrectable (?:double bit )?ECC|Xid \([^)]*\): (?:48|63|64|94|95)\b|cudaErrorECCUncorrectable|CUDA_ERROR_ECC_UNCORRECTABLE/i,
    message:
      'The memory of a device has an uncorrectable error; look at `nvidia-smi -q -d ECC,ROW_REMAPPER`. A reset of the device remaps the row; one that comes back is broken.',
  },
  {
    kind: 'driver-error',
    pattern:
      /CUDA error|NVRM: Xid|\bXid\b[^\n]*\d+|cudaErrorUnknown|unspecified launch failure|illegal memory access|GPU has fallen off the bus|nvidia-container-cli: [^\n]*(?:initialization|driver) error|CUDA driver version is insufficient|CUBLAS_STATUS_(?:NOT_INITIALIZED|EXECUTION_FAILED|INTERNAL_ERROR)|driver shutting down|NVML: Driver\/library version mismatch|failed to initialize (?:CUDA|NVML)/i,
    message: 'The NVIDIA driver or device reported an error; look at `dmesg` for Xid lines and at `nvidia-smi`.',
  },
  {
    kind: 'host-oom',
    pattern:
      /std::bad_alloc|cannot allocate memory|ENOMEM|heap out of memory|failed to allocate (?:CPU )?buffer of size|mlock failed[^\n]*memory/i,
    message: 'The host ran out of memory; lower what else runs there, or raise `agent.headroom.ram_bytes`.',
  },
  {
    kind: 'spawn-failed',
    pattern: /Error response from daemon|Cannot connect to the Docker daemon|No such image|image not known|Error: short-name/i,
    message: 'The container could not be started; look at the message of the container engine, and pull the image beforehand.',
  },
  {
    kind: 'port-in-use',
    pattern: /EADDRINUSE|address already in use|couldn'?t bind|could not bind|bind[^\n]{0,40} failed/i,
    message: 'The port was taken by another process between its choice and the bind; the next start takes another.',
  },
  {
    kind: 'bad-launch-flag',
    pattern:
      /error: (?:invalid|unknown|unrecognized) (?:argument|option)|error while handling argument|unknown argument|unrecognized option|Unknown option|invalid value for argument/i,
    message: 'The engine does not know a flag of its command; correct `runtime.command`, or use an engine version that knows it.',
  },
  {
    kind: 'model-load-failed',
    pattern:
      /failed to load model|error loading model|unable to load model|invalid magic|unknown model architecture|failed to open GGUF|tensor '[^']*' (?:data is not within|not found)/i,
    message: 'The engine could not load the model; the file passed its checksum, so the engine may be too old for it.',
  },
];

/** Signals a process raises against itself. */
const crashSignals = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP']);
/** A shell reports death by signal N as exit code 128 + N. */
const shellSignals: Readonly<Record<number, string>> = {
  132: 'SIGILL',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
};

/**
 * Name the cause of a worker's end.
 *
 * 1. SIGKILL (or 137) with a kill by the OOM killer: `host-oom`, whatever the log says, for the victim could log nothing.
 * 2. The first rule that matches the log.
 * 3. Otherwise by the exit: SIGKILL is `killed`, a signal of its own `crashed`, the rest `exited`.
 *
 * @req ORCH-3038, ORCH-3039
 */
export const explainExit = (evidence: ExitEvidence): Failure => {
  const signal = evidence.exit.signal ?? shellSignals[evidence.exit.code ?? -1] ?? null;
  const quoted = lastLines(evidence.logTail);
  // 1
  if (signal === 'SIGKILL' && (evidence.oomKills ?? 0) > 0) {
    return createFailure(
      'host-oom',
      'The kernel’s OOM killer ended the worker; lower what runs on this host, or raise `agent.headroom.ram_bytes`.',
      quoted,
    );
  }
  // 2
  const rule = rules.find(({ pattern }) => pattern.test(evidence.logTail));
  if (rule) return createFailure(rule.kind, `${rule.message} (${describeExit(evidence.exit)})`, quoteMatch(evidence.logTail, rule.pattern));
  // 3
  if (signal === 'SIGKILL') {
    const doubt = evidence.oomKills === null ? '; whether by the OOM killer cannot be told on this platform' : ', not by the OOM killer';
    return createFailure('killed', `The worker was killed by SIGKILL${doubt}.`, quoted);
  }
  if (signal !== null && crashSignals.has(signal))
    return createFailure('crashed', `The worker crashed (${describeExit(evidence.exit)}).`, quoted);
  return createFailure('exited', `The worker ended by itself (${describeExit(evidence.exit)}).`, quoted);
};

const describeExit = ({ code, signal }: ExitStatus): string => {
  if (signal !== null) return `signal ${signal}`;
  return code === null ? 'exit status unknown, it was adopted' : `exit code ${code}`;
};

/** The line that matched and the last lines, so that the quote holds the reason even if the engine talked on. */
const quoteMatch = (log: string, pattern: RegExp): string => {
  const line = log.split('\n').find((candidate) => pattern.test(candidate));
  const tail = lastLines(log);
  if (line === undefined || tail?.includes(line)) return tail ?? '';
  return `${line.slice(0, 1000)}\n…\n${tail ?? ''}`;
};

/** At most 12 lines and 2,000 characters; `null` for an empty log. */
const lastLines = (log: string): string | null => {
  const lines = log.trimEnd().split('\n').slice(-12).join('\n').slice(-2000);
  return lines === '' ? null : lines;
};
