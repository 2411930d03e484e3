/** The tests of one pact: each interaction is played, and the committed file is what they wrote. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PactV4 } from '@pact-foundation/pact';
import { afterAll, expect, test } from 'vitest';
import type { PactInteraction } from './interaction.ts';
import { canonical, committedPact } from './pact-file.ts';
import { record } from './record.ts';

/** Of every pact here. */
const provider = 'orchestratord';

export function recordPact(consumer: string, interactions: readonly PactInteraction[]): void {
  const name = `${consumer}-${provider}.json`;
  const dir = mkdtempSync(join(tmpdir(), 'llama-orch-pact-'));
  const pact = new PactV4({ consumer, provider, dir, logLevel: 'error' });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test.each(interactions.map((each) => [each.description, each] as const))(
    `[ORCH-2006] ${consumer} relies on the answer to %s`,
    async (_, each) => {
      await expect(record(pact, each)).resolves.toBeUndefined();
    },
  );

  test(`[ORCH-2006] the committed pact is what ${consumer} relies on`, () => {
    const written = canonical(readFileSync(join(dir, name), 'utf8'));
    const { text, file } = committedPact(name, written);
    expect(text, `${file} differs; run \`pnpm xtask pact:write\``).toBe(written);
  });
}
