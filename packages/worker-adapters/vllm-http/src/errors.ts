/** What vLLM's refusals and faults mean in our kinds. It owns that table and nothing else. */
import { type HttpAnswer, isJsonObject, parseJson, quoteShortly, WorkerError } from '@llama-orch/adapter-api';
import { type EngineFault, isScaling, toEngineFault } from './wire.ts';

/**
 * A non-2xx answer.
 *
 * 1. A body that is not the engine's (a proxy's page, a path it does not have): by status.
 * 2. 401: the key. Its `error` is a mere string, and the text is ours.
 * 3. 503 with a mere string: the engine changes its size and will be back.
 * 4. All else as in a stream, see {@link toFaultError}.
 */
export const toRefusalError = ({ status, body }: HttpAnswer): WorkerError => {
  // 1
  const answer = parseJson(body);
  if (!isJsonObject(answer) || answer['error'] === undefined) {
    return status >= 500
      ? new WorkerError('worker-reset', `The engine’s address answered ${status} with something that is not vLLM’s.`, { mayRunAgain: true })
      : new WorkerError(
          'engine-rejected',
          `The engine’s address answered ${status}; is it a vLLM server, started for this workload (\`--runner\`)?`,
          { mayRunAgain: false },
        );
  }
  // 2
  if (status === 401) {
    return new WorkerError('engine-rejected', 'The engine refused our API key; check the key configured for this worker.', {
      mayRunAgain: false,
    });
  }
  // 3
  const fault = toEngineFault(answer['error']);
  if (status === 503 && isScaling(fault)) {
    return new WorkerError('pool-unready', `The engine is not ready: ${quote(fault)}.`, { mayRunAgain: true });
  }
  // 4
  return toFaultError({ ...fault, code: status });
};

/**
 * A failure with an `error` object, as a status or inside a stream that had begun with 200: a request passes the queue's limit
 * a second time after the head was sent.
 *
 * 1. 503 and 429: `--max-num-queued-reqs` or `--max-num-queued-tokens` is reached. There is no other 503 of this shape.
 * 2. Above the model's length: prompt and `max_tokens` together; it is refused, never cut.
 * 3. Another 4xx, and 501 (not this model's task): the engine refused what it was sent.
 * 4. All else is the worker's own trouble, and another replica may do better.
 */
export const toFaultError = (fault: EngineFault): WorkerError => {
  const { code, param, message } = fault;
  // 1
  if (code === 503 || code === 429) return new WorkerError('busy', `The engine has no room: ${quote(fault)}.`, { mayRunAgain: true });
  // 2
  if (code === 400 && (param === 'input_tokens' || tooLong.test(message))) {
    return new WorkerError('prompt-too-long', `The prompt does not fit the engine’s context: ${quote(fault)}.`, { mayRunAgain: false });
  }
  // 3
  if ((code >= 400 && code < 500) || code === 501) {
    return new WorkerError('engine-rejected', `The engine answered ${code}: ${quote(fault)}.`, { mayRunAgain: false });
  }
  // 4
  return new WorkerError('worker-reset', `The engine failed: ${quote(fault)}.`, { mayRunAgain: true });
};

/** The words of releases that do not name the parameter. */
const tooLong = /maximum (context|model) length|max_model_len/;

/** The engine's words, short: a validation error repeats its `input`, and prompts stay out of logs. */
const quote = ({ type, message }: EngineFault): string =>
  quoteShortly(message === '' ? type : message.replace(/[,{(\s]*['"]?input(_value)?['"]?\s*[:=].*$/s, ''));
