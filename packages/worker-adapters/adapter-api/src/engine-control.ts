/**
 * How a test tells a scripted engine what to do, in words that fit every engine. It owns the script's vocabulary; how an
 * engine's wire says it is the scripted engine's.
 */

/** One thing an engine says. `tokens`: model tokens in it, several where they make one character. */
export type ScriptedStep = { readonly text: string; readonly tokens: number };

/** How an engine refuses a request before anything was generated, in its own words and with its own status. */
export type ScriptedRefusal =
  | 'prompt-too-long'
  | 'invalid-request'
  | 'unauthorized'
  | 'loading'
  /** Its own queue takes no more; engines whose queue has no bound say what they say when they are not ready. */
  | 'queue-full'
  | 'server-error'
  | 'error-page';

/** What goes wrong, and after how many steps of the answer. */
export type ScriptedFault =
  | { readonly kind: 'refuse'; readonly refusal: ScriptedRefusal }
  /** The connection is accepted and nothing is ever answered. */
  | { readonly kind: 'half-open' }
  /** Nothing more comes, the connection stays. */
  | { readonly kind: 'stall'; readonly afterSteps: number }
  /** TCP reset. */
  | { readonly kind: 'reset'; readonly afterSteps: number }
  /** TCP reset in the middle of the frame of the step after so many. */
  | { readonly kind: 'torn'; readonly afterSteps: number }
  /** The body ends after so many bytes, HTTP framing not counted: `broken` off, `reset` by TCP, or `whole` as HTTP wants it. */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly framing: 'broken' | 'whole' | 'reset' }
  /** The stream ends in good order, terminator and all, but without what says that the answer is complete. */
  | { readonly kind: 'unfinished'; readonly afterSteps: number }
  /** The engine itself gives the request up (a pause, a shutdown) and says so in its own way. */
  | { readonly kind: 'engine-abort'; readonly afterSteps: number }
  /** A frame that is no event of this engine. */
  | { readonly kind: 'garbage'; readonly afterSteps: number }
  /** One frame of this size that never ends. */
  | { readonly kind: 'huge-frame'; readonly afterSteps: number; readonly bytes: number }
  /** The engine's error inside an answer that began with 200. */
  | { readonly kind: 'error-event'; readonly afterSteps: number; readonly message: string }
  /** The process prints `stderr` and exits. */
  | { readonly kind: 'exit'; readonly afterSteps: number; readonly code: number; readonly stderr: string };

/** All that can be scripted. It holds for requests that arrive after it was set; {@link defaultEngineScript} has the rest. */
export type EngineScript = {
  /** `lies`: success with a body that is not a health answer. */
  readonly health: 'ready' | 'loading' | 'lies' | 'error-page';
  readonly engineVersion: string;
  /** The answer, then the end of its own accord; `null` = text made from prompt and seed. */
  readonly steps: readonly ScriptedStep[] | null;
  /** Made text ends by itself after so many tokens; `null` = at the request's limit. */
  readonly answerTokens: number | null;
  /** Between taking a slot and the head of the answer, ms. */
  readonly prefillMs: number;
  /** Per request; `null` = as fast as possible. */
  readonly tokensPerSecond: number | null;
  /** Steps that share one write. */
  readonly stepsPerWrite: number;
  /** Wait for `release` before the step after so many; 0 = before the first one, the head was sent. `null` = never. */
  readonly holdAfterSteps: number | null;
  /** The body is written in slices of so many bytes, each its own packet; `null` = whole. */
  readonly sliceBytes: number | null;
  /** A keep-alive comment before each step, where the wire has one. */
  readonly pings: boolean;
  /** Comment lines and fields of no meaning inside each event, where the wire has them. */
  readonly comments: boolean;
  /** Line ends of the stream, where the wire has lines. */
  readonly lineEnds: 'lf' | 'crlf';
  /** Characters beyond ASCII are written as escapes. */
  readonly escapeText: boolean;
  /** An abandoned request keeps its slot, or its place in the queue, so long, ms. */
  readonly cancelNoticeMs: number;
  /** What slots are said to be instead of the truth. */
  readonly slotsLie: 'all-free' | 'all-busy' | null;
  /** Each connection is closed by the engine after one answer, without saying so beforehand. */
  readonly closeAfterAnswer: boolean;
  readonly fault: ScriptedFault | null;
};

export type EngineCounters = {
  readonly slotsTotal: number;
  readonly slotsBusy: number;
  /** Requests that wait for a slot. */
  readonly queued: number;
  /** Requests that wait for `release`. */
  readonly held: number;
  /** Tokens that the KV cache holds, and can hold. */
  readonly kvTokensUsed: number;
  readonly kvTokensTotal: number;
  readonly openSockets: number;
  /** Requests for work since the start, refused ones included. */
  readonly tasksSeen: number;
  readonly stepsSent: number;
};

/** The other end of the wire, in a test's hand. Every call returns once the engine has done it. */
export interface EngineControl {
  /** Set the script: the default with these changes. Lifts every hold that is in force. */
  script(changes: Partial<EngineScript>): Promise<void>;
  /** Let every held request say so many more steps. */
  release(steps: number): Promise<void>;
  counters(): Promise<EngineCounters>;
  /** Close connections on which no request is running, as an idle time limit does. */
  closeIdleConnections(): Promise<void>;
}
