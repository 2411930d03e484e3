/**
 * Which trace a task belongs to. Pure, and the same after a restart: ids that nobody gave are made from the task's own, so spans of
 * several runs of the controller still are one trace.
 */
import { createHash } from 'node:crypto';

export type TraceContext = {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the span of the whole task. */
  readonly spanId: string;
  /** Of the caller; `null` = the task began the trace. */
  readonly parentSpanId: string | null;
};

/**
 * @param key - Unique over all tenants.
 * @param sampleRatio - Share of the traces that begin here which are kept, 0 to 1; a caller's own choice is followed.
 * @returns `null` for one that is not to be recorded.
 * @req ORCH-3101, ORCH-3024
 */
export const traceOfTask = (key: string, traceparent: string | undefined, sampleRatio: number): TraceContext | null => {
  const hash = createHash('sha256').update(key).digest('hex');
  const spanId = hash.slice(0, 16);
  if (traceparent === undefined) {
    const share = Number.parseInt(hash.slice(48, 60), 16) / 2 ** 48;
    return share < sampleRatio ? { traceId: hash.slice(16, 48), spanId, parentSpanId: null } : null;
  }
  const [, traceId = '', parentSpanId = '', flags = '00'] = traceparent.split('-');
  return (Number.parseInt(flags, 16) & 1) === 1 ? { traceId, spanId, parentSpanId } : null;
};

/** For whoever goes on from that span: it is recorded. */
export const toTraceparent = (traceId: string, spanId: string): string => `00-${traceId}-${spanId}-01`;
