/** Tests of the gRPC messages: our `.proto` against bytes with the protocol's field numbers, and what a message says. */
import { fileURLToPath } from 'node:url';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { expect, test } from 'vitest';
import { type ModelStreamInferResponse, toModelInferRequest, toStreamedResponse } from './grpc-wire.ts';

const proto = fileURLToPath(new URL('../proto/kserve.proto', import.meta.url));
const service = loadSync(proto, { keepCase: true, longs: Number, defaults: true })['inference.GRPCInferenceService'] as Readonly<
  Record<string, MethodDefinition<object, object>>
>;

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');

test('[ORCH-3113] writes a request with the protocol’s field numbers, raw contents and the wish for an empty last response', () => {
  const request = toModelInferRequest({
    model: 'm',
    id: 'r1',
    tensors: [{ name: 'n', datatype: 'BOOL', shape: [1, 1], value: true }],
  });
  const key = Buffer.from('triton_enable_empty_final_response');
  const expected = Buffer.concat([
    hex('0a 01 6d', '1a 02 7231'), // 1 model_name, 3 id
    hex('22', (key.length + 6).toString(16), '0a', key.length.toString(16)), // 4 parameters {1 key,
    key,
    hex('12 02 08 01'), // 2 value {1 bool_param}}
    hex('2a 0d', '0a 01 6e', '12 04 424f4f4c', '1a 02 01 01'), // 5 inputs {1 name, 2 datatype, 3 shape}
    hex('3a 01 01'), // 7 raw_input_contents
  ]);
  expect(service['ModelStreamInfer']?.requestSerialize(request).toString('hex')).toBe(expected.toString('hex'));
});

test('[ORCH-3113] reads a response by field numbers: text from raw contents, and the final flag from a parameter', () => {
  const flag = Buffer.from('triton_final_response');
  const parameter = Buffer.concat([hex('0a', flag.length.toString(16)), flag, hex('12 02 08 01')]);
  const output = hex('0a 0b', Buffer.from('text_output').toString('hex'), '12 05', Buffer.from('BYTES').toString('hex'));
  const raw = hex('05000000', Buffer.from(' four').toString('hex'));
  const response = Buffer.concat([
    hex('1a 02 7231'), // 3 id
    hex('22', parameter.length.toString(16)), // 4 parameters
    parameter,
    hex('2a', output.length.toString(16)), // 5 outputs
    output,
    hex('32', raw.length.toString(16).padStart(2, '0')), // 6 raw_output_contents
    raw,
  ]);
  const bytes = Buffer.concat([hex('12', response.length.toString(16)), response]); // 2 infer_response
  const message = service['ModelStreamInfer']?.responseDeserialize(bytes) as ModelStreamInferResponse;
  expect(toStreamedResponse(message, 'r1')).toMatchObject({ kind: 'response', isFinal: true, response: { text: ' four' } });
  expect(toStreamedResponse(message, 'r2')).toMatchObject({ kind: 'garbage', why: 'a response to another request' });
});

test('[ORCH-3113] an empty last response ends the answer, and a response with another tensor is garbage', () => {
  const infer_response = { id: 'r1', parameters: { triton_final_response: { bool_param: true } }, outputs: [], raw_output_contents: [] };
  expect(toStreamedResponse({ error_message: '', infer_response }, 'r1')).toMatchObject({ isFinal: true, response: { text: null } });
  const other = { ...infer_response, outputs: [{ name: 'OUTPUT0', datatype: 'BYTES' }], raw_output_contents: [hex('00000000')] };
  expect(toStreamedResponse({ error_message: '', infer_response: other }, 'r1').kind).toBe('garbage');
  expect(toStreamedResponse({ error_message: 'no', infer_response: null }, 'r1')).toEqual({ kind: 'fault', message: 'no' });
});
