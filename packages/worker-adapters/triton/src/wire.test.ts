/** Tests of KServe's HTTP wire against its documented answers. */
import { expect, test } from 'vitest';
import { toGenerateBody, toGenerateEvent, toHealth, toModelDescription, toServer } from './wire.ts';

test('[ORCH-3113] sends tensors and the id as one flat object; the header of Triton’s examples is not read', () => {
  const tensors = [
    { name: 'text_input', datatype: 'BYTES', shape: [1, 1], value: 'hi' },
    { name: 'stop_words', datatype: 'BYTES', shape: [1, 2], value: ['a', 'b'] },
  ];
  expect(toGenerateBody({ model: 'm', id: 'r1', tensors })).toEqual({ id: 'r1', text_input: 'hi', stop_words: ['a', 'b'] });
});

test('[ORCH-3113] reads an event whose tensors came as scalars or arrays', () => {
  expect(toGenerateEvent('{"id":"r1","model_name":"ensemble","model_version":"1","text_output":" four"}')).toEqual({
    kind: 'response',
    response: { text: ' four', finishReason: null, tokensIn: null, newTokens: null },
  });
  expect(toGenerateEvent('{"finish_reason":["None"],"text_output":[" four"],"num_input_tokens":4,"num_output_tokens":[1]}')).toMatchObject({
    response: { text: ' four', finishReason: 'None', tokensIn: 4, newTokens: 1 },
  });
});

test('reads an error inside a 200, and calls everything else garbage', () => {
  expect(toGenerateEvent('{"error":"in ensemble, CUDA error"}')).toEqual({ kind: 'fault', message: 'in ensemble, CUDA error' });
  for (const data of ['{"text_output":7}', '{"text_out', 'null', '[DONE]', '{}'])
    expect({ data, kind: toGenerateEvent(data).kind }).toEqual({ data, kind: 'garbage' });
});

test('a model that is not ready is 400 and not 503; only an empty 200 is ready', () => {
  expect(toHealth({ status: 200, body: '' })).toEqual({ kind: 'ready' });
  expect(toHealth({ status: 400, body: '' }).kind).toBe('loading');
  expect(toHealth({ status: 400, body: '{"error":"Model version not ready"}' })).toEqual({
    kind: 'loading',
    message: 'Model version not ready',
  });
  expect(toHealth({ status: 200, body: '<html>' }).kind).toBe('unhealthy');
  expect(toHealth({ status: 502, body: '<html>' }).kind).toBe('unhealthy');
});

test('[ORCH-3032] reads the server’s version and the model’s metadata and config', () => {
  expect(toServer({ name: 'triton', version: '2.73.0', extensions: [] }).version).toBe('2.73.0');
  const metadata = {
    name: 'm',
    versions: ['1'],
    platform: '',
    inputs: [{ name: 'text_input', datatype: 'BYTES', shape: [-1, 1] }],
    outputs: [],
  };
  const config = {
    backend: 'python',
    model_transaction_policy: { decoupled: true },
    parameters: { accumulate_tokens: { string_value: 'true' }, odd: 7 },
  };
  expect(toModelDescription(metadata, config)).toEqual({
    name: 'm',
    inputs: [{ name: 'text_input', datatype: 'BYTES', shape: [-1, 1] }],
    decoupled: true,
    backend: 'python',
    parameters: { accumulate_tokens: 'true' },
  });
  expect(toModelDescription(metadata, {}).decoupled).toBe(false);
});
