/**
 * Whether an engine is a real one with a real model: what it says of its model, its tokenizer, its token counter, and, for a
 * process of this machine, the code that it has loaded. It asks the engine directly and knows nothing of tasks.
 */
import { readFileSync } from 'node:fs';
import { readMetric } from './metric.ts';
import type { WorkerHandle } from './worker-record.ts';

/** Model tokens that the engine has generated since its start, by its own count. */
export function generatedTokens(workerUrl: string): Promise<number> {
  return readMetric(`${workerUrl}/metrics`, 'llamacpp:tokens_predicted_total');
}

/**
 * What speaks against a real engine; empty when nothing does.
 *
 * 1. It names a model with parameters, a vocabulary and a size in bytes.
 * 2. Its tokenizer's ids are of that vocabulary, and give the text back.
 * 3. A process of this machine has llama.cpp's code in its memory.
 *
 * @param text - Any text, best one that nobody can have prepared for.
 * @req ORCH-3059
 */
export async function evidenceAgainst(worker: WorkerHandle, text: string): Promise<readonly string[]> {
  const meta = await readModelMeta(worker.url);
  const faults: string[] = [];
  for (const name of ['n_params', 'n_vocab', 'size']) {
    const value = meta[name];
    if (typeof value !== 'number' || !(value > 0)) faults.push(`a model with ${name} above 0, got ${JSON.stringify(value)}`);
  }
  const { tokens } = await post(`${worker.url}/tokenize`, { content: text, add_special: false });
  const ids = Array.isArray(tokens) ? tokens.map(Number) : [];
  const vocabulary = Number(meta['n_vocab']);
  if (ids.length === 0 || !ids.every((id) => Number.isInteger(id) && id >= 0 && id < vocabulary))
    faults.push(`token ids of a vocabulary of ${vocabulary}, got ${JSON.stringify(ids.slice(0, 8))}`);
  const { content } = await post(`${worker.url}/detokenize`, { tokens: ids });
  // A tokenizer of this family puts a space before a text, so white space at the ends does not count.
  if (typeof content !== 'string' || content.trim() !== text.trim()) faults.push('a tokenizer that gives a text back, got another text');
  if (worker.pid !== null && process.platform === 'linux' && !hasLlamaCode(worker.pid))
    faults.push(`llama.cpp in the memory of process ${worker.pid}, got none`);
  return faults;
}

/** The engine as a native addon of Node, or as `llama-server` with its shared libraries or without. */
function hasLlamaCode(pid: number): boolean {
  return /libllama|llama-addon|llama-server/.test(readFileSync(`/proc/${pid}/maps`, 'latin1'));
}

async function readModelMeta(workerUrl: string): Promise<Readonly<Record<string, unknown>>> {
  const { data } = asRecord(await (await fetch(`${workerUrl}/v1/models`)).json());
  return asRecord(asRecord(Array.isArray(data) ? data[0] : undefined)['meta']);
}

async function post(url: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return asRecord(await response.json());
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
