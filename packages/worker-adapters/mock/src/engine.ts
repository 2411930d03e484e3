/**
 * The scripted engine behind every wire: slots with a FIFO queue, a KV cache, and answers that follow the script in force
 * when their request came. It owns who says what when; how it looks in bytes is the wire's.
 */
import type { Batch, BatchJob } from './batch.ts';
import type { MockScript, ScriptedFault, ScriptedStep } from './script.ts';
import { answerKey, promptTokens, tokenText, wrongTokenText } from './text.ts';

export type AnswerRequest = {
  readonly prompt: string;
  readonly tokensIn: number;
  /** 0: the prompt is only read, as embeddings and scores need it. */
  readonly maxTokens: number;
  /** `null` = greedy: no seed has an effect. */
  readonly seed: number | null;
  /** The request's other sampling fields, in whatever form: other ones make another text. */
  readonly params?: string;
  /** What a slot's KV cache still holds of the prompt is not read again. Default false. */
  readonly reusesKv?: boolean;
};

/** `limit-in-character`: the token limit fell between the tokens of one character, whose bytes nobody gets. */
export type AnswerEnd = 'eos' | 'limit' | 'limit-in-character';

/** Faults that show while an answer runs; the others never let it start. */
export type AnswerFault =
  | Exclude<ScriptedFault, { kind: 'refuse' | 'half-open' | 'cut' | 'stall' | 'torn' }>
  | { readonly kind: 'torn'; readonly step: ScriptedStep };

/** Where an answer goes. Nothing is called after `end` or `fail`, nor after the answer was abandoned. */
export interface AnswerSink {
  /** A slot took the request and has read the prompt, but for what it had of it. Once, whatever becomes of the slot. */
  begin(slotId: number, cachedTokens: number): void;
  /** @returns false where the reader is slow; {@link Answer.resume} goes on. */
  say(steps: readonly ScriptedStep[]): boolean;
  /** @param tokensOut - Model tokens in all, the end of sequence included. */
  end(how: AnswerEnd, tokensOut: number): void;
  fail(fault: AnswerFault): void;
}

export type Slot = {
  readonly id: number;
  answer: Answer | null;
  lastTask: number | null;
  /** What its part of the KV cache was last filled with. */
  lastPrompt: string;
};

export type KvCache = {
  readonly tokens: number;
  /**
   * What happens where it is too small: a request is only let in when its longest answer fits (`reserve`), the youngest one
   * goes back into the queue and is read again (`preempt`), or every answer under way dies (`fail`).
   */
  readonly policy: 'reserve' | 'preempt' | 'fail';
};

export type ScriptedEngineOptions = {
  readonly slots: number;
  readonly script: () => MockScript;
  readonly kv: KvCache;
  /** Requests that may wait for a slot; `null` = any number. */
  readonly maxWaiting: number | null;
  /** Passes that cost time; `null` = the script's pace, each request for itself. */
  readonly batch: Batch | null;
  /** Stands for the model's weights: another number, another text. */
  readonly weights: number;
};

export class ScriptedEngine {
  readonly slots: readonly Slot[];
  readonly script: () => MockScript;
  readonly kv: KvCache;
  readonly batch: Batch | null;
  readonly weights: string;
  stepsSent = 0;
  /** Tokens generated so far, of answers that run too. */
  generatedTokensTotal = 0;
  /** Tokens of answers that are over, canceled ones included. */
  tokensPredictedTotal = 0;
  /** Prompt tokens read, without those found in the cache. */
  promptTokensTotal = 0;
  cachedTokensTotal = 0;
  kvTokensUsed = 0;
  preemptionsTotal = 0;
  readonly #maxWaiting: number | null;
  #queue = new Set<Answer>();
  readonly #running = new Set<Answer>();
  #tasks = 0;

