/**
 * Reading: defaults, freezing, faults of form, modes, and the agent's view of the same file.
 */
import { expect, test } from 'vitest';
import { formatFault } from './fault.ts';
import { parseAgentConfig, parseConfig, validateConfig } from './validate.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const minimal = `
models:
  m: { path: m.gguf, digest: "${digest}", quant: Q8_0, ctx_limit: 1024 }
pools:
  - { id: a, host: dev, engine: llamacpp, model: m, devices: ["0"] }
`;
const faultsOf = (text: string) => {
  const result = parseConfig(text, { file: 'o.yaml' });
  return result.ok ? [] : result.faults.map(formatFault);
};

test('[ORCH-3030] a minimal file gets every default', () => {
  const result = parseConfig(minimal);
  expect(result).toMatchObject({
    ok: true,
    warnings: [],
    config: {
      schema_mode: 'strict',
      pools: [
        {
          quant: 'Q8_0',
          ctx: 1024,
          slots: 1,
          determinism: 'single_slot',
          workloads: ['completion'],
          runtime: { kind: 'command' },
          queue: { capacity: 64, full_policy: 'reject' },
          timeouts: { cancel_grace_ms: 10_000 },
          sampler_profile_version: 'v1',
        },
      ],
      tenants: [{ id: 'default', weight: 1, max_concurrent_tasks: 10_000 }],
      classes: { interactive: { weight: 8 }, batch: { weight: 1 } },
      sessions: { ttl_ms: 600_000, max_turns: 8 },
      slos: { interactive: { first_token_p95_ms: 900, tokens_64_p95_ms: 2_500, error_ratio: 0.005 }, batch: { token_rate_ratio: 0.8 } },
      controller: {
        listen: '127.0.0.1:8080',
        data_dir: '.orch/controller',
        journal: { kind: 'sqlite', max_bytes: 8_589_934_592, max_pending: 20_000 },
        failover: { max_attempts: 3 },
      },
      keys: [],
    },
  });
  expect(result.ok && 'agent' in result.config).toBe(false);
});

test('a read config is frozen all the way down, and shares nothing with the value it came from', () => {
  const value = { models: {}, pools: [], tenants: [{ id: 'a' }] };
  const result = validateConfig(value);
  expect(
    result.ok && [result.config, result.config.pools, result.config.tenants[0], result.config.controller.limits].every(Object.isFrozen),
  ).toBe(true);
  expect(value).toEqual({ models: {}, pools: [], tenants: [{ id: 'a' }] });
});

test('two reads share no default object', () => {
  const [first, second] = [parseConfig(minimal), parseConfig(minimal)];
  expect(first.ok && second.ok && first.config.pools[0]?.queue !== second.config.pools[0]?.queue).toBe(true);
});

test('[ORCH-3030] every fault is told with file, line, JSON pointer and the nearest name', () => {
  const text = minimal
    .replace('engine: llamacpp', 'engin: llamacpp, slots: 0, devices: [0]')
    .replace(', devices: ["0"]', '')
    .replace('quant: Q8_0', 'quant: "Q8 0"');
  expect(faultsOf(`${text}\ncontroler: {}\nsessions: { ttl_ms: soon }`)).toMatchInlineSnapshot(`
    [
      "o.yaml:7:1 /controler: unknown field; did you mean "controller"?",
      "o.yaml:3:105 /models/m/quant: must match ^[A-Za-z0-9._-]{1,32}$",
      "o.yaml:5:5 /pools/0/engine: is required",
      "o.yaml:5:25 /pools/0/engin: unknown field; did you mean "engine"?",
      "o.yaml:5:62 /pools/0/devices/0: must be string, got number 0; put it in quotes",
      "o.yaml:5:42 /pools/0/slots: must be >= 1, got 0",
      "o.yaml:8:13 /sessions/ttl_ms: must be integer, got "soon"",
    ]
  `);
});

test('only the branch that `kind` names is blamed in a runtime', () => {
  const runtime = (text: string) =>
    faultsOf(minimal.replace('devices: ["0"]', `devices: ["0"], runtime: ${text}`)).map((line) => line.replace(/^\S+ /, ''));
  expect(runtime('{ kind: external, urll: x }')).toEqual([
    '/pools/0/runtime/url: is required',
    '/pools/0/runtime/digest: is required',
    '/pools/0/runtime/urll: unknown field; did you mean "url"?',
  ]);
  expect(runtime('{ kind: docker }')).toEqual(['/pools/0/runtime/kind: must be one of embedded, command, external, got "docker"']);
  expect(runtime('{}')).toEqual(['/pools/0/runtime/kind: must be one of embedded, command, external, got nothing']);
});

test('[ORCH-3030] compat mode drops unknown fields and tells each, but forgives nothing else', () => {
  const text = `schema_mode: compat\n${minimal.replace('id: a', 'id: a, color: red')}`;
  const result = parseConfig(text, { file: 'o.yaml' });
  expect(result.ok && result.warnings.map(formatFault)).toEqual(['o.yaml:6:14 /pools/0/color: unknown field']);
  expect(result.ok && 'color' in (result.config.pools[0] ?? {})).toBe(false);
  expect(faultsOf(text.replace('ctx_limit: 1024', 'ctx_limit: none'))).toEqual([
    expect.stringContaining('/models/m/ctx_limit: must be integer, got "none"'),
  ]);
});

test('bad names in `models` are refused in both modes', () => {
  for (const mode of ['strict', 'compat'])
    expect(faultsOf(`schema_mode: ${mode}\nmodels: { "sha256:x": {} }\npools: []`)).toEqual([
      expect.stringContaining('/models/sha256:x: is not a possible name here'),
    ]);
});

test('a key that landed in the wrong field is not repeated in the fault', () => {
  const [fault] = faultsOf(`${minimal}\nkeys: [{ id: k, digest: sk-very-secret, scopes: [tasks] }]`);
  expect(fault).toContain('/keys/0/digest');
  expect(fault).not.toContain('secret');
});

test.each([
  ['not YAML', 'models: [', '(whole file): not valid YAML'],
  ['a duplicate key', 'models: {}\nmodels: {}', '(whole file): not valid YAML'],
  ['a second document', 'models: {}\n---\nmodels: {}', '(whole file): not valid YAML'],
  ['an unknown tag', 'models: !danger {}', '(whole file): not valid YAML'],
  ['an empty file', '', '(whole file): must be a mapping of fields, got nothing'],
  ['a list', '- 1', '(whole file): must be a mapping of fields, got a list'],
  [
    'an alias bomb',
    `a: &a [1,1,1,1,1,1,1,1,1,1]\n${'bcdefg'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdef'[index]}`).join(',')}]`)
      .join('\n')}`,
    'not valid YAML',
  ],
])('%s is one fault', (_name, text, message) => {
  expect(faultsOf(text)).toEqual([expect.stringContaining(message)]);
});

test('anchors and merge keys work, and `__proto__` is only an unknown field', () => {
  const merged = `${minimal.replace('- { id: a', '- &a { id: a').trimEnd()}\n  - { <<: *a, id: b, devices: ["1"] }\n`;
  const result = parseConfig(merged);
  expect(result.ok && result.config.pools.map(({ id, host }) => [id, host])).toEqual([
    ['a', 'dev'],
    ['b', 'dev'],
  ]);
  expect(faultsOf(minimal.replace('id: a', 'id: a, __proto__: { slots: 9 }'))).toEqual([
    expect.stringContaining('/pools/0/__proto__: unknown field'),
  ]);
});

test('[ORCH-3030] the agent reads its part of the same file, or of one that has nothing else', () => {
  const agent = 'agent: { name: dev }';
  for (const text of [agent, `${minimal}\n${agent}`, `models: broken\npools: also broken\n${agent}`])
    expect(parseAgentConfig(text)).toMatchObject({
      ok: true,
      config: { name: 'dev', listen: '127.0.0.1:9200', data_dir: '.orch/agent-dev', nvidia_smi: 'nvidia-smi', restart: { factor: 2 } },
    });
});

test('[ORCH-3030] the agent still refuses names that nobody knows, and a file without its part', () => {
  const faults = (text: string) => {
    const result = parseAgentConfig(text);
    return result.ok ? [] : result.faults.map(formatFault);
  };
  expect(faults('agnet: { name: dev }')).toEqual(['1:1 /agent: is required', '1:1 /agnet: unknown field; did you mean "agent"?']);
  expect(faults('agent: { name: dev, model_dir: x }')).toEqual(['1:21 /agent/model_dir: unknown field; did you mean "models_dir"?']);
});
