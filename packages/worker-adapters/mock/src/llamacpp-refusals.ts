/** How llama.cpp's server refuses: its error objects, in its words and with its status. It decides nothing. */
import { type Exchange, type EngineLimits, replyErrorPage, replyJson } from './wire.ts';
import type { ScriptedRefusal } from './script.ts';

export type Json = Readonly<Record<string, unknown>>;

export const replyError = ({ response }: Exchange, code: number, type: string, message: string, more: Json = {}): void => {
  replyJson(response, code, { error: { code, message, type, ...more } });
};

export const replyTooLong = (exchange: Exchange, tokensIn: number, { ctxTokens }: EngineLimits): void => {
  replyError(
    exchange,
    400,
    'exceed_context_size_error',
    `request (${tokensIn} tokens) exceeds the available context size (${ctxTokens} tokens), try increasing it`,
    { n_prompt_tokens: tokensIn, n_ctx: ctxTokens },
  );
};

export const refuse = (exchange: Exchange, limits: EngineLimits, refusal: ScriptedRefusal): void => {
  switch (refusal) {
    case 'prompt-too-long':
      replyTooLong(exchange, limits.ctxTokens + 1, limits);
      return;
    case 'invalid-request':
      replyWrongType(exchange, 'n_predict', 'number');
      return;
    case 'unauthorized':
      replyError(exchange, 401, 'authentication_error', 'Invalid API Key');
      return;
    case 'loading':
      replyError(exchange, 503, 'unavailable_error', 'Loading model');
      return;
    case 'queue-full':
      // Its own queue has no bound: nothing it says is nearer than this.
      replyError(exchange, 503, 'unavailable_error', 'no slot available');
      return;
    case 'server-error':
      replyError(exchange, 500, 'server_error', 'Compute error.');
      return;
    case 'error-page':
      replyErrorPage(exchange.response);
  }
};

export const replyWrongType = (exchange: Exchange, field: string, type: string): void => {
  const message = `Field '${field}': [json.exception.type_error.302] type must be ${type}, but is string`;
  replyError(exchange, 400, 'invalid_request_error', message);
};

/** The body as an object; answers itself, as the engine does, where it is none. */
export const bodyOf = (exchange: Exchange): Json | null => {
  let value: unknown;
  try {
    value = JSON.parse(exchange.request.body);
  } catch {
    const message = '[json.exception.parse_error.101] parse error at line 1, column 1: syntax error while parsing value';
    replyError(exchange, 500, 'server_error', message);
    return null;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  replyError(exchange, 400, 'invalid_request_error', 'the request body must be an object');
  return null;
};
