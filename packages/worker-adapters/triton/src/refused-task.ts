/** The answer to a task that no engine of this kind can run. It owns that form: like every submit it fails when it is read. */
import { WorkerError, type WorkerEvent } from '@llama-orch/adapter-api';

/** @errors `engine-rejected` at the first step. */
export const refuseTask = (message: string): AsyncIterable<readonly WorkerEvent[]> => ({
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new WorkerError('engine-rejected', message, { mayRunAgain: false })) }),
});
