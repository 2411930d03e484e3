/**
 * Generates `contracts/api-types/src/generated/` from `contracts/openapi/*.yaml`: types, schemas for validation, the table of
 * operations and the document that `/openapi.json` serves. It knows the documents' form, nothing of what they say.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { parse } from 'yaml';
import { type Command, UsageError } from './command.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

/** One OpenAPI document, `name` being its file name without `.yaml`. */
type Document = { readonly name: string; readonly root: JsonObject };

const command = 'pnpm xtask regen-openapi';
const openapiDir = new URL('../../../contracts/openapi/', import.meta.url);
const generatedDir = new URL('../../../contracts/api-types/src/generated/', import.meta.url);
const documentNames = ['data', 'control', 'agent'] as const;
const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;
const header = `// Generated from contracts/openapi/*.yaml by \`${command}\`. Do not edit.\n`;

/**
 * `xtask regen-openapi [--check]`: write the generated files that changed, or (`--check`) name those that would change.
 *
 * @returns 0 when all is well, 1 when `--check` found stale files.
 * @throws UsageError for an unknown argument.
 */
export const regenOpenapi = {
  summary: 'Generate contracts/api-types/src/generated from contracts/openapi/*.yaml.',
  usage: '[--check]\n\n  --check  write nothing; exit 1 when a file is stale',
  run: (args: readonly string[]): Promise<number> => regenerate({ source: openapiDir, target: generatedDir }, args),
} satisfies Command;

/** Where the documents are and where the generated files go, which must hold nothing else; both end with a slash. */
export type Folders = { readonly source: URL; readonly target: URL };

/** {@link regenOpenapi} for these folders. */
export async function regenerate({ source, target }: Folders, args: readonly string[]): Promise<number> {
  const unknown = args.filter((arg) => arg !== '--check');
  if (unknown.length > 0) {
    throw new UsageError(`unknown argument ${unknown.join(' ')}; expected nothing or --check`);
  }
  const sources = await Promise.all(
    documentNames.map(async (name) => [name, await readFile(new URL(`${name}.yaml`, source), 'utf8')] as const),
  );
  const wanted = await generateOpenapi(Object.fromEntries(sources));
  return args.includes('--check') ? check(target, wanted) : write(target, wanted);
}

/**
 * All generated files, by file name; the same sources give the same bytes.
 *
 * @param sources - YAML text by document name (`data`, `control`, `agent`); references between them read `./NAME.yaml#/components/…`.
 * @throws Error naming the fault, where a component's name is not unique or a reference leads nowhere.
 */
export async function generateOpenapi(sources: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, string>> {
  const documents = Object.entries(sources).map(([name, text]): Document => ({ name, root: localRefs(parse(text) as Json) as JsonObject }));
  const components = mergeComponents(documents);
  const files = new Map<string, string>();
  for (const { name, root } of documents) {
    const whole = { ...root, components: pickComponents(root, components, { ownToo: true }) };
    files.set(`${name}.ts`, header + (await typesOf(whole)));
  }
  files.set('validators.ts', validatorsFile(components));
  files.set('operations.ts', operationsFile(documents));
  files.set('openapi-document.ts', documentFile(documents, components));
  return files;
}

async function check(target: URL, wanted: ReadonlyMap<string, string>): Promise<number> {
  const present = await presentFiles(target);
  const stale = [...wanted].filter(([name, text]) => present.get(name) !== text).map(([name]) => name);
  const left = [...present.keys()].filter((name) => !wanted.has(name));
  for (const name of stale) {
    console.error(`stale: contracts/api-types/src/generated/${name}; run \`${command}\`.`);
  }
  for (const name of left) {
    console.error(`not generated any more: contracts/api-types/src/generated/${name}; run \`${command}\`.`);
  }
  return stale.length + left.length === 0 ? 0 : 1;
}

async function write(target: URL, wanted: ReadonlyMap<string, string>): Promise<number> {
  const present = await presentFiles(target);
  await mkdir(target, { recursive: true });
  for (const [name, text] of wanted) {
    if (present.get(name) !== text) {
      await writeFile(new URL(name, target), text);
      console.log(`wrote contracts/api-types/src/generated/${name}`);
    }
  }
  for (const name of present.keys()) {
    if (!wanted.has(name)) {
      await rm(new URL(name, target));
      console.log(`removed contracts/api-types/src/generated/${name}`);
    }
  }
  return 0;
}

async function presentFiles(target: URL): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(fileURLToPath(target)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      return [];
    }
    throw error;
  });
  const texts = await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, target), 'utf8')] as const));
  return new Map(texts);
}

