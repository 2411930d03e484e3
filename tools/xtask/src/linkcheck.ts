/**
 * `xtask linkcheck`: every link, anchor and named path in the Markdown of this repository points at something. It reads the files;
 * what counts as a fault is linkcheck/'s.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatFinding } from '@llama-orch/spec-extract';
import type { Command } from './command.ts';
import { checkLinks } from './linkcheck/check-links.ts';
import { workspaceRoot } from './workspace-root.ts';

export const linkcheck: Command = {
  summary: 'Check every internal link, anchor and named path in all Markdown.',
  usage: `[--json]

  --json  the findings as JSON lines

Each finding is \`file:line: what was expected\`. Links to other hosts are not followed.`,
  run(args) {
    const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false } } });
    const files = repositoryFiles();
    const markdown = files.filter((file) => file.endsWith('.md'));
    const findings = checkLinks(files, new Map(markdown.map((file) => [file, readFileSync(join(workspaceRoot, file), 'utf8')])));
    for (const finding of findings) {
      if (values.json) console.log(JSON.stringify(finding));
      else console.error(formatFinding(finding));
    }
    if (!values.json) console.log(`linkcheck: ${markdown.length} files, ${findings.length} findings`);
    return Promise.resolve(findings.length === 0 ? 0 : 1);
  },
};

/** What git tracks or would track: nothing that a build left behind. */
function repositoryFiles(): readonly string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: workspaceRoot,
    encoding: 'utf8',
  });
  return list.split('\0').filter((file) => file !== '' && existsSync(join(workspaceRoot, file)));
}
