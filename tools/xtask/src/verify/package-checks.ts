/**
 * Builds every package that is published, and lints what would be published of it. It changes nothing but `dist`.
 */
import { readWorkspacePackages } from '../workspace-packages.ts';
import { workspaceRoot } from '../workspace-root.ts';
import { runPnpm } from './run-pnpm.ts';
import type { ToolOptions } from './run-tool.ts';

/** @returns What went wrong; empty when all is well. */
export async function packageChecks(options: ToolOptions): Promise<readonly string[]> {
  const published = readWorkspacePackages(workspaceRoot).filter(({ isPublished }) => isPublished);
  const filters = published.map(({ name }) => `--filter=${name}`);
  const build = await runPnpm(['exec', 'turbo', 'run', 'build', '--force', '--output-logs=errors-only', ...filters], options);
  if (build.exitCode !== 0) return [build.output];
  // Only pnpm applies `publishConfig`, so only its archive shows what a user would get.
  const lint = await runPnpm([...filters, 'exec', 'publint', 'run', '--pack', 'pnpm', '--strict'], options);
  return lint.exitCode === 0 ? [] : [lint.output];
}
