/** Tests of what each kind of model is sent, and that nothing is sent which it would silently take for a parameter. */
import type { CompletionTask } from '@llama-orch/adapter-api';
import { expect, test } from 'vitest';
import { type TritonModel, toTritonModel } from './model-kind.ts';
import { toInputTensors, toStopTensors } from './request-tensors.ts';

const model = (shape: readonly number[], inputs: Readonly<Record<string, string>>): TritonModel =>
  toTritonModel({
    name: 'm',
    inputs: Object.entries(inputs).map(([name, datatype]) => ({ name, datatype, shape })),
    decoupled: true,
    backend: '',
    parameters: {},
  });

const ensembleInputs = {
  text_input: 'BYTES',
  max_tokens: 'INT32',
  stream: 'BOOL',
  stop_words: 'BYTES',
  temperature: 'FP32',
  top_k: 'INT32',
  top_p: 'FP32',
  seed: 'UINT64',
  exclude_input_in_output: 'BOOL',
};

const task = (changes: Partial<CompletionTask> = {}): CompletionTask => ({
  workload: 'completion',
  taskId: 't',
  prompt: 'Two plus two is',
  maxTokens: 2,
  seed: 2 ** 32 - 2,
  stop: [],
  samplerProfileVersion: 'v1',
  kvReuse: false,
  ...changes,
});

const values = (of: TritonModel, asked: CompletionTask) =>
  Object.fromEntries(toInputTensors(of, asked).map(({ name, value }) => [name, value]));

test('[ORCH-3058] the ensemble gets its own names, always max_tokens, and never the prompt back', () => {
  const ensemble = model([-1, 1], ensembleInputs);
  expect(values(ensemble, task())).toEqual({
    text_input: 'Two plus two is',
    stream: true,
    max_tokens: 2,
    temperature: 0.7,
    top_k: 40,
    top_p: 0.95,
    seed: 4_294_967_294,
    exclude_input_in_output: true,
  });
  expect(values(ensemble, task({ samplerProfileVersion: 'v1-greedy' }))).toMatchObject({ top_k: 1 });
  expect(Object.keys(values(ensemble, task({ samplerProfileVersion: 'v1-greedy' })))).not.toContain('temperature');
});

test('adds the batch dimension where the metadata has one, and none where it has none', () => {
  const stop = ['\n\n', 'END'];
  const shapes = (shape: readonly number[]) =>
    Object.fromEntries(toInputTensors(model(shape, ensembleInputs), task({ stop })).map((tensor) => [tensor.name, tensor.shape]));
  expect(shapes([-1, 1])).toMatchObject({ text_input: [1, 1], max_tokens: [1, 1], stop_words: [1, 2] });
  expect(shapes([1])).toMatchObject({ text_input: [1], stream: [1], stop_words: [2] });
});

test('[ORCH-3058] the LLM API backend gets `streaming` and its prefixed names', () => {
  const llmapi = model([1], {
    text_input: 'BYTES',
    streaming: 'BOOL',
    sampling_param_max_tokens: 'INT32',
    sampling_param_temperature: 'FP32',
    sampling_param_top_k: 'INT32',
    sampling_param_top_p: 'FP32',
    sampling_param_seed: 'UINT64',
    sampling_param_stop: 'BYTES',
    sampling_param_exclude_input_from_output: 'BOOL',
    return_finish_reason: 'BOOL',
    stop: 'BOOL',
  });
  const sent = values(llmapi, task({ samplerProfileVersion: 'v1-greedy', stop: ['x'] }));
  expect(sent).toEqual({
    text_input: 'Two plus two is',
    streaming: true,
    sampling_param_max_tokens: 2,
    sampling_param_temperature: 0,
    sampling_param_stop: ['x'],
    sampling_param_exclude_input_from_output: true,
    return_finish_reason: true,
  });
  expect(toStopTensors(llmapi).map(({ name, value }) => [name, value])).toEqual([
    ['text_input', ''],
    ['stop', true],
  ]);
});

test('[ORCH-3058] vLLM gets its sampling as one JSON text: a list of stop texts cannot be a request parameter', () => {
  const vllm = model([1], { text_input: 'BYTES', stream: 'BOOL', sampling_parameters: 'BYTES', exclude_input_in_output: 'BOOL' });
  const sent = values(vllm, task({ stop: ['a', 'b'] }));
  expect(JSON.parse(String(sent['sampling_parameters']))).toEqual({
    temperature: 0.7,
    top_k: 40,
    top_p: 0.95,
    min_p: 0.05,
    repetition_penalty: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    seed: 4_294_967_294,
    max_tokens: 2,
    stop: ['a', 'b'],
  });
});

test('asks for counts and the reason exactly where the model has them', () => {
  const { return_num_output_tokens: asked } = values(model([-1, 1], { ...ensembleInputs, return_num_output_tokens: 'BOOL' }), task());
  expect(asked).toBe(true);
  expect(Object.keys(values(model([-1, 1], ensembleInputs), task()))).not.toContain('return_finish_reason');
});

test('refuses to send a tensor that the model lacks, because Triton would take it for a parameter and ignore it', () => {
  const { seed: _, ...seedless } = ensembleInputs;
  expect(() => toInputTensors(model([-1, 1], seedless), task())).toThrow(/no input "seed".*ignore it/);
});