/** Rewrites `./data.yaml#/components/…` to `#/components/…`: component names are unique over all documents. */
function localRefs(value: Json): Json {
  return mapJson(value, (key, child) => (key === '$ref' && typeof child === 'string' ? child.replace(/^\.\/[a-z]+\.yaml#/, '#') : child));
}

function mapJson(value: Json, change: (key: string, child: Json) => Json): Json {
  if (isList(value)) {
    return value.map((child) => mapJson(child, change));
  }
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, mapJson(change(key, child), change)]));
  }
  return value;
}

type Components = Readonly<Record<string, Readonly<Record<string, Json>>>>;

function mergeComponents(documents: readonly Document[]): Components {
  const merged: Record<string, Record<string, Json>> = {};
  for (const { name, root } of documents) {
    for (const [section, entries] of Object.entries(objectAt(root, 'components'))) {
      for (const [id, component] of Object.entries(asObject(entries))) {
        const target = (merged[section] ??= {});
        if (id in target) {
          throw new Error(
            `${name}.yaml: components/${section}/${id} is defined in another document too; give it another name or refer to it.`,
          );
        }
        target[id] = component;
      }
    }
  }
  return merged;
}

/** The components that `root` refers to, directly or not; with `ownToo` also all that it defines itself. */
function pickComponents(root: JsonObject, all: Components, { ownToo }: { readonly ownToo: boolean }): Components {
  const wanted = new Set<string>();
  const visit = (value: Json): void => {
    for (const ref of refsOf(value)) {
      if (!wanted.has(ref)) {
        wanted.add(ref);
        visit(componentAt(all, ref));
      }
    }
  };
  const { components, ...rest } = root;
  visit(rest);
  for (const [section, entries] of Object.entries(asObject(components ?? {}))) {
    // Security schemes are named, not referred to.
    for (const [id, component] of Object.entries(ownToo || section === 'securitySchemes' ? asObject(entries) : {})) {
      wanted.add(`#/components/${section}/${id}`);
      visit(component);
    }
  }
  const picked: Record<string, Record<string, Json>> = {};
  for (const ref of [...wanted].toSorted()) {
    const [, , section = '', id = ''] = ref.split('/');
    (picked[section] ??= {})[id] = componentAt(all, ref);
  }
  return picked;
}

function* refsOf(value: Json): Generator<string> {
  if (isList(value)) {
    for (const child of value) {
      yield* refsOf(child);
    }
  } else if (isObject(value)) {
    for (const [key, child] of Object.entries(value)) {
      if (key === '$ref' && typeof child === 'string') {
        yield child;
      } else {
        yield* refsOf(child);
      }
    }
  }
}

function componentAt(all: Components, ref: string): Json {
  const [start, kind, section = '', id = ''] = ref.split('/');
  const found = all[section]?.[id];
  if (start !== '#' || kind !== 'components' || found === undefined) {
    throw new Error(`$ref ${ref} leads nowhere; expected #/components/SECTION/NAME of one of the documents.`);
  }
  return found;
}

async function typesOf(document: JsonObject): Promise<string> {
  // The library resolves references in place, so it gets a copy. Its parameter type is an assertion: it validates the form itself.
  const ast = await openapiTS(structuredClone(document) as unknown as OpenAPI3, {
    alphabetize: true,
    enumValues: true,
    defaultNonNullable: false,
    silent: true,
  });
  return astToString(ast);
}

/** The component schemas as one JSON Schema bundle, without what only readers need. */
function validatorsFile(components: Components): string {
  const names = Object.keys(components['schemas'] ?? {}).toSorted();
  const $defs = Object.fromEntries(names.map((name) => [name, bareSchema(components['schemas']?.[name] ?? {})]));
  const bundle = { $id: 'orchqueue:v1', $schema: 'https://json-schema.org/draft/2020-12/schema', $defs };
  return (
    `${header}\n/** Every component schema, as one JSON Schema (draft 2020-12) bundle. */\n` +
    `export const schemaBundle: { readonly $id: string; readonly $schema: string; readonly $defs: Readonly<Record<SchemaName, unknown>> } = ${literal(bundle)};\n\n` +
    `/** Names of the component schemas. */\nexport type SchemaName =\n${names.map((name) => `  | '${name}'`).join('\n')};\n`
  );
}

const schemaMaps = new Set(['properties', '$defs', 'patternProperties', 'dependentSchemas']);
const readersOnly = new Set(['description', 'example', 'examples', 'title', 'default', 'deprecated']);

/** Drops annotations and `x-…` (but `x-fault`, the validator's words), and points references into the bundle. Properties may have any name, so their map is not filtered. */
function bareSchema(schema: Json): Json {
  if (isList(schema)) {
    return schema.map(bareSchema);
  }
  if (!isObject(schema)) {
    return schema;
  }
  const kept = Object.entries(schema).filter(([key]) => key === 'x-fault' || (!readersOnly.has(key) && !key.startsWith('x-')));
  return Object.fromEntries(
    kept.map(([key, child]): [string, Json] => {
      if (key === '$ref' && typeof child === 'string') {
        return [key, child.replace('#/components/schemas/', '#/$defs/')];
      }
      if (schemaMaps.has(key) && isObject(child)) {
        return [key, Object.fromEntries(Object.entries(child).map(([name, property]) => [name, bareSchema(property)]))];
      }
      return [key, key === 'enum' || key === 'const' ? child : bareSchema(child)];
    }),
  );
}

