/** Holds the OpenAPI documents to their own rules: examples that validate, requirement ids that exist, headers and errors that are declared. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { openapiDocument } from './generated/openapi-document.ts';
import { operations } from './generated/operations.ts';
import { type SchemaName, schemaBundle } from './generated/validators.ts';
import { validate } from './validate.ts';

type Node = { readonly [key: string]: unknown };
type Media = { readonly schema: Node; readonly examples?: Readonly<Record<string, { readonly value: unknown }>> };

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const folder = new URL('../../openapi/', import.meta.url);
const documents: Readonly<Record<string, Node>> = Object.fromEntries(
  readdirSync(folder)
    .toSorted()
    .map((name): [string, Node] => [name.replace('.yaml', ''), parse(readFileSync(new URL(name, folder), 'utf8')) as Node]),
);
const spec = readFileSync(new URL('../../../specs/orchestrator-spec.md', import.meta.url), 'utf8');

function* walk(value: unknown, path: readonly string[] = []): Generator<readonly [readonly string[], Node]> {
  if (Array.isArray(value)) {
    for (const [i, child] of value.entries()) {
      yield* walk(child, [...path, String(i)]);
    }
  } else if (isNode(value)) {
    yield [path, value];
    for (const [key, child] of Object.entries(value)) {
      yield* walk(child, [...path, key]);
    }
  }
}

/** A node, or what its `$ref` leads to; component names are unique over the documents. */
function resolve(node: Node): Node {
  const ref = node['$ref'];
  if (typeof ref !== 'string') {
    return node;
  }
  const [, , section = '', name = ''] = ref.slice(ref.indexOf('#')).split('/');
  const found = Object.values(documents)
    .map((document) => ((document['components'] as Node)[section] as Node | undefined)?.[name])
    .find((component) => component !== undefined);
  if (!isNode(found)) {
    throw new Error(`${ref} leads nowhere`);
  }
  return found;
}

const schemaName = (schema: Node): SchemaName | undefined =>
  typeof schema['$ref'] === 'string' ? (schema['$ref'].split('/').at(-1) as SchemaName) : undefined;

/** Each operation with its responses, resolved. */
const allOperations = Object.values(documents).flatMap((document) =>
  Object.entries(document['paths'] as Record<string, Node>).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => method !== 'parameters')
      .map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        path,
        operation: operation as Node,
        parameters: [...((item['parameters'] ?? []) as Node[]), ...(((operation as Node)['parameters'] ?? []) as Node[])].map(resolve),
        responses: Object.entries((operation as Node)['responses'] as Record<string, Node>).map(([status, response]) => ({
          status: Number(status),
          response: resolve(response),
        })),
      })),
  ),
);

test('the documents are OpenAPI 3.1 of version 1.0.0', () => {
  expect(Object.keys(documents)).toEqual(['agent', 'control', 'data']);
  for (const document of Object.values(documents)) {
    expect(document['openapi']).toBe('3.1.0');
    expect((document['info'] as Node)['version']).toBe('1.0.0');
  }
});

test('no key holds a blank: an unquoted comma would make one', () => {
  const odd = Object.entries(documents).flatMap(([name, document]) =>
    [...walk(document)].flatMap(([path, node]) =>
      Object.keys(node)
        .filter((key) => key.includes(' '))
        .map((key) => `${name} ${path.join('/')}: ${key}`),
    ),
  );
  expect(odd).toEqual([]);
});

test('every example validates against its schema', () => {
  let examples = 0;
  for (const [name, document] of Object.entries(documents)) {
    for (const [path, node] of walk(document)) {
      const schema = node['schema'];
      if (path.at(-2) === 'content' && path.at(-1) === 'application/json' && isNode(schema)) {
        const named = schemaName(schema);
        for (const [id, example] of Object.entries((node as unknown as Media).examples ?? {})) {
          expect(named, `${name} ${path.join('/')}`).toBeDefined();
          expect(named && validate(named, example.value), `${name} ${path.join('/')} ${id}`).toMatchObject({ ok: true });
          examples += 1;
        }
      }
    }
  }
  expect(examples).toBeGreaterThan(40);
});

