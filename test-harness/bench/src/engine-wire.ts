/**
 * What bench and engine say to each other: llama.cpp's native streaming wire, with the wanted behaviour as the prompt, so
 * that it passes through every relay unchanged. Pure.
 */

/** How an answer comes: so many tokens a second, as fast as the socket takes them, or not at all. */
export type Pace = number | 'fast' | 'silent';

/**
 * Addresses of the one engine: the controller's config takes one engine for one pool, so each pool gets another address.
 */
export const engineHosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;

/** Tokens of every prompt, as the engine counts them. */
export const promptTokens = 4;

/** What each event of the engine holds and nothing else does: one is one token. */
export const engineTokenMark = '"stop":false,';

export function toPrompt(pace: Pace): string {
  return typeof pace === 'number' ? `pace ${pace}` : pace;
}

export function toPace(prompt: string): Pace {
  if (prompt === 'fast' || prompt === 'silent') return prompt;
  const rate = /^pace (\d+)$/.exec(prompt)?.[1];
  if (rate === undefined) throw new Error(`The prompt ${JSON.stringify(prompt)} names no pace.`);
  return Number(rate);
}

const words = [' river', ' stone', ' in', ' the', ' light', ' of', ' a', ' quiet', ' moon', ' snow'];

/** One token as llama-server streams it with `timings_per_token`: about 250 bytes, ASCII only. */
export function tokenEvent(number: number): string {
  const word = words[number % words.length] as string;
  const timings = `"timings":{"cache_n":0,"prompt_n":4,"prompt_ms":0.616,"predicted_n":${number},"predicted_ms":${number * 50}.173,"predicted_per_second":20.001}`;
  return `data: {"index":0,"content":"${word}","tokens":[${1_000 + (number % 1_000)}],"stop":false,"id_slot":-1,"tokens_predicted":${number},"tokens_evaluated":${promptTokens},${timings}}\n\n`;
}

export function finalEvent(tokens: number): string {
  return `data: {"stop":true,"stop_type":"limit","tokens_predicted":${tokens},"tokens_evaluated":${promptTokens},"truncated":false,"timings":{"cache_n":0},"id_slot":0}\n\n`;
}

/** How an event travels: as an HTTP chunk, or bare to a peer that speaks HTTP/1.0, whose answer ends with the connection. */
export type Framing = 'chunked' | 'bare';

export const streamHeads: Readonly<Record<Framing, string>> = {
  chunked: 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
  bare: 'HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n',
};

export function toFrame(framing: Framing, event: string): string {
  return framing === 'bare' ? event : `${event.length.toString(16)}\r\n${event}\r\n`;
}

export const lastChunk = '0\r\n\r\n';

/** A whole answer in JSON. */
export function jsonAnswer(body: unknown, status = '200 OK'): string {
  const text = JSON.stringify(body);
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}
