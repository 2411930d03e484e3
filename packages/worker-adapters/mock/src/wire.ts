/** What the HTTP front hands to a wire, and what every wire needs to answer. It knows no engine's paths or bodies. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ScriptedEngine } from './engine.ts';
import type { EngineScript } from './script.ts';

export type WireRequest = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly body: string;
};

/** A connection's answer under way. */
export type Exchange = {
  readonly request: WireRequest;
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly script: EngineScript;
};

export type EngineLimits = { readonly ctxTokens: number; readonly modelName: string };

export type WireContext = {
  readonly engine: ScriptedEngine;
  readonly limits: EngineLimits;
  /** The process ends as the script says. */
  readonly exit: (code: number, stderr: string) => void;
  /** A request for work came. */
  readonly countTask: () => void;
};

/** One engine's protocol over the scripted engine. */
export type Wire = (context: WireContext) => (exchange: Exchange) => void;

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
