/** What a body must be like, in Pact's matchers: exact where the consumer branches on it, a type where it only shows it. */
import { MatchersV3 } from '@pact-foundation/pact';
import type { Pattern } from './interaction.ts';

const { boolean, integer, like, nullValue, number, regex, string, eachLike, uuid } = MatchersV3;

export const any = { boolean, integer, like, nothing: nullValue, number, regex, string, eachLike, uuid };

export const anyDigest = (fill: string) => regex('^sha256:[0-9a-f]{64}$', `sha256:${fill.repeat(64)}`);
export const anyTime = () => regex('^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$', '2026-11-23T09:30:00.000Z');

/** Of every answer: the caller's own if it sent one, else one of the service's. */
export const correlation: Readonly<Record<string, Pattern>> = { 'X-Correlation-Id': { pattern: '^[\\x21-\\x7e]{1,128}$', example: 'c-1' } };

export const jsonHeaders = {
  ...correlation,
  'Content-Type': { pattern: '^application/json(; ?charset=utf-8)?$', example: 'application/json' },
};
export const streamHeaders = { ...correlation, 'Content-Type': { pattern: '^text/event-stream', example: 'text/event-stream' } };

/** Which field of the request is wrong. */
export const faults = (path: string) => ({ details: { faults: eachLike({ path, message: string('unknown field') }) } });

/** The error envelope: `code` and `retriable` decide what a consumer does, the rest is shown or logged. */
export const envelope = (code: string, retriable: boolean, more: Readonly<Record<string, unknown>> = {}) => ({
  code,
  message: string('What was expected, what was got, what to do.'),
  retriable,
  correlation_id: string('c-1'),
  ...more,
});
