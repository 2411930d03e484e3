/**
 * What Triton's refusals and faults mean in our kinds, over HTTP, over gRPC and from `trtllm-serve`. It owns that table and
 * nothing else.
 */
import { status as grpcStatus } from '@grpc/grpc-js';
import { type HttpAnswer, isJsonObject, parseJson, quoteShortly, WorkerError, type WorkerHealth } from '@llama-orch/adapter-api';

/**
 * A non-2xx answer over HTTP.
 *
 * 1. A body that is not Triton's (a proxy's page): by status. The body of `generate_stream` is framed as an event also
 *    where the first response is an error and the status says so.
 * 2. 403: a restricted API. Its text is ours, because Triton's could quote the key.
 * 3. 503: the queue is full, the server exits, no version of the model is ready.
 * 4. 500: the model failed.
 * 5. All else (400, 404, 405, 501): by its text, see {@link toMessageError}.
 */
export const toRefusalError = ({ status, body }: HttpAnswer): WorkerError => {
  // 1
  const said = toErrorText(parseJson(body.startsWith('data:') ? body.slice('data:'.length) : body));
  if (status === 401 || status === 403) return unauthorized();
  if (said === null) return strange(status);
  // 3
  if (status === 503) return byText(said, notReady);
  return status >= 500 && status !== 501 ? byText(said, failed) : byText(said, rejected);
};

/** An error text without a status: inside a stream that had begun well. The model failed, unless the text says more. */
export const toMessageError = (said: string): WorkerError => byText(said, failed);

/**
 * The end of a gRPC call that is not OK.
 *
 * 1. The key. Triton refuses a restricted protocol as UNAVAILABLE.
 * 2. UNAVAILABLE is also what the library says of a connection that is not there, and of a page that a proxy answered.
 * 3. The request is at fault, or the model, by code; the text may know better.
 */
export const toGrpcError = (code: grpcStatus, details: string): WorkerError => {
  // 1
  if (code === grpcStatus.UNAUTHENTICATED || code === grpcStatus.PERMISSION_DENIED || restricted.test(details)) return unauthorized();
  // 2
  if (code === grpcStatus.UNAVAILABLE) {
    const page = httpPage.exec(details);
    if (page !== null) return strange(Number(page[1]));
    return connection.test(details) ? unreachable(details) : byText(details, notReady);
  }
  if (code === grpcStatus.DEADLINE_EXCEEDED) {
    return new WorkerError('worker-reset', 'The engine did not answer in time.', { mayRunAgain: true });
  }
  // 3
  return byText(details, requestFaults.has(code) ? rejected : failed);
};

const requestFaults: ReadonlySet<grpcStatus> = new Set([
  grpcStatus.INVALID_ARGUMENT,
  grpcStatus.NOT_FOUND,
  grpcStatus.UNIMPLEMENTED,
  grpcStatus.FAILED_PRECONDITION,
  grpcStatus.OUT_OF_RANGE,
  grpcStatus.ALREADY_EXISTS,
]);

/** What the end of a call for readiness says. */
export const toGrpcHealth = (code: grpcStatus, details: string): WorkerHealth => {
  const { kind, message } = toGrpcError(code, details);
  if (kind === 'pool-unready') return { kind: 'loading', message };
  const isDeaf = code === grpcStatus.DEADLINE_EXCEEDED || (code === grpcStatus.UNAVAILABLE && !httpPage.test(details));
  return { kind: isDeaf ? 'unreachable' : 'unhealthy', message };
};

/** Triton's `{"error":"text"}`, and the two forms of `trtllm-serve`; `null` for anything else. */
export const toErrorText = (answer: unknown): string | null => {
  if (!isJsonObject(answer)) return null;
  const { error, message, object } = answer;
  if (typeof error === 'string') return error;
  if (isJsonObject(error) && typeof error['message'] === 'string') return error['message'];
  return object === 'error' && typeof message === 'string' ? message : null;
};

/**
 * 1. The prompt is too long: TensorRT-LLM, vLLM and `trtllm-serve` each say so in their own words, with any status.
 * 2. Load and unload by request need `--model-control-mode=explicit`.
 * 3. Its queue is full.
 * 4. The model is not there (yet): another replica may have it.
 * 5. A request that somebody else canceled.
 */
const byText = (said: string, otherwise: (said: string) => WorkerError): WorkerError => {
  if (tooLong.test(said)) {
    return new WorkerError('prompt-too-long', `The prompt does not fit the engine’s context: ${quoteShortly(said)}.`, {
      mayRunAgain: false,
    });
  }
  if (explicitOnly.test(said)) return rejected(said);
  if (queueFull.test(said)) return new WorkerError('busy', `The engine’s queue is full: ${quoteShortly(said)}.`, { mayRunAgain: true });
  if (notThere.test(said)) return notReady(said);
  if (canceled.test(said)) return failed(said);
  return otherwise(said);
};

const tooLong =
  /(?:prompt|input|sequence|context|total)[^\n]{0,120}?(?:exceed|longer than|larger than|too long)|(?:max_seq_len|max_input_len|max_model_len|maximum (?:input|context|sequence|model) length)/i;
const explicitOnly = /explicit model load/i;
const queueFull = /maximum queue size|queue is full/i;
const notThere = /not ready|unknown model|no available versions|is not found|loading/i;
const canceled = /cancell?ed/i;
const restricted = /is restricted/i;
const connection = /connect|ECONN|socket|dropped|No connection established|read |write |resol|GOAWAY|stream (?:removed|refused)/i;
const httpPage = /HTTP status code (\d+)/i;

const unauthorized = (): WorkerError =>
  new WorkerError('engine-rejected', 'The engine refused our API key; check the key configured for this worker.', { mayRunAgain: false });

const notReady = (said: string): WorkerError =>
  new WorkerError('pool-unready', `The engine is not ready: ${quoteShortly(said)}.`, { mayRunAgain: true });

const unreachable = (details: string): WorkerError =>
  new WorkerError(
    'worker-reset',
    details.includes('ECONNREFUSED')
      ? 'Nothing listens at the worker’s address (ECONNREFUSED).'
      : `The connection to the worker failed (${quoteShortly(details)}).`,
    { mayRunAgain: true },
  );

const failed = (said: string): WorkerError =>
  new WorkerError('worker-reset', `The engine failed: ${quoteShortly(said)}.`, { mayRunAgain: true });

const rejected = (said: string): WorkerError =>
  new WorkerError('engine-rejected', `The engine refused the request: ${quoteShortly(said)}.`, { mayRunAgain: false });

const strange = (status: number): WorkerError =>
  status >= 500
    ? new WorkerError('worker-reset', `The engine’s address answered ${status} with something that is not Triton’s.`, {
        mayRunAgain: true,
      })
    : new WorkerError('engine-rejected', `The engine’s address answered ${status}; is it a Triton server?`, { mayRunAgain: false });
