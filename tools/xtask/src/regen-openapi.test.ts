/** What is generated from the documents, and that the committed files are what the generator gives. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { UsageError } from './command.ts';
import { generateOpenapi, regenerate, regenOpenapi } from './regen-openapi.ts';

const head = (title: string) => `openapi: 3.1.0\ninfo: { title: ${title}, version: 1.0.0, description: D }\n`;
const data = `${head('data')}paths:
  /a:
    get:
      operationId: getA
      x-scope: tasks
      x-req-id: [ORCH-0001]
      responses: { '200': { description: ok, content: { application/json: { schema: { $ref: '#/components/schemas/A' } } } } }
components:
  schemas:
    A: { type: object, description: 'Read.', x-note: no, properties: { description: { type: string, description: A property of that name. } } }
`;
const control = `${head('control')}paths:
  /b:
    post:
      operationId: postB
      x-scope: control
      x-status: planned
      x-req-id: [ORCH-0002]
      responses: { '200': { description: ok, content: { application/json: { schema: { $ref: '#/components/schemas/B' } } } } }
components:
  schemas:
    B: { type: object, properties: { a: { $ref: './data.yaml#/components/schemas/A' } } }
`;

test('the generated files that are committed are those of the documents', async () => {
  const folder = new URL('../../../contracts/', import.meta.url);
  const names = ['data', 'control', 'agent'];
  const sources = Object.fromEntries(names.map((name) => [name, readFileSync(new URL(`openapi/${name}.yaml`, folder), 'utf8')]));
  const generated = await generateOpenapi(sources);
  expect(readdirSync(new URL('api-types/src/generated/', folder)).toSorted()).toEqual([...generated.keys()].toSorted());
  for (const [name, text] of generated) {
    expect(readFileSync(new URL(`api-types/src/generated/${name}`, folder), 'utf8') === text, name).toBe(true);
  }
});

test('the same documents give the same bytes', async () => {
  expect([...(await generateOpenapi({ data, control }))]).toEqual([...(await generateOpenapi({ data, control }))]);
});

test('every file names the command that writes it', async () => {
  for (const [name, text] of await generateOpenapi({ data, control })) {
    expect(text.split('\n')[0], name).toContain('`pnpm xtask regen-openapi`');
  }
});

test('planned operations are in the table, but not in the served document', async () => {
  const files = await generateOpenapi({ data, control });
  expect(files.get('operations.ts')).toContain('"operationId": "postB"');
  expect(files.get('openapi-document.ts')).toContain('"/a"');
  expect(files.get('openapi-document.ts')).not.toContain('"/b"');
  expect(files.get('openapi-document.ts')).not.toContain('"B"');
});

test('a schema for checking keeps a property named like an annotation, and drops annotations', async () => {
  const validators = (await generateOpenapi({ data, control })).get('validators.ts') ?? '';
  expect(validators).toContain('"description": {\n          "type": "string"\n        }');
  expect(validators).not.toContain('A property of that name.');
  expect(validators).not.toContain('x-note');
  expect(validators).toContain('"$ref": "#/$defs/A"');
});

test('a reference that leads nowhere, and a name used twice, are named', async () => {
  await expect(generateOpenapi({ data, control: control.replace('schemas/A', 'schemas/Gone') })).rejects.toThrow('components/schemas/Gone');
  await expect(generateOpenapi({ data, control: control.replace('    B:', '    A:') })).rejects.toThrow(
    'components/schemas/A is defined in another document',
  );
});

test('an unknown argument is bad usage', async () => {
  await expect(regenOpenapi.run(['--force'])).rejects.toThrow(UsageError);
});

const made: string[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const folder of made.splice(0)) {
    rmSync(folder, { recursive: true });
  }
});

/** A copy of the real documents, and a folder for what they give that does not exist yet. */
function folders() {
  const root = mkdtempSync(join(tmpdir(), 'regen-openapi-'));
  made.push(root);
  cpSync(new URL('../../../contracts/openapi/', import.meta.url), join(root, 'openapi'), { recursive: true });
  return { source: pathToFileURL(`${root}/openapi/`), target: pathToFileURL(`${root}/generated/`) };
}

test('writes what changed and nothing else; --check fails until it is written, and names the file and the command', async () => {
  const at = folders();
  const said: string[] = [];
  vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
  vi.spyOn(console, 'log').mockImplementation(() => {});

  expect(await regenerate(at, ['--check'])).toBe(1);
  expect(said).toHaveLength(6);
  expect(await regenerate(at, [])).toBe(0);
  expect(await regenerate(at, ['--check'])).toBe(0);

  const untouched = new URL('data.ts', at.target);
  const { mtimeNs } = statSync(untouched, { bigint: true });
  writeFileSync(new URL('operations.ts', at.target), 'edited by hand');
  writeFileSync(new URL('gone.ts', at.target), 'of an earlier version');
  said.length = 0;
  expect(await regenerate(at, ['--check'])).toBe(1);
  expect(said).toEqual([
    expect.stringMatching(/operations\.ts; run `pnpm xtask regen-openapi`/),
    expect.stringMatching(/gone\.ts; run `pnpm xtask regen-openapi`/),
  ]);
  expect(await regenerate(at, [])).toBe(0);
  expect(await regenerate(at, ['--check'])).toBe(0);
  expect(readdirSync(at.target)).not.toContain('gone.ts');
  expect(statSync(untouched, { bigint: true }).mtimeNs).toBe(mtimeNs);
});

test('a change of a document makes files stale', async () => {
  const at = folders();
  vi.spyOn(console, 'error').mockImplementation(() => {});
  vi.spyOn(console, 'log').mockImplementation(() => {});
  await regenerate(at, []);
  const document = new URL('data.yaml', at.source);
  writeFileSync(document, readFileSync(document, 'utf8').replace('maximum: 4294967294', 'maximum: 4294967295'));
  expect(await regenerate(at, ['--check'])).toBe(1);
});