test('every JSON body of an operation has an example', () => {
  const without = allOperations.flatMap(({ name, operation, responses }) => {
    const bodies = [operation['requestBody'], ...responses.map(({ response }) => response)].filter(isNode);
    return bodies.flatMap((body) => {
      const media = (body['content'] as Record<string, Media> | undefined)?.['application/json'];
      return media !== undefined && media.schema['$ref'] !== undefined && Object.keys(media.examples ?? {}).length === 0 ? [name] : [];
    });
  });
  expect(without).toEqual([]);
});

test('[ORCH-2002] the example of the stream is one stream of events that fit their schemas', () => {
  const stream = allOperations.find(({ operation }) => operation['operationId'] === 'streamTask')?.responses[0]?.response;
  const media = (stream?.['content'] as Record<string, Media> | undefined)?.['text/event-stream'];
  const declared = (media as unknown as { 'x-sse-events': Record<string, { data: Node }> })['x-sse-events'];
  const frames = String(media?.examples?.['short']?.value).trimEnd().split('\n\n');
  const names = frames.map((frame) => {
    const [, event = '', data = ''] = /(?:^|\n)event: (.*)\ndata: (.*)$/.exec(frame) ?? [];
    expect(validate(schemaName(declared[event]?.data ?? {}) ?? 'Uuid', JSON.parse(data)), event).toMatchObject({ ok: true });
    expect(frame.startsWith('id: '), event).toBe(event !== 'metrics');
    return event;
  });
  expect(names).toEqual(['started', 'token', 'metrics', 'token', 'end']);
});

test('every operation and every typed error names requirements that the spec has', () => {
  for (const { name, operation, responses } of allOperations) {
    const errors = responses
      .filter(({ status }) => status >= 400)
      .map(({ status, response }) => ({ what: `${name} ${status}`, node: response }));
    for (const { what, node } of [{ what: name, node: operation }, ...errors]) {
      const ids = (node['x-req-id'] ?? []) as readonly string[];
      expect(ids.length, what).toBeGreaterThan(0);
      for (const id of ids) {
        expect(spec, what).toContain(`**[${id}] `);
      }
    }
  }
});

test('every requirement of sections 2 and 3 is named by an operation, a response or a schema', () => {
  const chapters = spec.slice(spec.indexOf('## 2 OrchQueue'), spec.indexOf('## 4 Requirements'));
  const named = new Set(
    Object.values(documents).flatMap((document) =>
      [...walk(document)].flatMap(([, node]) => (node['x-req-id'] ?? []) as readonly string[]),
    ),
  );
  const missing = [...chapters.matchAll(/^- \*\*\[(ORCH-\d{4})\]/gm)].map((match) => match[1] ?? '').filter((id) => !named.has(id));
  expect(missing).toEqual([]);
});

test('[ORCH-2012] every response carries the correlation id, every operation takes one', () => {
  for (const { name, parameters, responses } of allOperations) {
    expect(
      parameters.map((parameter) => parameter['name']),
      name,
    ).toContain('X-Correlation-Id');
    for (const { status, response } of responses) {
      expect(Object.keys((response['headers'] ?? {}) as Node), `${name} ${status}`).toContain('X-Correlation-Id');
    }
  }
});

test('[ORCH-2006] every non-2xx body is the envelope, narrowed to its codes', () => {
  for (const { name, responses } of allOperations) {
    for (const { status, response } of responses.filter(({ status }) => status >= 400)) {
      const schema = (response['content'] as Record<string, Media>)['application/json']?.schema ?? {};
      expect(resolve(schema)['allOf'], `${name} ${status}`).toEqual([{ $ref: '#/components/schemas/ErrorEnvelope' }]);
    }
  }
});

