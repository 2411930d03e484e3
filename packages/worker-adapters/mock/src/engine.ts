/**
 * The scripted engine behind every wire: slots with a FIFO queue, and answers that follow the script in force when their
 * request came. It owns who says what when; how it looks in bytes is the wire's.
 */
import type { EngineScript, ScriptedFault, ScriptedStep } from './script.ts';
import { answerKey, tokenText } from './text.ts';

export type AnswerRequest = { readonly prompt: string; readonly maxTokens: number; readonly seed: number };

/** `limit-in-character`: the token limit fell between the tokens of one character, whose bytes nobody gets. */
export type AnswerEnd = 'eos' | 'limit' | 'limit-in-character';

/** Faults that show while an answer runs; the others never let it start. */
export type AnswerFault = Exclude<ScriptedFault, { kind: 'refuse' | 'half-open' | 'cut' | 'stall' }>;

/** Where an answer goes. Nothing is called after `end` or `fail`, nor after the answer was abandoned. */
export interface AnswerSink {
  /** A slot took the request and has read the prompt. */
  begin(slotId: number): void;
  /** @returns false where the reader is slow; {@link Answer.resume} goes on. */
  say(steps: readonly ScriptedStep[]): boolean;
  /** @param tokensOut - Model tokens in all, the end of sequence included. */
  end(how: AnswerEnd, tokensOut: number): void;
  fail(fault: AnswerFault): void;
}

export type Slot = { readonly id: number; answer: Answer | null; lastTask: number | null };

export class ScriptedEngine {
  readonly slots: readonly Slot[];
  readonly script: () => EngineScript;
  stepsSent = 0;
  tokensPredictedTotal = 0;
  promptTokensTotal = 0;
  readonly #queue = new Set<Answer>();
  readonly #running = new Set<Answer>();
  #tasks = 0;

  constructor(slots: number, script: () => EngineScript) {
    this.slots = Array.from({ length: slots }, (_, id) => ({ id, answer: null, lastTask: null }));
    this.script = script;
  }

  get queued(): number {
    return this.#queue.size;
  }

  get busy(): number {
    return this.#running.size;
  }

