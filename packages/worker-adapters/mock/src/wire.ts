/**
 * What a wire is: one engine's protocol over the scripted engine, on one port or several; and what every wire needs to
 * answer. It knows no engine's paths or bodies.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ScriptedEngine } from './engine.ts';
import type { EngineScript } from './script.ts';

export type WireRequest = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A connection's answer under way. */
export type Exchange = {
  readonly request: WireRequest;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** In force when the request came. */
  readonly script: EngineScript;
};

export type EngineLimits = {
  /** Context of one slot, tokens. */
  readonly ctxTokens: number;
  readonly modelName: string;
  /** Asked for where the engine asks; `null` = none. */
  readonly apiKey: string | null;
  /** What the wire alone understands, from `--wire-option NAME=VALUE`. */
  readonly options: Readonly<Record<string, string>>;
};

export type WireContext = {
  readonly engine: ScriptedEngine;
  readonly limits: EngineLimits;
  readonly script: () => EngineScript;
  /** The process ends as the script says. */
  readonly exit: (code: number, stderr: string) => void;
  /** A request for work came. */
  readonly countTask: () => void;
  /** Keep a request that came on no HTTP front, for whoever asks what the engine was asked. */
  readonly record: (request: RecordedRequest) => void;
};

export type RecordedRequest = {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type HandleExchange = (exchange: Exchange) => void;

/** A port that is open. */
export type OpenPort = {
  readonly port: number;
  readonly openSockets: () => number;
  readonly closeIdleConnections: () => void;
  /** Take no new connections; resolves when the open ones are gone. */
  readonly drain: () => Promise<void>;
  /** End everything at once. */
  readonly close: () => Promise<void>;
};

/** Opens a port besides the main one: `httpPort` makes one of a handler, a protocol of its own does what it needs. */
export type OpenWirePort = (context: WireContext, address: { readonly host: string; readonly port: number }) => Promise<OpenPort>;

/** One engine's protocol over the scripted engine. */
export type Wire = {
  /** While it loads (`health: 'loading'`) the engine answers so, or takes no connection. */
  readonly whileLoading: 'answers' | 'refuses';
  /** The main port. */
  readonly serve: (context: WireContext) => HandleExchange;
  /** The other ports, by the name under which they are announced. */
  readonly ports?: Readonly<Record<string, OpenWirePort>>;
  /** Names that `limits.options` may have. */
  readonly options?: readonly string[];
};

export const replyJson = (response: ServerResponse, status: number, value: unknown): void => {
  replyText(response, status, 'application/json; charset=utf-8', JSON.stringify(value));
};

export const replyText = (response: ServerResponse, status: number, contentType: string, text: string): void => {
  const body = Buffer.from(text);
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': body.length,
    ...(status >= 400 ? { Connection: 'close' } : {}),
  });
  response.end(body);
};

/** What a proxy in front of a dead engine says. */
export const replyErrorPage = (response: ServerResponse): void => {
  replyText(response, 502, 'text/html', '<html><body><h1>502 Bad Gateway</h1></body></html>');
};
