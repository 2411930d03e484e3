/**
 * One canary: the share of a model's tasks that a second set of pools takes. It knows no pool; that its names mean something is
 * checked in `consistency.ts`.
 */
import { Type } from 'typebox';
import { id, idPattern, list, ratio, section } from './field.ts';

/** @req ORCH-3033 */
export const canarySchema = section('One canary. Its pools take nothing else of the model. May change while the controller runs.', {
  id: id('Name of the canary, unique in the file.'),
  model: Type.String({ description: 'Name of one of `models`: whose tasks are split.', minLength: 1, maxLength: 128 }),
  pools: list('Ids of the pools that take the share; they may serve another model. A pool is in one canary at most.', id('Id of a pool.'), {
    minItems: 1,
    maxItems: 10_000,
    uniqueItems: true,
  }),
  percent: ratio('Share of the sessions; a session keeps its side.', 'percent', { default: 0, minimum: 0, maximum: 100 }),
  label: Type.Optional(Type.String({ description: 'Tasks with this `label` always go to the canary.', pattern: idPattern })),
});

export type CanaryConfig = Type.Static<typeof canarySchema>;
