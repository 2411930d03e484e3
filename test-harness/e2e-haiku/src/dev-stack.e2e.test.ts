import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@llama-orch/openapi-client';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { shortTask } from './long-answers.ts';
import { findMarked, killMarked, markVariable } from './marked-processes.ts';
import { readStream } from './stream-reader.ts';
import { programs, workspaceRoot } from './workspace.ts';

test('[ORCH-3059] the stack of npm start says ready, shows a haiku, serves a task, and Ctrl-C leaves no child', async () => {
  const mark = randomUUID();
  const dataDir = await mkdtemp(join(tmpdir(), 'llama-orch-dev-'));
  const child = spawn(process.execPath, [programs.xtask, 'dev', '--port', '0', '--data-dir', dataDir], {
    cwd: workspaceRoot,
    env: { ...process.env, [markVariable]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const exited = once(child, 'exit');
  try {
    const describe = (): string => output.slice(-3_000);
    const url = await eventually('the line that says ready', () => /^ready (http:\/\/127\.0\.0\.1:\d+)$/m.exec(output)?.[1], {
      withinMs: 60_000,
      describe,
    });
    await eventually('the haiku', () => /^\d+ tokens from haiku-[ab]\/1 \(llamacpp embedded-/m.test(output), { describe });
    const client = createClient({ baseUrl: url });
    const { task_id: taskId } = await client.submit(shortTask());
    const end = await readStream(client, taskId).untilEnd();
    expect(end.tokens_out).toBeGreaterThan(0);
    expect(findMarked(mark).length).toBeGreaterThanOrEqual(5);

    child.kill('SIGINT');
    expect(await exited, describe()).toEqual([130, null]);
    expect(findMarked(mark)).toEqual([]);
  } finally {
    killMarked(mark);
    await exited;
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
});
