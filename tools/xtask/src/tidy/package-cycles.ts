/**
 * Finds packages that depend on each other in a ring. Pure.
 */
import type { Finding } from '@llama-orch/spec-extract';
import type { WorkspacePackage } from '../workspace-packages.ts';

/** One finding per ring, at the package.json of its alphabetically first member. */
export function checkPackageCycles(packages: readonly WorkspacePackage[]): readonly Finding[] {
  const byName = new Map(packages.map((each) => [each.name, each]));
  const done = new Set<string>();
  const rings = new Map<string, readonly WorkspacePackage[]>();
  const visit = (each: WorkspacePackage, path: readonly WorkspacePackage[]): void => {
    const start = path.indexOf(each);
    if (start >= 0) {
      const ring = path.slice(start).toSorted((a, b) => a.name.localeCompare(b.name));
      rings.set(ring.map(({ name }) => name).join(' '), path.slice(start));
      return;
    }
    if (done.has(each.name)) return;
    for (const name of each.dependencies) {
      const next = byName.get(name);
      if (next !== undefined) visit(next, [...path, each]);
    }
    done.add(each.name);
  };
  for (const each of packages) visit(each, []);
  return Array.from(rings.values(), (ring) => {
    const names = ring.map(({ name }) => name);
    const first = ring.toSorted((a, b) => a.name.localeCompare(b.name))[0];
    return { file: `${first?.dir ?? '.'}/package.json`, line: 1, expected: `no ring of packages, got ${[...names, names[0]].join(' → ')}` };
  });
}
