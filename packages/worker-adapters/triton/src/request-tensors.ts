/**
 * A completion task as Triton's input tensors, one list for both transports. Pure; it owns which tensors a kind of model
 * gets and checks their names against its metadata, because Triton takes a misspelt tensor for a parameter and says nothing.
 */
import { type CompletionTask, samplingFields, WorkerError } from '@llama-orch/adapter-api';
import type { TritonModel } from './model-kind.ts';

export type TensorValue = string | number | boolean | readonly string[];

export type InputTensor = {
  readonly name: string;
  readonly datatype: string;
  /** With the batch dimension where the model has one. */
  readonly shape: readonly number[];
  readonly value: TensorValue;
};

/** Asked for where the model has them: what ends an answer, and how many tokens it took. */
const wantedOutputs = ['return_finish_reason', 'return_num_input_tokens', 'return_num_output_tokens'];

/**
 * All tensors of one completion.
 *
 * Stop texts are sent for the engine to end at, and matched again by us (`answer.ts`). `end_id` is left to the model.
 *
 * @errors `engine-rejected` where the model lacks a tensor that the task needs.
 * @req ORCH-3058
 */
export const toInputTensors = (model: TritonModel, task: CompletionTask): readonly InputTensor[] => {
  const { names } = model;
  const sampling = samplingFields(task, model.dialect);
  const values: Record<string, TensorValue> = { text_input: task.prompt, [names.stream]: true };
  if (names.maxTokens === null) {
    // A list cannot be a request parameter, so vLLM gets everything as the JSON text that its backend reads.
    values['sampling_parameters'] = JSON.stringify({
      ...sampling,
      max_tokens: task.maxTokens,
      ...(task.stop.length === 0 ? {} : { stop: task.stop }),
    });
  } else {
    values[names.maxTokens] = task.maxTokens;
    Object.assign(values, sampling);
    if (names.stop !== null && task.stop.length > 0 && model.inputs.has(names.stop)) values[names.stop] = task.stop;
  }
  values[names.excludeInput] = true;
  for (const name of wantedOutputs) if (model.inputs.has(name)) values[name] = true;
  return Object.entries(values).map(([name, value]) => toTensor(model, name, value));
};

/** The request that ends a running one of the same id; only where the model takes it. */
export const toStopTensors = (model: TritonModel): readonly InputTensor[] =>
  Object.entries({ text_input: '', stop: true }).map(([name, value]) => toTensor(model, name, value));

const toTensor = (model: TritonModel, name: string, value: TensorValue): InputTensor => {
  const metadata = model.inputs.get(name);
  if (metadata === undefined) {
    throw new WorkerError(
      'engine-rejected',
      `Triton’s model ${JSON.stringify(model.name)} has no input ${JSON.stringify(name)}; Triton would take it for a parameter and ignore it.`,
      { mayRunAgain: false },
    );
  }
  const elements = typeof value === 'object' ? value.length : 1;
  // Metadata of a model that batches shows the batch first; ours has one row.
  const shape = metadata.shape.length <= 1 ? [elements] : [...metadata.shape.slice(0, -1).map(() => 1), elements];
  return { name, datatype: metadata.datatype, shape, value };
};
