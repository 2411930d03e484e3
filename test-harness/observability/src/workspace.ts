/** Where the files lie that this harness holds against each other. It reads none. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const workspaceRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

export const paths = {
  contract: join(workspaceRoot, 'ci/metrics.lint.json'),
  alerts: join(workspaceRoot, 'ci/alerts'),
  alertTests: join(workspaceRoot, 'ci/alerts/tests'),
  dashboards: join(workspaceRoot, 'ci/dashboards'),
  recorded: join(workspaceRoot, 'ci/dashboards/recorded'),
  debianTool: join(workspaceRoot, 'ci/scripts/debian_tool.sh'),
} as const;
