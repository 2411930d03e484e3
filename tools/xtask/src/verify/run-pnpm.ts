/** Runs the pinned pnpm, which is not among the dependencies: npx has it since the install. It judges nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceRoot } from '../workspace-root.ts';
import { runTool, type ToolOptions, type ToolResult } from './run-tool.ts';

export async function runPnpm(args: readonly string[], options: ToolOptions): Promise<ToolResult> {
  const manifest: unknown = JSON.parse(readFileSync(join(workspaceRoot, 'package.json'), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('packageManager' in manifest))
    throw new Error('package.json must have `packageManager`');
  return runTool('npx', ['--yes', '--prefer-offline', String(manifest.packageManager), ...args], options);
}
