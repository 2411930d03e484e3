/** Looks a task's sampler profile up for one engine's request. It owns the look-up; the values are generated. */
import { type SamplerDialect, type SamplerProfileVersion, samplerProfiles } from './sampler-profiles.gen.ts';
import type { CompletionTask } from './worker-adapter.ts';
import { WorkerError } from './worker-error.ts';

/** Highest seed a task may have: llama.cpp reads 2^32-1 as "draw one", and then never says which. */
export const maxSeed = 2 ** 32 - 2;

/**
 * Every field of a request that touches sampling, ready to be sent; an adapter adds none of its own.
 *
 * @errors `unknown-sampler-profile`; `internal` for a seed out of 0..2^32-2, which no caller may let through.
 * @req ORCH-3058
 */
export const samplingFields = (
  task: Pick<CompletionTask, 'samplerProfileVersion' | 'seed'>,
  dialect: SamplerDialect,
): Readonly<Record<string, number | boolean | string>> => {
  const { samplerProfileVersion: version, seed } = task;
  if (!isProfile(version)) {
    throw new WorkerError('unknown-sampler-profile', `There is no sampler profile ${JSON.stringify(version)}.`, { mayRunAgain: false });
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > maxSeed) {
    throw new WorkerError('internal', `A seed is an integer from 0 to ${maxSeed}, not ${seed}.`, { mayRunAgain: false });
  }
  const { seedField, parameters } = samplerProfiles[version][dialect];
  return seedField === null ? parameters : { ...parameters, [seedField]: seed };
};

const isProfile = (version: string): version is SamplerProfileVersion => Object.hasOwn(samplerProfiles, version);
