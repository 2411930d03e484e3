/** What a new adapter's package holds. What its siblings have alike is taken from one of them, so that it cannot drift. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPoints } from './open-points.ts';

const sibling = 'packages/worker-adapters/llamacpp-http';

/** @returns The text of each file by its path in the package. */
export function adapterFiles(root: string, name: string): Readonly<Record<string, string>> {
  const read = (path: string): string => readFileSync(join(root, sibling, path), 'utf8');
  const create = `create${pascalCase(name)}Adapter`;
  return {
    'package.json': manifest(read('package.json'), name),
    'tsconfig.json': read('tsconfig.json'),
    'tsconfig.build.json': read('tsconfig.build.json'),
    'tsup.config.ts': read('tsup.config.ts'),
    'README.md': readme(name, create),
    'examples/use-adapter.ts': read('examples/use-adapter.ts')
      .replaceAll('llamacpp-http', name)
      .replaceAll('createLlamaCppAdapter', create)
      .replaceAll('llama.cpp server', `${name} engine`)
      .replaceAll('LLAMA_API_KEY', 'ENGINE_API_KEY'),
    'src/index.ts': `/** Public surface of the ${name} adapter. */\nexport { ${create} } from './adapter.ts';\n`,
    'src/adapter.ts': adapter(name, create),
    'src/wire.ts': wire(name),
    'src/errors.ts': errors(name),
    'src/adapter.conformance.test.ts': conformanceTest(name, create),
  };
}

function pascalCase(name: string): string {
  return name.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function manifest(text: string, name: string): string {
  const parsed: unknown = JSON.parse(text.replaceAll('llamacpp-http', name));
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`${sibling}/package.json must be an object`);
  const devDependencies = { '@llama-orch/adapter-mock': 'workspace:*', '@types/node': 'catalog:' };
  return `${JSON.stringify({ ...parsed, description: `Worker adapter for the engine behind ${name}.`, devDependencies }, null, 2)}\n`;
}

function readme(name: string, create: string): string {
  return `# @llama-orch/${name}

The llama-orch worker adapter for … . It is not finished: its conformance test fails until this list is done and gone.

## Left to do

${openPoints(name)
  .map((point) => `- [ ] ${point}`)
  .join('\n')}

\`\`\`ts
const adapter = ${create}({ baseUrl, maxConnections: 4, callTimeoutMs: 5_000, nowMs: () => performance.now() });
\`\`\`

## Invariants

- **\`wire.ts\` and \`errors.ts\` are pure**; only \`adapter.ts\` reaches the network, through \`adapter-api\`.
- **No key and no prompt in a message.**
`;
}

function adapter(name: string, create: string): string {
  return `/**
 * The worker contract over the protocol of ${name}. It owns which call serves which method; it decides nothing about a task.
 */
import {
  type AdapterCapabilities,
  type AdapterOptions,
  type CreateAdapter,
  EngineHttp,
  transportError,
  type WorkerAdapter,
  type WorkerEvent,
  type WorkerHealth,
  type WorkerMetrics,
  type WorkerProps,
} from '@llama-orch/adapter-api';
import { notWritten, toRefusalError } from './errors.ts';
import { toHealth } from './wire.ts';

const capabilities: AdapterCapabilities = {
  workloads: ['completion'],
  tokenize: false,
  slots: false,
  evict: false,
  load: false,
  tokenCounters: false,
  maxSlotPollHz: null,
  cancelBoundMs: 1_000,
};

export const ${create}: CreateAdapter = (options) => new ${pascalCase(name)}Adapter(options);

class ${pascalCase(name)}Adapter implements WorkerAdapter {
  readonly engine = 'llamacpp';
  readonly capabilities = capabilities;
  readonly #http: EngineHttp;

  constructor(options: AdapterOptions) {
    this.#http = new EngineHttp({ ...options, toError: toRefusalError });
  }

  async health(signal: AbortSignal): Promise<WorkerHealth> {
    try {
      return toHealth(await this.#http.request({ method: 'GET', path: '/health' }, { signal }));
    } catch (thrown) {
      return { kind: 'unreachable', message: transportError(thrown).message };
    }
  }

  props(): Promise<WorkerProps> {
    return Promise.reject(notWritten('props'));
  }

  async engineVersion(): Promise<string> {
    return (await this.props()).engineVersion;
  }

  submit(): AsyncIterable<readonly WorkerEvent[]> {
    return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(notWritten('submit')) }) };
  }

  confirmReleased(): Promise<void> {
    return Promise.reject(notWritten('confirmReleased'));
  }

  metrics(): Promise<WorkerMetrics> {
    return Promise.reject(notWritten('metrics'));
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}
`;
}

function wire(name: string): string {
  return `/**
 * The wire of ${name}, both ways, as pure functions. It owns the shapes of requests and answers; it opens no connection and
 * decides nothing about a task.
 */
import type { HttpAnswer, WorkerHealth } from '@llama-orch/adapter-api';

/** What an answer of \`GET /health\` says. */
export const toHealth = ({ status }: HttpAnswer): WorkerHealth => {
  if (status === 200) return { kind: 'ready' };
  const message = \`The engine answered \${status}.\`;
  return status === 503 ? { kind: 'loading', message } : { kind: 'unhealthy', message };
};
`;
}

function errors(name: string): string {
  return `/** What the refusals and faults of ${name} mean in our kinds. It owns that table and nothing else. */
import { type HttpAnswer, WorkerError } from '@llama-orch/adapter-api';

/** A non-2xx answer, by its status alone. */
export const toRefusalError = ({ status }: HttpAnswer): WorkerError =>
  status >= 500
    ? new WorkerError('worker-reset', \`The engine answered \${status}.\`, { mayRunAgain: true })
    : new WorkerError('engine-rejected', \`The engine answered \${status}.\`, { mayRunAgain: false });

/** A method of the contract that this adapter does not have yet. */
export const notWritten = (method: string): WorkerError =>
  new WorkerError('internal', \`The ${name} adapter has no \${method} yet; its README says what is left to do.\`, { mayRunAgain: false });
`;
}

function conformanceTest(name: string, create: string): string {
  return `/** The conformance suite on the ${name} adapter, and what is left to do before it can pass. */
import { readFileSync } from 'node:fs';
import { describeConformance, engineSlots } from '@llama-orch/adapter-api/conformance';
import { startMockEngine } from '@llama-orch/adapter-mock';
import { expect, test } from 'vitest';
import { ${create} } from './adapter.ts';

test('nothing of the list in the README is left to do', () => {
  const list = readFileSync(new URL('../README.md', import.meta.url), 'utf8').match(/^- \\[ \\] .*$/gm);
  expect(list ?? []).toEqual([]);
});

describeConformance({
  name: '${name}',
  createAdapter: ${create},
  start: async () => {
    const { url, control, stop } = await startMockEngine({ wire: 'plain', slots: engineSlots });
    return { baseUrl: url, engine: control, stop };
  },
});
`;
}
