/** How TGI refuses: `error` and `error_type`, with a status where the answer is no stream. It decides nothing. */
import type { ScriptedRefusal } from './script.ts';
import { type EngineLimits, type Exchange, replyErrorPage, replyJson, replyText } from './wire.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A refusal in TGI's words. */
export type Refusal = { readonly status: number; readonly type: string; readonly error: string };

export const validation = (error: string): Refusal => ({ status: 422, type: 'validation', error: `Input validation error: ${error}` });

export const overloaded: Refusal = { status: 429, type: 'overloaded', error: 'Model is overloaded' };

export const generation = (message: string): Refusal => ({
  status: 424,
  type: 'generation',
  error: `Request failed during generation: ${message}`,
});

export const tooLong = (tokensIn: number, maxTokens: number, ctxTokens: number): Refusal =>
  validation(
    `\`inputs\` tokens + \`max_new_tokens\` must be <= ${ctxTokens}. Given: ${tokensIn} \`inputs\` tokens and ${maxTokens} \`max_new_tokens\``,
  );

export const errorEvent = ({ error, type }: Refusal): string => `data:${JSON.stringify({ error, error_type: type })}\n\n`;

/** A stream's refusal is an event under a 200, whatever is wrong; another request's has its status. */
export const replyRefusal = (exchange: Exchange, refusal: Refusal, form: 'stream' | 'whole'): void => {
  if (form === 'stream') exchange.response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(errorEvent(refusal));
  else replyJson(exchange.response, refusal.status, { error: refusal.error, error_type: refusal.type });
};

export const refuse = (exchange: Exchange, limits: EngineLimits, refusal: ScriptedRefusal, form: 'stream' | 'whole'): void => {
  switch (refusal) {
    case 'prompt-too-long':
      replyRefusal(exchange, tooLong(limits.ctxTokens + 1, 20, limits.ctxTokens), form);
      return;
    case 'invalid-request':
      replyRefusal(exchange, validation('`temperature` must be strictly positive'), form);
      return;
    case 'unauthorized':
      replyText(exchange.response, 401, 'text/plain', '');
      return;
    case 'loading':
      // Until it has loaded it takes no connection; nothing it says means this.
      replyRefusal(exchange, generation('the model is not ready'), form);
      return;
    case 'queue-full':
      replyRefusal(exchange, overloaded, form);
      return;
    case 'server-error':
      replyRefusal(exchange, generation('CUDA error'), form);
      return;
    case 'error-page':
      replyErrorPage(exchange.response);
  }
};

/** The body as an object; answers itself, in the web framework's plain text, where it is none. */
export const bodyOf = (exchange: Exchange): Json | null => {
  const { headers, body } = exchange.request;
  if (headers['content-type']?.startsWith('application/json') !== true) {
    replyText(exchange.response, 415, 'text/plain', 'Expected request with `Content-Type: application/json`');
    return null;
  }
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    replyText(exchange.response, 400, 'text/plain', 'Failed to parse the request body as JSON');
    return null;
  }
  if (typeof value === 'object' && value !== null && 'inputs' in value && typeof value.inputs === 'string') return { ...value };
  replyText(exchange.response, 422, 'text/plain', `Failed to deserialize the JSON body into the target type: ${body}`);
  return null;
};
