import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeLiveEngine, findLiveEngines } from './live-engines.ts';
import { liveTarget } from './targets/live.ts';

const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'llama-orch-live-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
};
const program = (dir: string): string => {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'llama-server'), '#!/bin/sh\n', { mode: 0o755 });
  return join(dir, 'llama-server');
};
const described = (env: Record<string, string>, installed: string): readonly string[] =>
  findLiveEngines(env, installed).map(describeLiveEngine);

test('[ORCH-3050] llama-server is what LLAMA_SERVER names, then what is on the PATH, then what was installed', () => {
  const dir = folder();
  const ours = program(join(dir, 'installed', 'bin'));
  const onPath = program(join(dir, 'path'));
  const named = program(join(dir, 'named'));
  const env = { PATH: `/nonexistent:${join(dir, 'path')}` };
  expect(described({ ...env, LLAMA_SERVER: named }, join(dir, 'installed'))[0]).toBe(`llama-server: ${named} (LLAMA_SERVER)`);
  expect(described(env, join(dir, 'installed'))[0]).toBe(`llama-server: ${onPath} (on the PATH)`);
  expect(described({}, join(dir, 'installed'))[0]).toBe(`llama-server: ${ours} (installed by ci/scripts/install_live_engines.sh)`);
});

test('[ORCH-3050] what is missing says why, in the words of the script where it was run', () => {
  const dir = folder();
  expect(described({}, dir)).toEqual([
    'llama-server: not found: neither LLAMA_SERVER nor the PATH has it; ci/scripts/install_live_engines.sh was not run',
    'vllm: not found: VLLM_URL is not set',
    'tgi: not found: TGI_URL is not set',
    'triton: not found: TRITON_URL is not set',
  ]);
  writeFileSync(join(dir, 'reason'), 'pip could not install it: no route to host\n');
  expect(described({}, dir)[0]).toContain('no route to host');
});

test('[ORCH-3050] one URL is compared with itself, two with each other, each in a set of its own', () => {
  const [, vllm, tgi] = findLiveEngines({ VLLM_URL: 'http://one:8000/, http://two:8000', TGI_URL: 'http://three' }, folder());
  if (vllm?.kind !== 'urls' || tgi?.kind !== 'urls') throw new Error('not found');
  expect(vllm.urls).toEqual(['http://one:8000', 'http://two:8000']);
  const two = liveTarget(vllm, { VLLM_MODEL: 'm', VLLM_CTX: '4096' });
  expect(two).toMatchObject({ modelRef: 'm', isOurs: false, stack: { models: { m: { ctx_limit: 4_096 } } } });
  expect(two.pairs).toContainEqual({ profile: 'v1', first: 'v1-a', second: 'v1-b' });
  expect(two.stack.pools).toHaveLength(4);
  const one = liveTarget(tgi, {});
  expect(one.pairs).toContainEqual({ profile: 'v1-greedy', first: 'v1-greedy-a', second: 'v1-greedy-a' });
  expect(one.stack.pools).toHaveLength(2);
});

test('variables that cannot be used are refused with what was expected', () => {
  const dir = folder();
  expect(() => findLiveEngines({ VLLM_URL: 'gpu-1:8000' }, dir)).toThrow('VLLM_URL: expected http://HOST:PORT');
  expect(() => findLiveEngines({ TGI_URL: 'http://a,http://b,http://c' }, dir)).toThrow('TGI_URL: expected http://HOST:PORT');
  expect(() => findLiveEngines({ LLAMA_SERVER: join(dir, 'none', 'llama-server') }, dir)).toThrow(
    'LLAMA_SERVER: expected a URL, or the path',
  );
});
