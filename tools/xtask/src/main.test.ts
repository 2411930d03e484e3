import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { commandNames, commands } from './commands.ts';
import { workspaceRoot } from './workspace-root.ts';

type Outcome = { code: number; stdout: string; stderr: string };

async function xtask(...args: readonly string[]): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(workspaceRoot, 'tools/xtask/src/main.ts'), ...args]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    return { code, stdout, stderr };
  }
}

test('without a command it lists them all, each with its line', async () => {
  const { code, stdout } = await xtask();
  expect(code).toBe(0);
  expect(commandNames.length).toBeGreaterThan(10);
  for (const name of commandNames) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
});

test('an unknown command is exit 2 and names the nearest', async () => {
  expect(await xtask('verfy')).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "verify"') });
  expect(await xtask('constructor')).toMatchObject({ code: 2 });
});

test('an unknown flag is exit 2', async () => {
  expect(await xtask('docs', '--chek')).toMatchObject({ code: 2, stderr: expect.stringContaining("'--chek'") });
});

test('a port that is none is exit 2', async () => {
  expect(await xtask('dev', '--port', '70000')).toMatchObject({ code: 2, stderr: expect.stringContaining('0 to 65535') });
});

test.each(commandNames)('the command %s has a line, and help of its own', async (name) => {
  const command = await commands[name]?.();
  expect(command?.summary.length).toBeGreaterThan(15);
  expect(command?.answersHelp ?? command?.usage).toBeTruthy();
});

test('help tells a command’s flags and runs nothing', async () => {
  expect(await xtask('dev', '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--no-demo') });
});
