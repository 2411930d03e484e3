import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { findMarked, markVariable } from './marked-processes.ts';
import { startStack } from './stack.ts';

test('a stack that leaves a process behind fails its stop, names it, and ends it', async () => {
  const stack = await startStack({ hasAgent: false });
  const stray = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'stray'], {
    env: { ...process.env, [markVariable]: stack.mark },
    stdio: 'ignore',
  });
  const ended = once(stray, 'exit');
  await once(stray, 'spawn');
  await expect(stack.stop()).rejects.toThrow(new RegExp(`no process to be left, got ${stray.pid} .*stray`));
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(findMarked(stack.mark)).toEqual([]);
});

test('a stack that cannot start says what the service said, and leaves nothing', async () => {
  const stack = startStack({ controller: { listne: '127.0.0.1:1' }, hasAgent: false });
  await expect(stack).rejects.toThrow(/orchestratord ended before it listened[\s\S]*listne/);
});
