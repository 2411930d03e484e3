import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workspaceRoot } from './workspace-root.ts';

const xtask = join(workspaceRoot, 'tools/xtask/src/main.ts');

test('a simulated engine says where it listens, serves there, and ends with its signal', async () => {
  const child = spawn(process.execPath, [xtask, 'engine-sim', 'llamacpp', '--model', 'sim', '--engine-version', 'b1-test'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error(printed)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const line = /^listening on (\S+)$/m.exec(printed);
      if (line?.[1] !== undefined) resolve(line[1]);
    });
  });
  expect(await (await fetch(`${url}/props`)).json()).toMatchObject({ model_alias: 'sim', build_info: 'b1-test' });
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  await expect(fetch(`${url}/health`)).rejects.toThrow(TypeError);
});

test('an engine that it does not know is bad usage, and so is none', async () => {
  for (const args of [['onnx'], [], ['--port', '0']]) {
    const child = spawn(process.execPath, [xtask, 'engine-sim', ...args], { stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([2, null]);
  }
});
