/**
 * Where the controller's OpenTelemetry spans go, and how much of them it may hold.
 */
import { Type } from 'typebox';
import { count, httpUrl, milliseconds, ratio, section } from './field.ts';

/** @req ORCH-3101 */
export const tracingSchema = section(
  'OpenTelemetry traces, as OTLP over HTTP in JSON; read at start. Off without an endpoint here or in `OTEL_EXPORTER_OTLP_ENDPOINT`.',
  {
    endpoint: Type.Optional(httpUrl('Base URL of the collector; spans go to its `/v1/traces`.')),
    sample_ratio: ratio('Share of the tasks without a caller’s trace that are recorded; a caller’s own choice is followed.', 'ratio', {
      default: 1,
      minimum: 0,
      maximum: 1,
    }),
    max_queue: count('Spans that may wait to be sent; more are dropped and counted.', 'spans', {
      default: 8_192,
      minimum: 1,
      maximum: 1_000_000,
    }),
    batch: count('Spans of one request.', 'spans', { default: 512, minimum: 1, maximum: 10_000 }),
    interval_ms: milliseconds('Spans are sent at the latest after this.', { default: 1_000 }),
    timeout_ms: milliseconds('The collector must answer within this.', { default: 5_000 }),
  },
  { default: {} },
);
