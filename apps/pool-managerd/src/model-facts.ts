/**
 * The few figures of a model that memory planning needs, whatever format it lies in. It chooses who reads them.
 */
import { readGgufFacts } from './gguf.ts';
import { readHfFacts } from './hf-config.ts';

export type ModelFacts = {
  readonly architecture: string;
  readonly layerCount: number;
  /** Context the model was trained for, tokens; `null` if the file does not say. */
  readonly ctxTrain: number | null;
  /** Elements of K plus V that one token leaves in all layers; `null` where the header does not tell. */
  readonly kvElementsPerToken: number | null;
  /** It names how a text's vectors become one; `null` where the format has no word for it. */
  readonly namesPooling: boolean | null;
};

/** @returns `null` where neither a GGUF header nor a `config.json` tells; planning then goes by sizes alone. */
export const readModelFacts = (path: string, isDirectory: boolean): Promise<ModelFacts | null> =>
  isDirectory ? readHfFacts(path) : readGgufFacts(path);
