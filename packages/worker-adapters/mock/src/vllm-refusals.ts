/** How vLLM's server refuses: its error objects, and the mere strings it has instead in two places. It decides nothing. */
import type { ScriptedRefusal } from './script.ts';
import { type EngineLimits, type Exchange, replyErrorPage, replyJson } from './wire.ts';

export type Json = Readonly<Record<string, unknown>>;

export const errorObject = (code: number, type: string, message: string, param: string | null = null): Json => ({
  error: { message, type, param, code },
});

export const replyError = ({ response }: Exchange, code: number, type: string, message: string, param: string | null = null): void => {
  replyJson(response, code, errorObject(code, type, message, param));
};

export const replyTooLong = (exchange: Exchange, tokensIn: number, maxTokens: number, { ctxTokens }: EngineLimits): void => {
  const message = `You passed ${tokensIn} input tokens and requested ${maxTokens} output tokens. However, the model's context length is only ${ctxTokens} tokens, resulting in a maximum input length of ${ctxTokens - maxTokens} tokens. Please reduce the length of the input prompt.`;
  replyError(exchange, 400, 'BadRequestError', message, 'input_tokens');
};

export const refuse = (exchange: Exchange, limits: EngineLimits, refusal: ScriptedRefusal): void => {
  switch (refusal) {
    case 'prompt-too-long':
      replyTooLong(exchange, limits.ctxTokens + 1, 16, limits);
      return;
    case 'invalid-request':
      // As the web framework words it, the request's own value included.
      replyError(
        exchange,
        400,
        'Bad Request',
        `[{'type': 'int_parsing', 'loc': ('body', 'max_tokens'), 'msg': 'Input should be a valid integer', 'input': ${exchange.request.body}}]`,
      );
      return;
    case 'unauthorized':
      replyJson(exchange.response, 401, { error: 'Unauthorized' });
      return;
    case 'loading':
      // While it loads it takes no connection; what it says when it changes its size comes nearest.
      replyJson(exchange.response, 503, { error: 'The model is currently scaling. Please try again later.' });
      return;
    case 'queue-full':
      replyError(
        exchange,
        503,
        'Service Unavailable',
        'The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.',
      );
      return;
    case 'server-error':
      replyError(exchange, 500, 'InternalServerError', 'EngineCore encountered an issue. See stack trace (above) for the root cause.');
      return;
    case 'error-page':
      replyErrorPage(exchange.response);
  }
};

/** The body as an object; answers itself, as the engine does, where it is none. */
export const bodyOf = (exchange: Exchange): Json | null => {
  const { headers, body } = exchange.request;
  if (headers['content-type']?.startsWith('application/json') !== true) {
    replyError(exchange, 400, 'Bad Request', "Unsupported Media Type: Only 'application/json' is allowed");
    return null;
  }
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    replyError(exchange, 400, 'Bad Request', "[{'type': 'json_invalid', 'loc': ('body', 0), 'msg': 'JSON decode error'}]");
    return null;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  replyError(exchange, 400, 'Bad Request', "[{'type': 'model_attributes_type', 'loc': ('body',)}]");
  return null;
};
