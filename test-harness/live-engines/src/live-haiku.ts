/**
 * The haiku of this minute from a live engine, through OrchQueue v1. llama.cpp is held to the whole protocol with its evidence of
 * a real model; of the others the answer itself is judged.
 */
import type { Target } from '@llama-orch/determinism-suite';
import { createChallenge, faultsOfAnswer, readStream, runHaiku, type Stack } from '@llama-orch/e2e-haiku';

/** A model that was not trained for it may need another try. */
const tries = 3;

/** @returns what was expected and not found, by the best try; empty when all is well. */
export async function faultsOfHaiku(stack: Stack, target: Target, poolId: string): Promise<readonly string[]> {
  let faults: readonly string[] = [];
  for (let nth = 0; nth < tries; nth += 1) {
    faults = target.name === 'llama-server' ? await wholeProtocol(stack, target, poolId) : await answerAlone(stack, target, poolId);
    if (faults.length === 0) break;
  }
  return faults;
}

async function wholeProtocol(stack: Stack, { modelRef }: Target, poolId: string): Promise<readonly string[]> {
  const workers = new Map([[poolId, stack.worker(poolId)]]);
  const challenge = createChallenge(new Date());
  return (await runHaiku({ client: stack.client, workers, challenge, modelRef, samplerProfileVersion: 'v1' })).faults;
}

async function answerAlone({ client }: Stack, { modelRef }: Target, poolId: string): Promise<readonly string[]> {
  const challenge = createChallenge(new Date());
  const task = { model_ref: modelRef, prompt: challenge.prompt, max_tokens: 96, sampler_profile_version: 'v1', pin_pool_id: poolId };
  const { task_id: taskId } = await client.submit(task);
  const stream = readStream(client, taskId);
  await stream.untilEnd();
  return faultsOfAnswer(stream.text, challenge);
}
