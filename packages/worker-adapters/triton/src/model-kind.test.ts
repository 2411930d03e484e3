/** Tests of how a model is recognised by its metadata, since Triton's kinds share a protocol and no tensor names. */
import { expect, test } from 'vitest';
import { type ModelDescription, toTritonModel } from './model-kind.ts';

const describeModel = (inputs: readonly string[], changes: Partial<ModelDescription> = {}): ModelDescription => ({
  name: 'm',
  inputs: inputs.map((name) => ({ name, datatype: 'BYTES', shape: [1] })),
  decoupled: true,
  backend: 'python',
  parameters: {},
  ...changes,
});

test('[ORCH-3113] tells the model kinds apart, and with them cumulative from delta text', () => {
  const ensemble = toTritonModel(describeModel(['text_input', 'max_tokens', 'stream'], { backend: '' }));
  expect(ensemble).toMatchObject({ kind: 'ensemble', dialect: 'triton_ensemble', text: 'delta', hasFinishReason: false });
  const llmapi = toTritonModel(describeModel(['text_input', 'sampling_param_max_tokens', 'return_finish_reason', 'stop']));
  expect(llmapi).toMatchObject({ kind: 'llmapi', text: 'cumulative', hasFinishReason: true, takesStopRequest: true });
  expect(llmapi.names.stream).toBe('streaming');
  const vllm = toTritonModel(describeModel(['text_input', 'sampling_parameters', 'return_finish_reason'], { backend: 'vllm' }));
  expect(vllm).toMatchObject({ kind: 'vllm', dialect: 'triton_vllm', text: 'delta', takesStopRequest: false });
});

test('[ORCH-3113] BLS accumulates its text where its config says so', () => {
  const inputs = ['text_input', 'max_tokens'];
  expect(toTritonModel(describeModel(inputs, { parameters: { accumulate_tokens: 'True' } })).text).toBe('cumulative');
  expect(toTritonModel(describeModel(inputs, { parameters: { accumulate_tokens: 'false' } })).text).toBe('delta');
});

test('[ORCH-3015] refuses TensorRT-LLM’s core alone: it takes token ids, and Triton offers no tokenizer', () => {
  expect(() => toTritonModel(describeModel(['input_ids', 'input_lengths', 'request_output_len']))).toThrow(/token ids.*no tokenizer/);
});

test('refuses a model that is not decoupled, or of no kind that is known, with what to do', () => {
  expect(() => toTritonModel(describeModel(['text_input', 'max_tokens'], { decoupled: false }))).toThrow(/decoupled: true/);
  expect(() => toTritonModel(describeModel(['INPUT0']))).toThrow(/no input `text_input`/);
  expect(() => toTritonModel(describeModel(['text_input']))).toThrow(/no model kind that is known/);
});
