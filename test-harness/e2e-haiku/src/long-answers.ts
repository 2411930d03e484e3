/**
 * Prompts under which the tiny model does not end by itself, so that a test has time to interfere. They ask it to copy; what it
 * then writes depends on the seed. It holds no answer.
 */
import type { TaskRequest } from '@llama-orch/api-types';
import type { SeededRandom } from './seeded-random.ts';

/** A period that the model copies for ever: the answer has as many tokens as the task allows. */
export const endlessPrompt = `Copy "${'abc123'.repeat(20)}"\n`;

/** A prompt of about `tokens` tokens: quoted characters are one token each. Above 1,024 its reading takes seconds. */
export function longPrompt(tokens: number): string {
  return `Copy "${'abc123'.repeat(Math.ceil(tokens / 6)).slice(0, tokens)}"\n`;
}

/** Random characters to copy, in which the model loses its way: many answers are long, and no two alike. */
export function variedPrompt(random: SeededRandom): string {
  const characters = Array.from({ length: 120 }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[random.between(0, 35)]);
  return `Copy "${characters.join('')}"\n`;
}

/** A task of `maxTokens` tokens, about a millisecond each on a fast core. */
export function longTask(maxTokens: number, rest: Partial<TaskRequest> = {}): TaskRequest {
  return { model_ref: 'haiku-tiny', prompt: endlessPrompt, max_tokens: maxTokens, sampler_profile_version: 'v1', ...rest };
}

/** A task of a few dozen tokens. */
export function shortTask(rest: Partial<TaskRequest> = {}): TaskRequest {
  return { model_ref: 'haiku-tiny', prompt: 'Write a haiku about rain.\n', max_tokens: 24, sampler_profile_version: 'v1', ...rest };
}
