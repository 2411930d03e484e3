/**
 * All that the tree says about the requirements, gathered by id. It judges nothing and reads no file.
 */
import type { CodeLink, TestLink } from './code-links.ts';
import type { ContractLink } from './contract-links.ts';
import type { MetricLink } from './metric-links.ts';
import type { NotYet } from './not-yet.ts';
import { compareText, type Place } from './place.ts';
import type { Requirement } from './spec.ts';

/** Everything that was read. */
export type Sources = {
  readonly requirements: readonly Requirement[];
  readonly contract: readonly ContractLink[];
  readonly code: readonly CodeLink[];
  readonly tests: readonly TestLink[];
  readonly metrics: readonly MetricLink[];
  readonly notYet: readonly NotYet[];
  /** Ids that are named elsewhere: in comments, documents, contracts. */
  readonly mentions: readonly Mention[];
};

export type Mention = Place & { readonly id: string };

/** One requirement that is in force, and what there is about it, each list in the order of its places. */
export type Evidence = {
  readonly requirement: Requirement;
  readonly contract: readonly ContractLink[];
  readonly code: readonly CodeLink[];
  readonly tests: readonly TestLink[];
  readonly metrics: readonly MetricLink[];
  readonly notYet: NotYet | undefined;
};

/** The requirements that are in force, in the spec's order. */
export function gatherEvidence(sources: Sources): readonly Evidence[] {
  const contract = byId(sources.contract);
  const code = byId(sources.code);
  const tests = byId(sources.tests);
  const metrics = byId(sources.metrics);
  const notYet = byId(sources.notYet);
  return sources.requirements
    .filter(({ isWithdrawn }) => !isWithdrawn)
    .map((requirement) => ({
      requirement,
      contract: contract.get(requirement.id) ?? [],
      code: code.get(requirement.id) ?? [],
      tests: tests.get(requirement.id) ?? [],
      metrics: metrics.get(requirement.id) ?? [],
      notYet: notYet.get(requirement.id)?.[0],
    }));
}

function byId<T extends Mention>(links: readonly T[]): ReadonlyMap<string, readonly T[]> {
  return Map.groupBy(
    links.toSorted((a, b) => compareText(a.file, b.file) || a.line - b.line),
    ({ id }) => id,
  );
}
