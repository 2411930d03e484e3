/** Every wire by its name, and the check of what is asked of one. It knows none of their paths. */
import { llamacppWire } from './llamacpp-wire.ts';
import { plainWire } from './plain-wire.ts';
import { tgiWire } from './tgi-wire.ts';
import { tritonWire } from './triton-wire.ts';
import { trtllmWire } from './trtllm-wire.ts';
import { vllmWire } from './vllm-wire.ts';
import type { Wire } from './wire.ts';

export type WireName = 'llamacpp' | 'vllm' | 'tgi' | 'triton' | 'trtllm-serve' | 'plain';

export const wires: Readonly<Record<WireName, Wire>> = {
  llamacpp: llamacppWire,
  vllm: vllmWire,
  tgi: tgiWire,
  triton: tritonWire,
  'trtllm-serve': trtllmWire,
  plain: plainWire,
};

export const isWireName = (name: string): name is WireName => Object.hasOwn(wires, name);

/** @throws Error that names a wire option or a port that the wire does not have. */
export const checkWireNames = (given: {
  readonly wire?: WireName;
  readonly wireOptions?: Readonly<Record<string, string>>;
  readonly ports?: Readonly<Record<string, number>>;
}): void => {
  const wire = wires[given.wire ?? 'llamacpp'];
  refuseUnknown('wire option', Object.keys(given.wireOptions ?? {}), wire.options ?? []);
  refuseUnknown('port', Object.keys(given.ports ?? {}), Object.keys(wire.ports ?? {}));
};

const refuseUnknown = (what: string, given: readonly string[], known: readonly string[]): void => {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new Error(`This wire has no ${what} ${JSON.stringify(unknown)}; it has ${known.length === 0 ? 'none' : known.join(', ')}.`);
};
