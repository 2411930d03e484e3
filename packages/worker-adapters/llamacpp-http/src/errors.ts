/** What llama.cpp's refusals and faults mean in our kinds. It owns that table and nothing else. */
import { type HttpAnswer, isJsonObject, parseJson, quoteShortly, WorkerError } from '@llama-orch/adapter-api';
import { type EngineFault, toEngineFault } from './wire.ts';

/**
 * A non-2xx answer.
 *
 * 1. A body that is not the engine's (a proxy's page): by status.
 * 2. `unavailable_error`: no slot was free, or the model is still loading.
 * 3. `exceed_context_size_error`, and inputs above the physical batch (a 500): the prompt is too long.
 * 4. `authentication_error`: the key; its text is ours, because the engine's could quote it.
 * 5. `server_error`: as in a stream, see {@link toFaultError}.
 * 6. All else (bad values, unknown path, feature off): the engine refused what it was sent.
 */
export const toRefusalError = ({ status, body }: HttpAnswer): WorkerError => {
  const answer = parseJson(body);
  if (!isJsonObject(answer) || answer['error'] === undefined) {
    return status >= 500
      ? new WorkerError('worker-reset', `The engine’s address answered ${status} with something that is not llama.cpp’s.`, {
          mayRunAgain: true,
        })
      : new WorkerError('engine-rejected', `The engine’s address answered ${status}; is it a llama.cpp server?`, { mayRunAgain: false });
  }
  const fault = toEngineFault(answer['error']);
  switch (fault.type) {
    case 'unavailable_error':
      if (fault.message.includes('no slot available'))
        return new WorkerError('busy', 'Every slot of the engine is taken.', { mayRunAgain: true });
      return new WorkerError('pool-unready', `The engine is not ready: ${quote(fault)}.`, { mayRunAgain: true });
    case 'exceed_context_size_error':
      return new WorkerError('prompt-too-long', `The prompt does not fit the engine’s context: ${quote(fault)}.`, { mayRunAgain: false });
    case 'authentication_error':
      return new WorkerError('engine-rejected', 'The engine refused our API key; check the key configured for this worker.', {
        mayRunAgain: false,
      });
    case 'server_error':
      return toFaultError(fault);
    default:
      return new WorkerError('engine-rejected', `The engine answered ${status}: ${quote(fault)}.`, { mayRunAgain: false });
  }
};

/**
 * A `server_error`, as a status or inside a stream that had begun with 200.
 *
 * Most are the worker's own trouble (shared KV full, a failed computation), and another replica may do better. Three are
 * the same everywhere: an input above the physical batch, a body that is not JSON, and text that is not UTF-8 at its end.
 */
export const toFaultError = (fault: EngineFault): WorkerError => {
  if (fault.message.includes('too large to process')) {
    return new WorkerError('prompt-too-long', `The input does not fit the engine’s batch: ${quote(fault)}.`, { mayRunAgain: false });
  }
  if (fault.message.includes('json.exception') || isBrokenTextFault(fault)) {
    return new WorkerError('engine-rejected', `The engine failed: ${quote(fault)}.`, { mayRunAgain: false });
  }
  return new WorkerError('worker-reset', `The engine failed: ${quote(fault)}.`, { mayRunAgain: true });
};

/** The fault that comes instead of the final event when an answer ends inside a character. */
export const isBrokenTextFault = (fault: EngineFault): boolean => fault.message.includes('does not match the expected Content-only format');

/** The engine's words, short: a parse error quotes the request, and prompts stay out of logs. */
const quote = ({ type, message }: EngineFault): string => quoteShortly(message === '' ? type : message.replace(/;? *last read:.*$/s, ''));
