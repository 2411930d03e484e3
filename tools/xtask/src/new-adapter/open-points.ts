/** What is left to do in a new adapter's package, in order. The package's README holds it, and its conformance test reads it there. */
export function openPoints(name: string): readonly string[] {
  const wire = name.replace(/-http$/, '');
  return [
    'Read the engine’s server at one exact version; a table in this README names each trap and where it is handled.',
    'Add the engine to the `engine` enum in `contracts/openapi/data.yaml` and to `EngineName` in `adapter-api`, its parameters to every sampler profile, then `pnpm xtask regen`; `adapter.ts` says its name.',
    `Write its wire for the simulated engine, \`packages/worker-adapters/mock/src/${wire}-wire.ts\`, and name it in \`wires.ts\`; the conformance test starts it.`,
    '`wire.ts`: what `health`, `props` and `metrics` answer, both ways and pure.',
    '`submit`: one batch for each network read, `end` only when the engine said so, every other end a typed error.',
    '`errors.ts`: every refusal and every failure inside a 200 to its kind; `busy` where it only had no room.',
    '`confirmReleased`: what of the engine shows that a canceled request is gone.',
    '`capabilities` as they are; embeddings, rerank and `countTokens` where the engine has them.',
    'A test that names each trap; `pnpm xtask conformance` is green, every skip with its reason.',
    'Launch template and self-test in `apps/pool-managerd`, dispatch in `apps/orchestratord`, a pool in `contracts/config-schema/examples/four-engines.yaml`.',
    'Take this list out, and the test that reads it.',
  ];
}
