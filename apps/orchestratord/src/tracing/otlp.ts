/**
 * Spans as OTLP/HTTP wants them in JSON (https://opentelemetry.io/docs/specs/otlp/). Pure; it sends nothing. Written out here because it is
 * one small mapping, and the SDK would bring a second clock, context and id generator beside the ones the loop is given.
 */

export type AttributeValue = string | number | boolean;

export type Span = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** `server`: asked from outside; `client`: asks a worker. */
  readonly kind: 'internal' | 'server' | 'client';
  readonly startEpochMs: number;
  readonly endEpochMs: number;
  /** Never a prompt or a generated text. `null` = not known, left out. */
  readonly attributes: Readonly<Record<string, AttributeValue | null>>;
  readonly events: readonly { readonly name: string; readonly epochMs: number }[];
  /** `null` = it did not fail. */
  readonly error: string | null;
};

const kinds = { internal: 1, server: 2, client: 3 } as const;

/** `STATUS_CODE_ERROR`. */
const failed = 2;

/** @param resource - Attributes of the service. */
export const toOtlpBody = (spans: readonly Span[], resource: Readonly<Record<string, string>>, version: string): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: toAttributes(resource) },
        scopeSpans: [{ scope: { name: 'llama-orch', version }, spans: spans.map(toOtlpSpan) }],
      },
    ],
  });

const toOtlpSpan = (span: Span) => ({
  traceId: span.traceId,
  spanId: span.spanId,
  ...(span.parentSpanId !== null && { parentSpanId: span.parentSpanId }),
  name: span.name,
  kind: kinds[span.kind],
  startTimeUnixNano: toNanos(span.startEpochMs),
  endTimeUnixNano: toNanos(span.endEpochMs),
  attributes: toAttributes(span.attributes),
  events: span.events.map(({ name, epochMs }) => ({ name, timeUnixNano: toNanos(epochMs) })),
  status: span.error === null ? {} : { code: failed, message: span.error },
});

/** 64-bit integers are strings in OTLP's JSON. */
const toNanos = (epochMs: number): string => `${BigInt(Math.round(epochMs * 1_000)) * 1_000n}`;

const toAttributes = (attributes: Readonly<Record<string, AttributeValue | null>>) =>
  Object.entries(attributes).flatMap(([key, value]) => (value === null ? [] : [{ key, value: toValue(value) }]));

const toValue = (value: AttributeValue) => {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: `${value}` } : { doubleValue: value };
};
