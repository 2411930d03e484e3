/**
 * What the suite is run on: an engine with two replicas, or what stands for them. It starts nothing.
 */
import type { StackOptions } from '@llama-orch/e2e-haiku';

/** The two sampler profiles: greedy and seeded sampling. */
export const profiles = ['v1-greedy', 'v1'] as const;
export type Profile = (typeof profiles)[number];

/** Two replicas of one profile by their pools; the same pool twice where there is only one engine. */
export type Pair = { readonly profile: Profile; readonly first: string; readonly second: string };

export type Target = {
  /** As `--engine` names it. */
  readonly name: string;
  /** What it is, for the report: `simulator`, `embedded engine`, or the address. */
  readonly runsOn: string;
  readonly modelRef: string;
  readonly stack: StackOptions;
  readonly pairs: readonly Pair[];
  /**
   * The agent starts its replicas: both must then be in one replica set, and one may be killed. An engine that somebody else runs
   * is a set of its own, and can be one pool only, so its profiles take turns.
   */
  readonly isOurs: boolean;
};

/** Room for everything that a crowd submits at once. */
const queueCapacity = 512;

/** Fields of the pools of one engine, for each replica; `which` is 0 or 1. */
export type ReplicaSpec = (which: 0 | 1) => Readonly<Record<string, unknown>>;

/** Pools and pairs of two replicas that differ in nothing but their names, one pair for each profile. */
export function pairsOf(replica: ReplicaSpec): Pick<Target, 'pairs' | 'stack'> {
  const pairs = profiles.map((profile) => ({ profile, first: `${profile}-a`, second: `${profile}-b` }));
  const pools = pairs.flatMap(({ profile, first, second }) => [
    { id: first, sampler_profile_version: profile, ...replica(0) },
    { id: second, sampler_profile_version: profile, ...replica(1) },
  ]);
  return { pairs, stack: { pools, queueCapacity } };
}
