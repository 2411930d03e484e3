/**
 * The engine of the bench, a process of its own: it speaks llama.cpp's native streaming wire as cheaply as sockets allow,
 * because it shares its core with the client. It generates nothing: the prompt says how fast tokens come.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import {
  engineHosts,
  finalEvent,
  type Framing,
  jsonAnswer,
  lastChunk,
  type Pace,
  promptTokens,
  streamHeads,
  toFrame,
  tokenEvent,
  toPace,
} from '../engine-wire.ts';
import { RequestReader, type WholeRequest } from '../request-reader.ts';

/** A stream's tokens come at one of this many moments of its period, spread evenly over all streams. */
const phases = 50;
/** Neighbouring streams are this many phases apart, so that a few streams are spread over the period too. */
const phaseStride = 7;

class Answer {
  readonly socket: Socket;
  readonly #framing: Framing;
  readonly #wanted: number;
  #sent = 0;
  #over = false;

  constructor(socket: Socket, framing: Framing, wanted: number) {
    this.socket = socket;
    this.#framing = framing;
    this.#wanted = wanted;
  }

  get isOver(): boolean {
    return this.#over || this.socket.destroyed;
  }

  sayOne(): void {
    if (this.isOver) return;
    this.#sent += 1;
    tokensSent += 1;
    this.socket.write(toFrame(this.#framing, tokenEvent(this.#sent)), 'latin1');
    if (this.#sent >= this.#wanted) this.end();
  }

  begin(): void {
    this.socket.write(streamHeads[this.#framing], 'latin1');
  }

  end(): void {
    if (this.isOver) return;
    this.#over = true;
    const final = toFrame(this.#framing, finalEvent(this.#sent));
    if (this.#framing === 'bare') this.socket.end(final, 'latin1');
    else this.socket.write(final + lastChunk, 'latin1');
    open.delete(this);
  }
}

/** Streams of one rate: one timer serves them all, or timers would cost more than tokens. */
class Metronome {
  readonly #phases: Set<Answer>[] = Array.from({ length: phases }, () => new Set());
  readonly #stepMs: number;
  #started = 0;
  #step = 0;
  #startedAtMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(tokensPerSecond: number) {
    this.#stepMs = 1_000 / tokensPerSecond / phases;
  }

  add(answer: Answer): void {
    this.#phases[(this.#started * phaseStride) % phases]?.add(answer);
    this.#started += 1;
    if (this.#timer !== null) return;
    this.#startedAtMs = performance.now();
    this.#step = 0;
    this.#timer = setInterval(() => this.#catchUp(), 1);
  }

  #catchUp(): void {
    const due = Math.floor((performance.now() - this.#startedAtMs) / this.#stepMs);
    for (; this.#step < due; this.#step += 1) {
      const phase = this.#phases[this.#step % phases] as Set<Answer>;
      for (const answer of phase) {
        answer.sayOne();
        if (answer.isOver) phase.delete(answer);
      }
    }
    if (this.#timer === null || this.#phases.some(({ size }) => size > 0)) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

const open = new Set<Answer>();
const fast = new Set<Answer>();
const metronomes = new Map<number, Metronome>();
/** Answers that may not speak yet; `null` = all may. */
let held: (() => void)[] | null = null;
let tokensSent = 0;
let fastScheduled = false;

await listenEverywhere();

/** The first address picks the port, the others take the same one. */
async function listenEverywhere(): Promise<void> {
  let port = 0;
  for (const host of engineHosts) {
    const server = createServer({ noDelay: true }, onConnection);
    const options = { host, port, backlog: 4_096 };
    await new Promise<void>((resolve) => {
      server.listen(options, resolve);
    });
    port = (server.address() as AddressInfo).port;
  }
  process.stdout.write(`listening on ${port}\n`);
}

function onConnection(socket: Socket): void {
  const reader = new RequestReader();
  let answer: Answer | null = null;
  socket.setEncoding('latin1');
  socket.on('data', (bytes: string) => {
    for (const request of reader.push(bytes)) answer = serve(socket, request) ?? answer;
  });
  socket.on('drain', () => {
    if (answer !== null && fast.has(answer)) scheduleFast();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    if (answer === null) return;
    open.delete(answer);
    fast.delete(answer);
  });
}

function serve(socket: Socket, { method, path, version, body }: WholeRequest): Answer | null {
  switch (`${method} ${path}`) {
    case 'POST /completion': {
      const { prompt, n_predict: wanted } = JSON.parse(body) as { prompt: string; n_predict: number };
      return begin(new Answer(socket, version === 'HTTP/1.0' ? 'bare' : 'chunked', wanted), toPace(prompt));
    }
    case 'POST /bench/hold':
      held ??= [];
      socket.write(jsonAnswer({}), 'latin1');
      return null;
    case 'POST /bench/go': {
      const waiting = held ?? [];
      held = null;
      for (const speak of waiting) speak();
      socket.write(jsonAnswer({}), 'latin1');
      return null;
    }
    case 'POST /bench/end':
      for (const answer of open) answer.end();
      fast.clear();
      socket.write(jsonAnswer({}), 'latin1');
      return null;
    case 'GET /bench/count':
      socket.write(jsonAnswer({ tokens_sent: tokensSent, open: open.size }), 'latin1');
      return null;
    case 'GET /health':
      socket.write(jsonAnswer({ status: 'ok' }), 'latin1');
      return null;
    case 'POST /tokenize':
      socket.write(jsonAnswer({ tokens: Array.from({ length: promptTokens }, (_, index) => index) }), 'latin1');
      return null;
    case 'GET /slots':
      socket.write(jsonAnswer([]), 'latin1');
      return null;
    default:
      socket.write(jsonAnswer({ error: { code: 404, message: 'not found', type: 'not_found_error' } }, '404 Not Found'), 'latin1');
      return null;
  }
}

function begin(answer: Answer, pace: Pace): Answer {
  open.add(answer);
  answer.begin();
  if (pace === 'silent') return answer;
  if (held === null) speak(answer, pace);
  else held.push(() => speak(answer, pace));
  return answer;
}

function speak(answer: Answer, pace: Exclude<Pace, 'silent'>): void {
  answer.sayOne();
  if (answer.isOver) return;
  if (pace === 'fast') {
    fast.add(answer);
    scheduleFast();
    return;
  }
  let metronome = metronomes.get(pace);
  if (metronome === undefined) {
    metronome = new Metronome(pace);
    metronomes.set(pace, metronome);
  }
  metronome.add(answer);
}

/** One token of each fast stream in a turn of the loop, one write each, as an engine decodes a batch. */
function scheduleFast(): void {
  if (fastScheduled) return;
  fastScheduled = true;
  setImmediate(() => {
    fastScheduled = false;
    let isAnyReady = false;
    for (const answer of fast) {
      if (!answer.socket.writableNeedDrain) answer.sayOne();
      if (answer.isOver) fast.delete(answer);
      else if (!answer.socket.writableNeedDrain) isAnyReady = true;
    }
    if (isAnyReady) scheduleFast();
  });
}
