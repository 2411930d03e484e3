/** llama.cpp itself, inside Node, on the model of this repository: two processes for each profile. */
import { pairsOf, type Target } from '../target.ts';

export function embeddedTarget(): Target {
  return {
    name: 'llamacpp-embedded',
    runsOn: 'embedded engine, CPU',
    modelRef: 'haiku-tiny',
    ...pairsOf(() => ({})),
    isOurs: true,
  };
}
