/** The forms of requests that clients send, and their texts in a stack that nobody disturbs. */
import type { TaskRequest } from '@llama-orch/api-types';
import type { SeededRandom } from '@llama-orch/e2e-haiku';
import type { OrchClient } from '@llama-orch/openapi-client';

export type RequestForm = { readonly key: string; readonly request: TaskRequest & { readonly seed: number } };

const simForms = 24;
const haikuForms = 6;
const subjects = ['rain', 'snow', 'the sea', 'a cat', 'old roofs', 'the wind'];

/** Few enough to run each once beforehand, many enough that no two readers agree by chance. */
export function createForms(random: SeededRandom): { readonly sim: readonly RequestForm[]; readonly 'haiku-tiny': readonly RequestForm[] } {
  const sim = Array.from({ length: simForms }, (_, index): RequestForm => {
    const seed = random.between(0, 1_000_000);
    return {
      key: `sim-${index}`,
      request: { model_ref: 'sim', prompt: `Tell ${index} of ${seed}.\n`, seed, max_tokens: random.between(20, 100) },
    };
  });
  const haiku = Array.from({ length: haikuForms }, (_, index): RequestForm => {
    const seed = random.between(0, 1_000_000);
    return {
      key: `haiku-${index}`,
      request: { model_ref: 'haiku-tiny', prompt: `Write a haiku about ${subjects[index]}.\n`, seed, max_tokens: 24 },
    };
  });
  return { sim, 'haiku-tiny': haiku };
}

/** Run each once, before anything is disturbed. @returns Texts by key. */
export async function runUnfaulted(client: OrchClient, forms: readonly RequestForm[]): Promise<ReadonlyMap<string, string>> {
  const texts = await Promise.all(
    forms.map(async ({ key, request }) => {
      const { task_id: id } = await client.submitWhenAdmitted(request);
      const { state, result } = await client.waitForResult(id, { pollMs: 100 });
      if (state !== 'succeeded' || result?.text == null) throw new Error(`expected the unfaulted run of ${key} to succeed, got ${state}`);
      return [key, result.text] as const;
    }),
  );
  return new Map(texts);
}
