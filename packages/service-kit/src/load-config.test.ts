/**
 * Config and secrets together: every fault of both, with its place; never a secret in a fault.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { loadAgentConfig, loadControllerConfig } from './load-config.ts';
import { ExitCode, StartError } from './start-error.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'load-'));
  return () => rmSync(directory, { recursive: true });
});
const write = (name: string, text: string | Uint8Array) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof StartError && error.exitCode === ExitCode.usage) return error.message;
    throw error;
  }
  throw new Error('expected a start error');
};

const secret = 'a-secret-of-sixteen-letters-or-more';
const plain = 'models: {}\npools: []\n';
const withKeys = `${plain}keys: [{ id: k, digest: "${'0'.repeat(64)}", scopes: [tasks] }]\n`;
const agent = 'agent: { name: dev, key_file: KEY }\n';

test('a config without keys needs no secret', () => {
  expect(loadControllerConfig({ file: write('plain.yaml', plain), env: {} })).toMatchObject({
    keySecret: undefined,
    warnings: [],
    config: { pools: [] },
  });
});

test('[ORCH-3035] a config with keys needs the secret, from the environment or from a file', () => {
  const file = write('keys.yaml', withKeys);
  expect(messageOf(() => loadControllerConfig({ file, env: {} }))).toContain('ORCH_KEY_SECRET: is needed to check API keys');
  expect(loadControllerConfig({ file, env: { ORCH_KEY_SECRET: secret } }).keySecret).toBe(secret);
  expect(loadControllerConfig({ file, env: { ORCH_KEY_SECRET_FILE: write('secret', `${secret}\n`) } }).keySecret).toBe(secret);
});

test.each([
  ['both at once', () => ({ ORCH_KEY_SECRET: secret, ORCH_KEY_SECRET_FILE: 'x' }), 'ORCH_KEY_SECRET: is set beside ORCH_KEY_SECRET_FILE'],
  ['empty', () => ({ ORCH_KEY_SECRET: '' }), 'ORCH_KEY_SECRET: is set but empty'],
  ['too short', () => ({ ORCH_KEY_SECRET: 'hunter2hunter2' }), 'ORCH_KEY_SECRET: is too short'],
  ['an empty file', () => ({ ORCH_KEY_SECRET_FILE: write('empty', '\n') }), 'is empty'],
  ['two lines', () => ({ ORCH_KEY_SECRET_FILE: write('two', `${secret}\nmore\n`) }), 'has more than one line'],
  ['no such file', () => ({ ORCH_KEY_SECRET_FILE: join(directory, 'none') }), 'cannot read'],
])('[ORCH-3043] a secret that is %s is a fault that does not show it', (_name, env, message) => {
  const text = messageOf(() => loadControllerConfig({ file: write('keys.yaml', withKeys), env: env() }));
  expect(text).toContain(message);
  expect(text).not.toContain(secret);
  expect(text).not.toContain('hunter2');
});

test('[ORCH-3030] all faults of config and secrets come together, each with its place', () => {
  const file = write('bad.yaml', 'models: {}\npool: []\n');
  expect(messageOf(() => loadControllerConfig({ file, env: { ORCH_KEY_SECRET: '' } })).split('\n')).toEqual([
    `${file}:1:1 /pools: is required`,
    `${file}:2:1 /pool: unknown field; did you mean "pools"?`,
    'ORCH_KEY_SECRET: is set but empty',
  ]);
});

test('[ORCH-3030] compat warnings come as lines for the log', () => {
  const file = write('compat.yaml', `schema_mode: compat\ncolor: red\n${plain}`);
  expect(loadControllerConfig({ file, env: {} }).warnings).toEqual([`${file}:2:1 /color: unknown field`]);
});

test('a file that is not there, or not UTF-8, is a start error', () => {
  expect(messageOf(() => loadControllerConfig({ file: join(directory, 'none.yaml'), env: {} }))).toContain(
    'none.yaml: cannot be read: ENOENT',
  );
  const file = write('latin1.yaml', Buffer.from('models: {}\npools: []\n# \xe9', 'latin1'));
  expect(messageOf(() => loadControllerConfig({ file, env: {} }))).toContain('latin1.yaml: cannot be read');
});

test('the agent’s key comes from the environment before its config', () => {
  const keyFile = write('agent.key', 'orch_from_file\n');
  const file = write('agent.yaml', agent.replace('KEY', keyFile));
  expect(loadAgentConfig({ file, env: {} })).toMatchObject({
    controllerKey: 'orch_from_file',
    keySecret: undefined,
    config: { name: 'dev' },
  });
  expect(loadAgentConfig({ file, env: { ORCH_AGENT_KEY: 'orch_from_env' } }).controllerKey).toBe('orch_from_env');
  expect(loadAgentConfig({ file: write('agent.yaml', 'agent: { name: dev }'), env: {} }).controllerKey).toBeUndefined();
  expect(messageOf(() => loadAgentConfig({ file: write('agent.yaml', agent), env: {} }))).toMatch(
    /^\/agent\/key_file: cannot read KEY: ENOENT/,
  );
});