  get held(): number {
    let held = 0;
    for (const answer of this.#running) if (answer.isHeld) held += 1;
    return held;
  }

  submit(request: AnswerRequest, sink: AnswerSink): Answer {
    this.#tasks += 1;
    const answer = new Answer({ engine: this, taskNumber: this.#tasks, request, sink, script: this.script() });
    this.#queue.add(answer);
    this.#fillSlots();
    return answer;
  }

  /** Let held answers say so many more steps. */
  release(steps: number): void {
    for (const answer of this.#running) answer.release(steps);
  }

  /** Nobody says anything from now on; slots stay taken until their clients leave. */
  silence(): void {
    for (const answer of this.#running) answer.silence();
  }

  /** End every hold, and the time for which abandoned answers still keep their slots. */
  lift(): void {
    for (const answer of [...this.#queue, ...this.#running]) answer.lift();
  }

  /** The answer no longer needs its slot or its place in the queue. */
  free(answer: Answer): void {
    this.#queue.delete(answer);
    if (this.#running.delete(answer)) {
      const slot = this.slots.find((candidate) => candidate.answer === answer);
      if (slot !== undefined) slot.answer = null;
    }
    this.#fillSlots();
  }

  close(): void {
    for (const answer of [...this.#queue, ...this.#running]) answer.dispose();
    this.#queue.clear();
    this.#running.clear();
  }

  #fillSlots(): void {
    for (const slot of this.slots) {
      if (slot.answer !== null) continue;
      const [next] = this.#queue;
      if (next === undefined) return;
      this.#queue.delete(next);
      this.#running.add(next);
      slot.answer = next;
      slot.lastTask = next.taskNumber;
      next.start(slot.id);
    }
  }
}

type AnswerOptions = {
  readonly engine: ScriptedEngine;
  readonly taskNumber: number;
  readonly request: AnswerRequest;
  readonly sink: AnswerSink;
  readonly script: EngineScript;
};

/** States: queued → prefill → speaking (or held, or waiting for the reader) → over; abandoned → over after the notice. */
export class Answer {
  readonly taskNumber: number;
  tokensOut = 0;
  readonly #engine: ScriptedEngine;
  readonly #request: AnswerRequest;
  readonly #sink: AnswerSink;
  readonly #script: EngineScript;
  readonly #key: number;
  #steps = 0;
  #allowedSteps: number;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #dueMs = 0;
  #speaking = false;
  #over = false;

  constructor({ engine, taskNumber, request, sink, script }: AnswerOptions) {
    this.#engine = engine;
    this.taskNumber = taskNumber;
    this.#request = request;
    this.#sink = sink;
    this.#script = script;
    this.#allowedSteps = script.holdAfterSteps ?? Number.POSITIVE_INFINITY;
    this.#key = answerKey(request.prompt, request.seed);
  }

  get isHeld(): boolean {
    return this.#speaking && this.#steps >= this.#allowedSteps;
  }

  start(slotId: number): void {
    const begin = (): void => {
      this.#sink.begin(slotId);
      this.#speaking = true;
      this.#dueMs = performance.now();
      this.#wait();
    };
    if (this.#script.prefillMs === 0) begin();
    else this.#timer = setTimeout(begin, this.#script.prefillMs);
  }

  release(steps: number): void {
    const wasHeld = this.isHeld;
    this.#allowedSteps += steps;
    if (wasHeld && !this.isHeld) this.#wait();
  }

  lift(): void {
    if (this.#over) this.#engine.free(this);
    else this.release(Number.POSITIVE_INFINITY);
  }

  /** The reader caught up. */
  resume(): void {
    this.#wait();
  }

  /** The client left: the slot stays taken until the engine notices. */
  abandon(): void {
    if (this.#over) return;
    this.#stop();
    if (this.#script.cancelNoticeMs === 0) this.#engine.free(this);
    else this.#timer = setTimeout(() => this.#engine.free(this), this.#script.cancelNoticeMs);
  }

  /** The wire met a stop text: the answer ends here and its slot is free at once. */
  stop(): void {
    if (this.#over) return;
    this.#stop();
    this.#engine.tokensPredictedTotal += this.tokensOut;
    this.#engine.free(this);
  }

  silence(): void {
    this.#allowedSteps = this.#steps;
  }

  /** The engine goes away; no timer may outlive it. */
  dispose(): void {
    this.#stop();
  }

  #wait(): void {
    if (this.#over || this.#timer !== null || this.#immediate !== null) return;
    const { tokensPerSecond, stepsPerWrite } = this.#script;
    if (tokensPerSecond === null) {
      this.#immediate = setImmediate(() => {
        this.#immediate = null;
        this.#speak();
      });
      return;
    }
    this.#dueMs += (1_000 / tokensPerSecond) * stepsPerWrite;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#speak();
      },
      Math.max(0, this.#dueMs - performance.now()),
    );
  }

  #speak(): void {
    const steps: ScriptedStep[] = [];
    let next: ScriptedStep | AnswerEnd | ScriptedFault = 'eos';
    while (steps.length < this.#script.stepsPerWrite && this.#steps < this.#allowedSteps) {
      next = this.#next();
      if (typeof next === 'string' || 'kind' in next) break;
      this.#steps += 1;
      this.tokensOut += next.tokens;
      steps.push(next);
    }
    this.#engine.stepsSent += steps.length;
    const ready = steps.length === 0 || this.#sink.say(steps);
    if (this.#over) return;
    if (typeof next === 'object' && 'kind' in next) this.#fail(next);
    else if (this.isHeld) return;
    else if (typeof next === 'string') this.#end(next);
    else if (ready) this.#wait();
  }

  /** The next step, how the answer ends, or what breaks it. */
  #next(): ScriptedStep | AnswerEnd | ScriptedFault {
    const { fault, steps, answerTokens } = this.#script;
    if (fault !== null && 'afterSteps' in fault && fault.afterSteps === this.#steps) return fault;
    const left = this.#request.maxTokens - this.tokensOut;
    if (left <= 0) return 'limit';
    if (steps === null && answerTokens === this.tokensOut) return 'eos';
    const step = steps === null ? { text: tokenText(this.#key, this.#steps), tokens: 1 } : steps[this.#steps];
    if (step === undefined) return 'eos';
    return step.tokens > left ? 'limit-in-character' : step;
  }

  #end(how: AnswerEnd): void {
    this.#stop();
    // As llama.cpp does: the end of sequence is a token too, and one that cut a character used up the limit.
    if (how === 'eos') this.tokensOut += 1;
    if (how === 'limit-in-character') this.tokensOut = this.#request.maxTokens;
    this.#engine.tokensPredictedTotal += this.tokensOut;
    this.#engine.free(this);
    this.#sink.end(how, this.tokensOut);
  }

  #fail(fault: ScriptedFault): void {
    if (fault.kind === 'stall' || fault.kind === 'refuse' || fault.kind === 'half-open' || fault.kind === 'cut') return;
    this.#stop();
    this.#engine.free(this);
    this.#sink.fail(fault);
  }

  #stop(): void {
    this.#over = true;
    this.#speaking = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
  }
}
