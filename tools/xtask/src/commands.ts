/**
 * The names of all developer commands, each with where it is. It loads none: that is done when one is called.
 */
import type { Command } from './command.ts';

/** Every command, in the order in which the list shows them. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  dev: async () => (await import('./dev.ts')).dev,
  verify: async () => (await import('./verify.ts')).verify,
  test: async () => (await import('./test.ts')).test,
  tidy: async () => (await import('./tidy.ts')).tidy,
  regen: async () => (await import('./regen.ts')).regen,
  'regen-openapi': async () => (await import('./regen-openapi.ts')).regenOpenapi,
  'regen-schema': async () => (await import('./regen-schema.ts')).regenSchema,
  'regen-pipelines': async () => (await import('./regen-pipelines.ts')).regenPipelines,
  'spec-extract': async () => (await import('./spec-extract.ts')).specExtract,
  'spec-proof': async () => (await import('./spec-proof.ts')).specProof,
  docs: async () => (await import('./docs.ts')).docs,
  linkcheck: async () => (await import('./linkcheck.ts')).linkcheck,
  'metrics-lint': async () => (await import('./metrics-lint.ts')).metricsLint,
  'pact:write': async () => (await import('./pact.ts')).pactWrite,
  'pact:verify': async () => (await import('./pact.ts')).pactVerify,
  'pact:stub': async () => (await import('./pact.ts')).pactStub,
  'pact:publish': async () => (await import('./pact-publish.ts')).pactPublish,
  'ci:haiku:cpu': async () => (await import('./ci-haiku.ts')).ciHaikuCpu,
  'ci:haiku:gpu': async () => (await import('./ci-haiku.ts')).ciHaikuGpu,
  'ci:determinism': async () => (await import('./ci-determinism.ts')).ciDeterminism,
  conformance: async () => (await import('./conformance.ts')).conformance,
  'new-adapter': async () => (await import('./new-adapter.ts')).newAdapter,
  'engine-sim': async () => (await import('./engine-sim.ts')).engineSim,
  simulate: async () => (await import('./simulate.ts')).simulate,
  'ci:load': async () => (await import('./ci-chaos.ts')).ciLoad,
  'ci:chaos': async () => (await import('./ci-chaos.ts')).ciChaos,
  bench: async () => (await import('./bench.ts')).bench,
};

export const commandNames: readonly string[] = Object.keys(commands);
