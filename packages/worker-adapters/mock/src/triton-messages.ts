/** The messages of Triton's gRPC service by their field numbers. It owns the encoding; the calls are `triton-grpc.ts`. */
import { bytesField, bytesOf, type Fields, numberOf, packedField, readFields, textOf, varintField } from './protobuf.ts';
import type { Tensor, TritonModel, TritonOutputs } from './triton-models.ts';

export type InferMessage = {
  readonly model: string;
  readonly id: string;
  /** By input tensor; one value, or a list for a tensor of several elements. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly wantsEmptyFinal: boolean;
};

/** ModelInferRequest: 1 model_name, 3 id, 4 parameters, 5 inputs, 7 raw_input_contents. @throws RangeError */
export const readInfer = (bytes: Buffer): InferMessage => {
  const message = readFields(bytes);
  const raw = bytesOf(message, 7);
  const inputs = bytesOf(message, 5).map(readFields);
  const parameters = bytesOf(message, 4).map(readFields);
  const wantsEmptyFinal = parameters.some(
    (entry) =>
      textOf(entry, 1) === 'triton_enable_empty_final_response' && bytesOf(entry, 2).some((value) => numberOf(readFields(value), 1) === 1),
  );
  return {
    model: textOf(message, 1),
    id: textOf(message, 3),
    values: Object.fromEntries(inputs.map((input, index) => [textOf(input, 1), valueOf(input, raw[index] ?? Buffer.alloc(0))])),
    wantsEmptyFinal,
  };
};

const valueOf = (input: Fields, raw: Buffer): unknown => {
  switch (textOf(input, 2)) {
    case 'BOOL':
      return raw.readUInt8() === 1;
    case 'INT32':
      return raw.readInt32LE();
    case 'UINT32':
      return raw.readUInt32LE();
    case 'UINT64':
      return Number(raw.readBigUInt64LE());
    case 'FP32':
      return raw.readFloatLE();
    default: {
      const texts = bytesElements(raw);
      return texts.length === 1 ? texts[0] : texts;
    }
  }
};

const bytesElements = (raw: Buffer): readonly string[] => {
  const texts: string[] = [];
  for (let at = 0; at < raw.length; ) {
    const length = raw.readUInt32LE(at);
    texts.push(raw.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return texts;
};

/** ModelStreamInferResponse with a response; the final flag is a parameter of every one. */
export const writeResponse = (
  answer: { readonly model: string; readonly id: string },
  outputs: TritonOutputs,
  isFinal: boolean,
): Buffer => {
  const entries = Object.entries(outputs ?? {});
  const final = Buffer.concat([bytesField(1, 'triton_final_response'), bytesField(2, varintField(1, isFinal ? 1 : 0))]);
  const response = Buffer.concat([
    bytesField(1, answer.model),
    bytesField(2, '1'),
    bytesField(3, answer.id),
    bytesField(4, final),
    ...entries.map(([name, value]) =>
      bytesField(
        5,
        Buffer.concat([bytesField(1, name), bytesField(2, typeof value === 'string' ? 'BYTES' : 'INT32'), packedField(3, [1])]),
      ),
    ),
    ...entries.map(([, value]) => bytesField(6, rawOf(value))),
  ]);
  return bytesField(2, response);
};

const rawOf = (value: string | number): Buffer => {
  const text = typeof value === 'string' ? Buffer.from(value) : null;
  const head = Buffer.alloc(4);
  head.writeUInt32LE(text === null ? Number(value) : text.length);
  return text === null ? head : Buffer.concat([head, text]);
};

/** ModelStreamInferResponse with an error, inside a stream that is OK. */
export const writeError = (message: string): Buffer => bytesField(1, message);

export const writeServerMetadata = (version: string): Buffer =>
  Buffer.concat([bytesField(1, 'triton'), bytesField(2, version), bytesField(3, 'model_repository')]);

export const writeReady = (isReady: boolean): Buffer => (isReady ? varintField(1, 1) : Buffer.alloc(0));

export const writeModelMetadata = (name: string, model: TritonModel): Buffer =>
  Buffer.concat([
    bytesField(1, name),
    bytesField(2, '1'),
    bytesField(3, model.platform),
    ...model.inputs.map((tensor) => bytesField(4, writeTensor(tensor))),
    ...model.outputs.map((tensor) => bytesField(5, writeTensor(tensor))),
  ]);

const writeTensor = ({ name, datatype, shape }: Tensor): Buffer =>
  Buffer.concat([bytesField(1, name), bytesField(2, datatype), packedField(3, shape)]);

export const writeModelConfig = (name: string, model: TritonModel): Buffer => {
  const config = Buffer.concat([
    bytesField(1, name),
    bytesField(2, model.platform),
    varintField(4, model.maxBatchSize),
    ...Object.entries(model.parameters).map(([key, value]) =>
      bytesField(14, Buffer.concat([bytesField(1, key), bytesField(2, bytesField(1, value))])),
    ),
    bytesField(17, model.backend),
    bytesField(19, varintField(1, 1)),
  ]);
  return bytesField(1, config);
};