  constructor({ slots, script, kv, maxWaiting, batch, weights }: ScriptedEngineOptions) {
    this.slots = Array.from({ length: slots }, (_, id) => ({ id, answer: null, lastTask: null, lastPrompt: '' }));
    this.script = script;
    this.kv = kv;
    this.batch = batch;
    this.weights = weights === 0 ? '' : String(weights);
    this.#maxWaiting = maxWaiting;
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

  /** One more request would find no place to wait; the wire refuses it in its own words. */
  get isFull(): boolean {
    return this.#maxWaiting !== null && this.#queue.size >= this.#maxWaiting && this.#running.size >= this.slots.length;
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
    this.#leaveSlot(answer);
    this.#fillSlots();
  }

  /** An answer grew by so many tokens, for which the cache may have no room. */
  grow(answer: Answer, tokens: number): void {
    this.generatedTokensTotal += tokens;
    if (this.kv.policy === 'reserve') return;
    answer.kvTokensHeld += tokens;
    this.kvTokensUsed += tokens;
    while (this.kvTokensUsed > this.kv.tokens && this.#running.size > 1) {
      if (this.kv.policy === 'fail') {
        // Of the engines here only llama.cpp with a shared cache does this, and these are its words.
        const fault = { kind: 'error-event', afterSteps: 0, message: 'Context size has been exceeded.' } as const;
        const dying = [...this.#running];
        for (const running of dying) running.fail(fault);
        return;
      }
      const youngest = [...this.#running].findLast((running) => !running.isOver);
      if (youngest === undefined) return;
      this.preemptionsTotal += 1;
      this.#leaveSlot(youngest);
      youngest.preempt();
      this.#queue = new Set([youngest, ...this.#queue]);
    }
  }

  close(): void {
    for (const answer of [...this.#queue, ...this.#running]) answer.dispose();
    this.#queue.clear();
    this.#running.clear();
    this.batch?.close();
  }

  #leaveSlot(answer: Answer): void {
    if (!this.#running.delete(answer)) return;
    this.kvTokensUsed -= answer.kvTokensHeld;
    answer.kvTokensHeld = 0;
    const slot = this.slots.find((candidate) => candidate.answer === answer);
    if (slot !== undefined) slot.answer = null;
  }

  #fillSlots(): void {
    for (const slot of this.slots) {
      if (slot.answer !== null) continue;
      const [next] = this.#queue;
      if (next === undefined) return;
      // One that is alone may start in any case: nothing that ends could make more room for it.
      const kvTokens = next.kvTokensWanted;
      if (this.kvTokensUsed + kvTokens > this.kv.tokens && this.#running.size > 0) return;
      this.#queue.delete(next);
      this.#running.add(next);
      next.kvTokensHeld = kvTokens;
      this.kvTokensUsed += kvTokens;
      slot.answer = next;
      slot.lastTask = next.taskNumber;
      next.start(slot);
    }
  }
}

type AnswerOptions = {
  readonly engine: ScriptedEngine;
  readonly taskNumber: number;
  readonly request: AnswerRequest;
  readonly sink: AnswerSink;
  readonly script: MockScript;
};

/**
 * States: queued → prefill → speaking (or held, or waiting for the reader) → over; abandoned → over after the notice;
 * preempted → queued.
 */
export class Answer {
  readonly taskNumber: number;
  readonly tokensIn: number;
  tokensOut = 0;
  /** What it has of the KV cache; the engine's to change. */
  kvTokensHeld = 0;
  readonly #engine: ScriptedEngine;
  readonly #request: AnswerRequest;
  readonly #sink: AnswerSink;
  readonly #script: MockScript;
  readonly #key: number;
  #steps = 0;
  #allowedSteps: number;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #job: BatchJob | null = null;
  #dueMs = 0;
  #begun = false;
  #speaking = false;
  #over = false;

  constructor({ engine, taskNumber, request, sink, script }: AnswerOptions) {
    this.#engine = engine;
    this.taskNumber = taskNumber;
    this.tokensIn = request.tokensIn;
    this.#request = request;
    this.#sink = sink;
    this.#script = script;
    this.#allowedSteps = script.holdAfterSteps ?? Number.POSITIVE_INFINITY;
    this.#key = answerKey(request.prompt, request.seed ?? 0, `${engine.weights}${request.params ?? ''}`);
  }

  get isHeld(): boolean {
    return this.#speaking && this.#steps >= this.#allowedSteps;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** A slot has read its prompt. */
  get hasBegun(): boolean {
    return this.#begun;
  }

  /** What it must have of the KV cache to start. */
  get kvTokensWanted(): number {
    return this.tokensIn + (this.#engine.kv.policy === 'reserve' ? this.#request.maxTokens : this.tokensOut);
  }

  start(slot: Slot): void {
    // Abandoned while it waited, and not yet noticed: the slot is taken for nothing.
    if (this.#over) return;
    const cachedTokens = this.#request.reusesKv === true ? sharedTokens(slot.lastPrompt, this.#request.prompt, this.tokensIn) : 0;
    slot.lastPrompt = this.#request.prompt;
    const unread = this.tokensIn + this.tokensOut - cachedTokens;
    const begin = (): void => {
      this.#timer = null;
      this.#job = null;
      this.#engine.promptTokensTotal += unread;
      this.#engine.cachedTokensTotal += cachedTokens;
      if (!this.#begun) {
        this.#begun = true;
        this.#sink.begin(slot.id, cachedTokens);
      }
      this.#speaking = true;
      this.#dueMs = performance.now();
      this.#wait();
    };
    if (this.#script.prefillMs > 0) this.#timer = setTimeout(begin, this.#script.prefillMs);
    else if (this.#engine.batch !== null) this.#job = this.#engine.batch.prefill(unread, begin);
    else begin();
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
    const leave = (): void => {
      this.#engine.tokensPredictedTotal += this.tokensOut;
      this.#engine.free(this);
    };
    if (this.#script.cancelNoticeMs === 0) leave();
    else this.#timer = setTimeout(leave, this.#script.cancelNoticeMs);
  }

  /** The wire met a stop text: the answer ends here and its slot is free at once. */
  stop(): void {
    if (this.#over) return;
    this.#stop();
    this.#engine.tokensPredictedTotal += this.tokensOut;
    this.#engine.free(this);
  }

  /** Its part of the KV cache is another's now; it waits for a slot again and goes on where it was. */
  preempt(): void {
    this.#pause();
  }

  silence(): void {
    this.#allowedSteps = this.#steps;
  }

  /** The engine goes away; no timer may outlive it. */
  dispose(): void {
    this.#stop();
  }

  #wait(): void {
    if (this.#over || !this.#speaking || this.#timer !== null || this.#immediate !== null || this.#job !== null) return;
    if (this.isHeld) return;
    const { tokensPerSecond, stepsPerWrite } = this.#script;
    if (this.#engine.batch !== null) {
      this.#job = this.#engine.batch.decode(() => {
        this.#job = null;
        this.#speak();
      });
      return;
    }
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
    const tokensBefore = this.tokensOut;
    let next: ScriptedStep | AnswerEnd | ScriptedFault = 'eos';
    while (steps.length < this.#script.stepsPerWrite && this.#steps < this.#allowedSteps) {
      next = this.#next();
      if (typeof next === 'string' || 'kind' in next) break;
      this.#steps += 1;
      this.#engine.stepsSent += 1;
      this.tokensOut += next.tokens;
      steps.push(next);
    }
    if (steps.length > 0) this.#engine.grow(this, this.tokensOut - tokensBefore);
    if (this.#over) return;
    const ready = steps.length === 0 || this.#sink.say(steps);
    // Over by a stop text, or preempted by its own growth.
    if (this.#over || !this.#speaking) return;
    if (typeof next === 'object' && 'kind' in next) this.#failByScript(next);
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
    const step = steps === null ? { text: this.#madeText(), tokens: 1 } : steps[this.#steps];
    if (step === undefined) return 'eos';
    return step.tokens > left ? 'limit-in-character' : step;
  }

  #madeText(): string {
    const { flipOneIn } = this.#script;
    const isFlipped = flipOneIn !== null && (this.#engine.stepsSent + 1) % flipOneIn === 0;
    return isFlipped ? wrongTokenText(this.#key, this.#steps) : tokenText(this.#key, this.#steps);
  }

  /** It ends in trouble. */
  fail(fault: AnswerFault): void {
    if (this.#over) return;
    this.#stop();
    this.#engine.tokensPredictedTotal += this.tokensOut;
    this.#engine.free(this);
    this.#sink.fail(fault);
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

  #failByScript(fault: ScriptedFault): void {
    // `stall`: nothing more comes, and the slot stays taken. The others act before an answer starts, or on its bytes.
    if (fault.kind === 'stall' || fault.kind === 'refuse' || fault.kind === 'half-open' || fault.kind === 'cut') return;
    this.fail(fault.kind === 'torn' ? { kind: 'torn', step: { text: this.#madeText(), tokens: 1 } } : fault);
  }

  #stop(): void {
    this.#over = true;
    this.#pause();
  }

  #pause(): void {
    this.#speaking = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    if (this.#job !== null) this.#engine.batch?.cancel(this.#job);
    this.#timer = null;
    this.#immediate = null;
    this.#job = null;
  }
}

/** Tokens of a prompt that a slot's cache holds: those of its common beginning, but never the last one, which must be read. */
const sharedTokens = (held: string, prompt: string, tokensIn: number): number => {
  let length = 0;
  while (length < held.length && length < prompt.length && held[length] === prompt[length]) length += 1;
  if (length === 0) return 0;
  return Math.min(promptTokens(prompt.slice(0, length)) - 1, tokensIn - 1);
};
