/**
 * Whether this process records traces, and whither they go: the config, or the variables that every OpenTelemetry exporter reads.
 */
import type { Config } from '@llama-orch/config-schema';
import { type Logger, StartError } from '@llama-orch/service-kit';
import { SpanExporter, type SpanExporterOptions, type SpanSink } from './span-exporter.ts';

type TracingConfig = Config['controller']['tracing'];

/**
 * @returns What makes the exporter; it makes `null` where nothing is to be traced.
 * @errors As {@link tracingTarget}, at once.
 * @req ORCH-3101
 */
export const createSpanSinks = (
  tracing: TracingConfig,
  { env, version, log }: { readonly env: Environment; readonly version: string; readonly log: Logger },
): ((onOutcome: SpanExporterOptions['onOutcome']) => SpanSink | null) => {
  const target = tracingTarget(tracing, env);
  if (target === null) return () => null;
  const { origin } = new URL(target.url);
  log.info({ event: 'tracing', collector: origin }, `spans go to ${origin}`);
  const resource = { 'service.name': env['OTEL_SERVICE_NAME'] || 'orchestratord', 'service.version': version };
  const { max_queue: maxQueue, batch, interval_ms: intervalMs, timeout_ms: timeoutMs } = tracing;
  return (onOutcome) =>
    new SpanExporter({ ...target, resource, version, maxQueue: Math.max(maxQueue, batch), batch, intervalMs, timeoutMs, log, onOutcome });
};

type TracingTarget = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * 1. `controller.tracing.endpoint`, else `OTEL_EXPORTER_OTLP_ENDPOINT`: a base, to which `/v1/traces` is added.
 * 2. `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is taken as it is, and before the other variable.
 * 3. None of them, or `OTEL_SDK_DISABLED=true`: off.
 *
 * @errors StartError for an address that is no `http` URL, or headers that are not `name=value,…`.
 * @req ORCH-3101
 */
export const tracingTarget = ({ endpoint }: TracingConfig, env: Environment): TracingTarget | null => {
  // 3
  if (env['OTEL_SDK_DISABLED'] === 'true') return null;
  // 1 and 2
  const base = endpoint ?? env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const whole = endpoint === undefined ? env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] : undefined;
  const given = whole || (base ? `${base.replace(/\/+$/, '')}/v1/traces` : undefined);
  if (given === undefined) return null;
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    throw new StartError(`The OTLP endpoint ${JSON.stringify(given)} is not an http or https URL.`);
  return { url: given, headers: toHeaders(env['OTEL_EXPORTER_OTLP_HEADERS'] ?? '') };
};

/** `name=value,name=value`, values percent-encoded; never repeated in a message, for they hold keys. */
const toHeaders = (text: string): Record<string, string> => {
  const headers = text.split(',').filter((part) => part.trim() !== '');
  const entries = headers.map((part) => /^\s*([A-Za-z0-9-]+)\s*=(.*)$/.exec(part));
  if (entries.some((entry) => entry === null))
    throw new StartError('OTEL_EXPORTER_OTLP_HEADERS: expected name=value, separated by commas.');
  return Object.fromEntries(entries.map((entry) => [entry?.[1]?.toLowerCase() ?? '', decode(entry?.[2]?.trim() ?? '')]));
};

const decode = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new StartError('OTEL_EXPORTER_OTLP_HEADERS: a value is not percent-encoded as it should be.');
  }
};
