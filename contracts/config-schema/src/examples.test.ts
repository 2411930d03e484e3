/**
 * The examples are read as the services read them, and the full one is held equal to the schema.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { configSchema } from './config.ts';
import { formatFault } from './fault.ts';
import { samplerProfileVersions } from './pool.ts';
import { isRecord } from './schema-fault.ts';
import { parseAgentConfig, parseConfig } from './validate.ts';

const directory = new URL('../examples/', import.meta.url);
const files = readdirSync(directory).filter((file) => file.endsWith('.yaml'));
const read = (file: string) => readFileSync(new URL(file, directory), 'utf8');

test('the examples of the documentation are all there', () => {
  expect(files.toSorted()).toEqual([
    'cpu-development.yaml',
    'four-engines.yaml',
    'full.yaml',
    'heterogeneous-split.yaml',
    'single-gpu.yaml',
  ]);
});

test.each(files)('[ORCH-3030] example %s is valid for the controller and for the agent', (file) => {
  for (const result of [parseConfig(read(file), { file }), parseAgentConfig(read(file), { file })]) {
    expect(result.ok ? [] : result.faults.map(formatFault)).toEqual([]);
    expect(result.ok && result.warnings).toEqual([]);
  }
});

test('full.yaml names every field of the schema', () => {
  const value: unknown = parse(read('full.yaml'));
  expect(missingFields(configSchema, [value], '')).toEqual([]);
});

test('full.yaml would be found out if it left a field away', () => {
  const value: unknown = parse(read('full.yaml').replace(/^ +nvidia_smi: .*$/m, ''));
  expect(missingFields(configSchema, [value], '')).toEqual(['/agent/nvidia_smi']);
});

test('every field says what it is, and every number its unit, minimum and maximum', () => {
  const faults: string[] = [];
  visitFields(configSchema, '', (path, schema) => {
    if (typeof schema['description'] !== 'string') faults.push(`${path} has no description`);
    const isNumber = schema['type'] === 'integer' || schema['type'] === 'number';
    if (isNumber && !(String(schema['description']).includes('Unit:') && 'minimum' in schema && 'maximum' in schema))
      faults.push(`${path} lacks unit or bounds`);
  });
  expect(faults).toEqual([]);
});

test('[ORCH-3058] the sampler profile versions are those of contracts/sampler-profiles', () => {
  const profiles = readdirSync(new URL('../../sampler-profiles/', import.meta.url)).flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []);
  expect(profiles.filter((name) => !name.endsWith('.schema')).toSorted()).toEqual([...samplerProfileVersions].toSorted());
});

/** The closed objects and lists below a schema, each of its branches included. */
const visitFields = (schema: unknown, path: string, visit: (path: string, schema: Record<string, unknown>) => void): void => {
  if (!isRecord(schema)) return;
  for (const [name, field] of Object.entries(isRecord(schema['properties']) ? schema['properties'] : {})) {
    if (isRecord(field) && !('const' in field)) visit(`${path}/${name}`, field);
    visitFields(field, `${path}/${name}`, visit);
  }
  for (const branch of Array.isArray(schema['oneOf']) ? schema['oneOf'] : []) visitFields(branch, path, visit);
  for (const item of Object.values(isRecord(schema['patternProperties']) ? schema['patternProperties'] : {}))
    visitFields(item, `${path}/*`, visit);
  visitFields(schema['items'], `${path}/*`, visit);
};

/** Fields of `schema` that none of `values` has. */
const missingFields = (schema: unknown, values: unknown[], path: string): string[] => {
  if (!isRecord(schema)) return [];
  const records = values.filter(isRecord);
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  return [
    ...Object.entries(properties).flatMap(([name, field]) => {
      const found = records.filter((record) => Object.hasOwn(record, name)).map((record) => record[name]);
      return found.length === 0 ? [`${path}/${name}`] : missingFields(field, found, `${path}/${name}`);
    }),
    ...(Array.isArray(schema['oneOf']) ? schema['oneOf'] : []).flatMap((branch) => missingFields(branch, values, path)),
    ...Object.values(isRecord(schema['patternProperties']) ? schema['patternProperties'] : {}).flatMap((item) =>
      missingFields(
        item,
        records.flatMap((record) => Object.values(record)),
        `${path}/*`,
      ),
    ),
    ...missingFields(
      schema['items'],
      values.flatMap((value): unknown[] => (Array.isArray(value) ? value : [])),
      `${path}/*`,
    ),
  ];
};