test('[ORCH-2007] a 429 carries its waits and its policy', () => {
  const [backpressure] = allOperations.flatMap(({ responses }) => responses.filter(({ status }) => status === 429));
  const headers = backpressure?.response['headers'] as Record<string, Node>;
  expect(Object.keys(headers)).toEqual(expect.arrayContaining(['Retry-After', 'X-Backoff-Ms', 'X-Queue-Position', 'X-Queue-ETA-Ms']));
  expect([headers['Retry-After'], headers['X-Backoff-Ms']].map((header) => header && resolve(header)['required'])).toEqual([true, true]);
  expect((schemaBundle.$defs.BackpressureError as { required: string[] }).required).toContain('policy_label');
});

test('[ORCH-3035] every operation under /v1 needs a scope', () => {
  expect(operations.filter(({ path, scope }) => path.startsWith('/v1/') && scope === 'none')).toEqual([]);
});

test('[ORCH-3044] every public path but those of the service carries the version', () => {
  const bare = operations.filter(({ path }) => !path.startsWith('/v1/')).map(({ path }) => path);
  expect(bare).toEqual(['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs']);
});

test('operation ids are unique, and the table has every operation', () => {
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  expect(operations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(allOperations.map(({ name }) => name).toSorted());
});

test('[ORCH-2105] the served document has no planned operation, and nothing that nothing refers to', () => {
  const text = JSON.stringify(openapiDocument);
  expect(text).not.toContain('x-status');
  expect(text).not.toContain('.yaml#');
  for (const [section, components] of Object.entries(openapiDocument.components)) {
    for (const name of section === 'securitySchemes' ? [] : Object.keys(components)) {
      expect(text, name).toContain(`"#/components/${section}/${name}"`);
    }
  }
  for (const match of text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
    expect(openapiDocument.components[match[1] ?? '']?.[match[2] ?? ''], match[0]).toBeDefined();
  }
  const served = operations.filter(({ status }) => status === 'served').map(({ operationId }) => operationId);
  const inDocument = [...walk(openapiDocument.paths)].flatMap(([, node]) =>
    typeof node['operationId'] === 'string' ? [node['operationId']] : [],
  );
  expect(inDocument.toSorted()).toEqual(served.toSorted());
});

/** Fields of the spec's table in section "Task request". */
test('[ORCH-2001] the request has the fields of the spec’s table, and no others', () => {
  const table = spec.slice(spec.indexOf('### Task request'), spec.indexOf('### Stream events'));
  const fields = [...table.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap((row) =>
    [...(row[1] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1] ?? ''),
  );
  expect(Object.keys((schemaBundle.$defs.TaskRequest as { properties: object }).properties).toSorted()).toEqual(fields.toSorted());
});

test('[ORCH-2002] each event has the fields of the spec’s table', () => {
  const table = spec.slice(spec.indexOf('### Stream events'), spec.indexOf('### Errors'));
  const required = (name: SchemaName) => (schemaBundle.$defs[name] as { required: string[] }).required;
  const row = (event: string) => {
    const cell = new RegExp(`^\\| \`${event}\` \\| (.*) \\|$`, 'm').exec(table)?.[1] ?? '';
    return [...cell.matchAll(/`([^`]*)`/g)].flatMap((match) => (match[1] ?? '').split(', ')).filter((word) => /^[a-z_0-9]+$/.test(word));
  };
  const values = new Set(['stop', 'length', 'canceled', 'null', 'false']);
  expect(row('started')).toEqual(required('StreamStarted'));
  expect(row('token')).toEqual(required('StreamToken'));
  expect(row('metrics')).toEqual(required('StreamMetrics'));
  expect(row('end').filter((word) => !values.has(word))).toEqual([...required('StreamEnd'), 'embeddings', 'scores']);
});
