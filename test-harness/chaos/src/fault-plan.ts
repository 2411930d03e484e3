/** Which faults come when, from a seed. It carries none out and knows nothing of the stack but the names of its parts. */
import type { SeededRandom } from '@llama-orch/e2e-haiku';

export const faultKinds = [
  'worker-kill',
  'worker-stop',
  'worker-oom',
  'worker-driver-error',
  'agent-kill',
  'agent-stop',
  'controller-kill',
  'controller-stop',
  'client-wire-cut',
  'client-wire-stall',
  'worker-wire-cut',
  'worker-wire-stall',
  'slow-disk',
  'full-disk',
  'clock-jump',
  'config-file',
  'config-post',
  'drain',
  'twin-agent',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export type PlannedFault = {
  readonly kind: FaultKind;
  /** From the start of the load. */
  readonly atMs: number;
  /** Any number; which of the parts it means is for whoever carries it out. */
  readonly choice: number;
  /** How long it holds, where it is no single blow. */
  readonly holdMs: number;
};

/** Every kind comes once before any comes again; the times are even but for a little. */
export function planFaults(
  random: SeededRandom,
  { count, durationMs }: { readonly count: number; readonly durationMs: number },
): readonly PlannedFault[] {
  const stepMs = durationMs / count;
  let round: FaultKind[] = [];
  return Array.from({ length: count }, (_, index) => {
    if (round.length === 0) round = shuffle(random, faultKinds);
    const kind = round.pop() ?? 'worker-kill';
    return {
      kind,
      atMs: Math.round(stepMs * index + random.between(0, Math.floor(stepMs / 2))),
      choice: random.between(0, 999),
      holdMs: random.between(300, 1_500),
    };
  });
}

function shuffle<Item>(random: SeededRandom, items: readonly Item[]): Item[] {
  const shuffled = [...items];
  for (let at = shuffled.length - 1; at > 0; at -= 1) {
    const other = random.between(0, at);
    [shuffled[at], shuffled[other]] = [shuffled[other] as Item, shuffled[at] as Item];
  }
  return shuffled;
}
