/** Requests of an operation, fitting or not, as data. It sends none. */
import fc from 'fast-check';
import { mutated, valid } from './arbitrary.ts';
import type { Document, Operation, Parameter } from './openapi.ts';

export type FuzzRequest = {
  readonly operation: Operation;
  /** Whether everything about it fits the contract. */
  readonly fits: boolean;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
};

/** Ids that exist, or existed, so that not every request is for nothing. */
export type Known = {
  readonly taskIds: readonly string[];
  readonly sessionIds: readonly string[];
  readonly poolId: string;
  readonly agent: string;
  readonly model: string;
};

export function requestsOf(document: Document, operation: Operation, known: Known): fc.Arbitrary<FuzzRequest> {
  const body = operation.body === null ? fc.constant(undefined) : bodyOf(document, operation, known);
  return fc
    .record({
      path: fc.record(valuesOf(document, operation, known, 'path')),
      query: fc.record(valuesOf(document, operation, known, 'query'), { requiredKeys: [] }),
      headers: fc.record(valuesOf(document, operation, known, 'header'), { requiredKeys: [] }),
      body,
      wrong: fc.oneof(
        { weight: 12, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.constantFrom('path', 'query', 'json', 'type') },
      ),
      odd: fc.constantFrom('%00', 'a%2Fb', '%E2%80%A8', 'x'.repeat(300), '-1', '1e9', 'null', '%ff'),
    })
    .map(({ path, query, headers, body: sent, wrong, odd }) => {
      const filled = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        wrong === 'path' ? odd : encodeURIComponent(String(path[name])),
      );
      const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
      if (wrong === 'query') search.set('generation', odd);
      const text = sent === undefined ? undefined : JSON.stringify(sent.value);
      const broken = wrong === 'json' && text !== undefined ? text.slice(0, Math.max(1, text.length >> 1)) : text;
      return {
        operation,
        fits: wrong === null && sent?.fits !== false,
        path: `${filled}${search.size > 0 ? `?${search.toString()}` : ''}`,
        headers: {
          ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
          ...(text !== undefined && { 'content-type': wrong === 'type' ? 'text/plain' : 'application/json' }),
        },
        body: broken,
      };
    });
}

function bodyOf(document: Document, operation: Operation, known: Known): fc.Arbitrary<{ readonly fits: boolean; readonly value: unknown }> {
  const fitting = valid(document, operation.body).map((value) => lifelike(operation, value, known));
  return fc.oneof(
    { weight: 3, arbitrary: fitting.map((value) => ({ fits: true, value })) },
    { weight: 2, arbitrary: mutated(fitting).map((value) => ({ fits: false, value })) },
  );
}

/** A task for a model that is there; without this nearly every one would be refused for the same reason. */
function lifelike(operation: Operation, value: unknown, { model, taskIds, sessionIds }: Known): unknown {
  if (operation.id !== 'submitTask' || typeof value !== 'object' || value === null) return value;
  const { pin_pool_id: _, ctx: __, engine: ___, ...task } = value as Record<string, unknown>;
  const number = JSON.stringify(value).length;
  return {
    ...task,
    model_ref: model,
    ...('task_id' in task && { task_id: taskIds[number % taskIds.length] }),
    ...('session_id' in task && { session_id: sessionIds[number % sessionIds.length] }),
    ...('sampler_profile_version' in task && { sampler_profile_version: 'v1' }),
    ...('deadline_ms' in task && { deadline_ms: 60_000 }),
    ...('max_tokens' in task && { max_tokens: 1 + (number % 32) }),
  };
}

function valuesOf(document: Document, operation: Operation, known: Known, place: Parameter['in']): Record<string, fc.Arbitrary<unknown>> {
  const own = operation.parameters.filter((parameter) => parameter.in === place);
  return Object.fromEntries(own.map((parameter) => [parameter.name, valueOf(document, operation, parameter, known)]));
}

function valueOf(document: Document, { path }: Operation, { name, schema }: Parameter, known: Known): fc.Arbitrary<unknown> {
  const fitting = valid(document, schema);
  const existing = name === 'id' || name === 'name' ? idsFor(path, known) : null;
  // A long poll that waits half a minute would say nothing more than one that does not.
  if (name === 'wait_ms') return fc.constantFrom(0, 1);
  // Header values are bytes on the wire.
  const printable = (value: unknown): boolean => typeof value !== 'string' || /^[\x21-\x7e]*$/.test(value);
  return existing === null
    ? fitting.filter(printable)
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...existing) }, { weight: 1, arbitrary: fitting });
}

function idsFor(path: string, known: Known): readonly string[] | null {
  if (path.startsWith('/v1/tasks')) return known.taskIds;
  if (path.startsWith('/v1/sessions')) return known.sessionIds;
  if (path.startsWith('/v1/pools')) return [known.poolId];
  if (path.startsWith('/v1/agents')) return [known.agent];
  return null;
}
