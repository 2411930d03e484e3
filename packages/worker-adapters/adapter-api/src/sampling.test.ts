/** Tests of the sampler profiles as an adapter gets them. */
import { expect, test } from 'vitest';
import { samplerProfiles } from './sampler-profiles.gen.ts';
import { maxSeed, samplingFields } from './sampling.ts';

test('[ORCH-3058] gives every field of the profile and the seed under the engine’s name for it', () => {
  const fields = samplingFields({ samplerProfileVersion: 'v1', seed: maxSeed }, 'triton_llmapi');
  expect(fields).toEqual({ ...samplerProfiles.v1.triton_llmapi.parameters, sampling_param_seed: 4_294_967_294 });
});

test('sends no seed to an engine that takes none', () => {
  expect(samplingFields({ samplerProfileVersion: 'v1-greedy', seed: 7 }, 'tgi')).toEqual(samplerProfiles['v1-greedy'].tgi.parameters);
});

test('refuses the seed that llama.cpp takes for none, and names that are no profile', () => {
  expect(() => samplingFields({ samplerProfileVersion: 'v1', seed: 4_294_967_295 }, 'llamacpp')).toThrow(/0 to 4294967294/);
  for (const samplerProfileVersion of ['v0', 'toString', '']) {
    expect(() => samplingFields({ samplerProfileVersion, seed: 1 }, 'llamacpp')).toThrow(/no sampler profile/);
  }
});
