/**
 * How all services log: one JSON line per event on stdout, or readable lines on a terminal. It keeps keys and prompts out; it
 * decides nothing about what is logged.
 */
import type { LogLevel } from '@llama-orch/config-schema';
import { type DestinationStream, type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino';
import prettyStream from 'pino-pretty';
import { keyPrefix } from './api-key.ts';
import { createLineBatch } from './line-batch.ts';

export type { Logger } from 'pino';

export type LogOptions = {
  /** Name of the service, in every line. */
  readonly service: string;
  readonly level: LogLevel;
  /** Default stdout. */
  readonly stream?: DestinationStream;
  /** Readable lines; default {@link wantsPrettyLog}. */
  readonly pretty?: boolean;
};

/** Fields that never leave the process, at any depth. */
const secretFields = new Set([
  'api_key',
  'apikey',
  'authorization',
  'content',
  'controllerkey',
  'cookie',
  'inputs',
  'key_secret',
  'keysecret',
  'password',
  'prompt',
  'secret',
  'text',
  'token',
]);

const redacted = '[redacted]';

/** Keys of ours, and whatever stands after `Bearer`, wherever in a line they are. */
const secretText = new RegExp(`(\\bBearer\\s+)[^\\s"\\\\]+|\\b${keyPrefix}[A-Za-z0-9_-]{20,}`, 'gi');

/**
 * A logger. Call it as `log.info({ event: 'task_admitted', task_id }, 'task admitted')`: a fixed `event`, the spec's fields, and a
 * sentence for people.
 *
 * Lines go out together at the end of a turn of the event loop, and at the latest when the process exits, whatever ends it.
 *
 * @req ORCH-3027, ORCH-3043
 */
export const createLogger = ({ service, level, stream, pretty = wantsPrettyLog(process.env, process.stdout) }: LogOptions): Logger => {
  const output = stream ?? stdout();
  return pino(
    {
      level,
      base: { service },
      messageKey: 'msg',
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => withoutSecrets(fields, 0),
      },
      serializers: { err: stdSerializers.errWithCause },
      // pino formats no bindings of child loggers, but it redacts them.
      redact: { paths: [...secretFields], censor: redacted },
      hooks: { streamWrite: (line) => line.replace(secretText, (_match, bearer?: string) => `${bearer ?? ''}${redacted}`) },
    },
    pretty
      ? prettyStream({
          destination: output,
          sync: true,
          colorize: process.stdout.isTTY && !process.env['NO_COLOR'],
          singleLine: true,
          ignore: 'service',
        })
      : output,
  );
};

/** `ORCH_LOG=pretty` or `json` decides; without it, whether somebody is watching. */
export const wantsPrettyLog = (env: Readonly<Record<string, string | undefined>>, output: { readonly isTTY?: boolean }): boolean =>
  env['ORCH_LOG'] === undefined ? output.isTTY === true : env['ORCH_LOG'] === 'pretty';

const stdout = (): DestinationStream => {
  const destination = pino.destination({ dest: 1, sync: true });
  // Nobody reads any more (EPIPE). The service goes on: its work does not depend on who watches it.
  destination.on('error', () => {});
  const batch = createLineBatch(destination);
  process.on('exit', () => batch.flush());
  return batch;
};

/** Deeper than any line of ours. */
const maxDepth = 6;

/** Copies only what it has to change: nearly no line has a secret or an object in it. */
const withoutSecrets = (fields: Record<string, unknown>, depth: number): Record<string, unknown> => {
  let safe = fields;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    const shown = secretFields.has(name.toLowerCase()) ? redacted : cleaned(value, depth + 1);
    if (shown === value) continue;
    if (safe === fields) safe = { ...fields };
    safe[name] = shown;
  }
  return safe;
};

const cleaned = (value: unknown, depth: number): unknown => {
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (depth > maxDepth) return redacted;
  if (Array.isArray(value)) return value.map((item) => cleaned(item, depth + 1));
  return isPlain(value) ? withoutSecrets(value, depth) : value;
};

const isPlain = (value: object): value is Record<string, unknown> => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
