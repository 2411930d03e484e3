/** What TGI's refusals and faults mean in our kinds. It owns that table and nothing else. */
import { type HttpAnswer, isJsonObject, parseJson, quoteShortly, WorkerError } from '@llama-orch/adapter-api';
import { type EngineFault, toEngineFault } from './wire.ts';

/**
 * A non-2xx answer. Streams have none: their errors come inside a 200.
 *
 * 1. An `error_type`: as in a stream, see {@link toFaultError}.
 * 2. 401, with an empty body: the key.
 * 3. 413: above `--payload-limit`.
 * 4. Another 4xx is the web framework's, in plain text that may repeat the request, so none of it is quoted.
 * 5. All else is not the engine's.
 */
export const toRefusalError = ({ status, body }: HttpAnswer): WorkerError => {
  // 1
  const answer = parseJson(body);
  if (isJsonObject(answer) && typeof answer['error_type'] === 'string') return toFaultError(toEngineFault(answer));
  // 2
  if (status === 401) {
    return new WorkerError('engine-rejected', 'The engine refused our API key; check the key configured for this worker.', {
      mayRunAgain: false,
    });
  }
  // 3
  if (status === 413) {
    return new WorkerError('prompt-too-long', 'The request is larger than the engine takes (`--payload-limit`).', { mayRunAgain: false });
  }
  // 4
  if (status < 500) {
    return new WorkerError('engine-rejected', `The engine’s address answered ${status}; is it a TGI server?`, { mayRunAgain: false });
  }
  // 5
  return new WorkerError('worker-reset', `The engine’s address answered ${status} with something that is not TGI’s.`, {
    mayRunAgain: true,
  });
};

/**
 * A failure with its `error_type`, as a status or inside a stream, where every error is a 200: overload and validation too.
 *
 * 1. `overloaded`: more requests than `--max-concurrent-requests`.
 * 2. `validation` of the lengths: prompt, or prompt and `max_new_tokens` together.
 * 3. Other validation, templates and tools: the engine refused what it was sent.
 * 4. All else is the worker's own trouble (a failed batch takes every request in it along), and another replica may do better.
 */
export const toFaultError = (fault: EngineFault): WorkerError => {
  switch (fault.type) {
    case 'overloaded':
      return new WorkerError('busy', `The engine has no room: ${quote(fault)}.`, { mayRunAgain: true });
    case 'validation':
      return tooLong.test(fault.message)
        ? new WorkerError('prompt-too-long', `The prompt does not fit the engine’s context: ${quote(fault)}.`, { mayRunAgain: false })
        : new WorkerError('engine-rejected', `The engine refused the request: ${quote(fault)}.`, { mayRunAgain: false });
    case 'template_error':
    case 'missing_template_variable':
    case 'tool_error':
      return new WorkerError('engine-rejected', `The engine refused the request: ${quote(fault)}.`, { mayRunAgain: false });
    default:
      return new WorkerError('worker-reset', `The engine failed: ${quote(fault)}.`, { mayRunAgain: true });
  }
};

const tooLong = /`inputs` (tokens \+ `max_new_tokens` must be <=|must have less than)/;

const quote = ({ type, message }: EngineFault): string => quoteShortly(message === '' ? type : message);