function operationsFile(documents: readonly Document[]): string {
  const rows = documents.flatMap(({ name, root }) =>
    operationsOf(root).map(({ path, method, operation }) => ({
      operationId: operation['operationId'] ?? '',
      method: method.toUpperCase(),
      path,
      document: name,
      status: operation['x-status'] ?? 'served',
      scope: operation['x-scope'] ?? 'none',
      reqIds: operation['x-req-id'] ?? [],
    })),
  );
  return (
    `${header}\n/** One operation; \`path\` holds its parameters in braces. */\n` +
    `export type Operation = {\n  readonly operationId: string;\n  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH';\n  readonly path: string;\n` +
    `  readonly document: 'data' | 'control' | 'agent';\n  /** \`planned\`: agreed, but not served yet. */\n  readonly status: 'served' | 'planned';\n` +
    `  /** What a key must have; \`none\` needs no key. */\n  readonly scope: 'tasks' | 'control' | 'agent' | 'metrics' | 'none';\n  readonly reqIds: readonly string[];\n};\n\n` +
    `/** Every operation of the three documents, in their order. */\nexport const operations = ${literal(rows)} as const satisfies readonly Operation[];\n\n` +
    `/** Names of the operations. */\nexport type OperationId = (typeof operations)[number]['operationId'];\n`
  );
}

function operationsOf(root: JsonObject): readonly { readonly path: string; readonly method: string; readonly operation: JsonObject }[] {
  return Object.entries(objectAt(root, 'paths')).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = asObject(item)[method];
      return isObject(operation) ? [{ path, method, operation }] : [];
    }),
  );
}

/** The three documents as one: planned operations left out, and the components that nothing refers to. */
function documentFile(documents: readonly Document[], components: Components): string {
  const paths: Record<string, Json> = {};
  const tags: Json[] = [];
  let extensions: JsonObject = {};
  let security: Json = [];
  let version: Json = '';
  let license: Json = {};
  const descriptions: string[] = [];
  for (const { root } of documents) {
    const info = objectAt(root, 'info');
    ({ version = '', license = {} } = info);
    descriptions.push(textAt(info, 'description').trim());
    tags.push(...((root['tags'] ?? []) as readonly Json[]));
    security = root['security'] ?? [];
    extensions = { ...extensions, ...Object.fromEntries(Object.entries(root).filter(([key]) => key.startsWith('x-'))) };
    for (const [path, item] of Object.entries(objectAt(root, 'paths'))) {
      const served = Object.entries(asObject(item)).filter(
        ([, operation]) => !(isObject(operation) && operation['x-status'] === 'planned'),
      );
      if (served.some(([key]) => methods.some((method) => method === key))) {
        paths[path] = { ...asObject(paths[path] ?? {}), ...Object.fromEntries(served) };
      }
    }
  }
  const used = tags.filter((tag) =>
    Object.values(paths).some((item) => JSON.stringify(item).includes(`"tags":[${JSON.stringify(asObject(tag)['name'])}]`)),
  );
  const merged: JsonObject = {
    openapi: '3.1.0',
    info: { title: 'OrchQueue v1', version, license, description: descriptions.join('\n\n') },
    servers: [{ url: '/' }],
    security,
    tags: used,
    ...extensions,
    paths,
  };
  const securitySchemes = components['securitySchemes'] ?? {};
  const whole = { ...merged, components: pickComponents({ ...merged, components: { securitySchemes } }, components, { ownToo: false }) };
  return (
    `${header}\n/** The three documents as one OpenAPI 3.1 document: what this version serves, without planned operations. */\n` +
    `export const openapiDocument: OpenapiDocument = ${literal(whole)};\n\n` +
    `/** As much of the document's form as a program needs that serves or renders it. */\n` +
    `export type OpenapiDocument = {\n  readonly openapi: string;\n  readonly info: { readonly title: string; readonly version: string; readonly [key: string]: unknown };\n` +
    `  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;\n  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;\n  readonly [key: string]: unknown;\n};\n`
  );
}

function literal(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function objectAt(parent: JsonObject, key: string): JsonObject {
  return asObject(parent[key] ?? {});
}

function textAt(parent: JsonObject, key: string): string {
  const value = parent[key];
  return typeof value === 'string' ? value : '';
}

function asObject(value: Json): JsonObject {
  if (!isObject(value)) {
    throw new Error(`expected an object, got ${JSON.stringify(value)}`);
  }
  return value;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
