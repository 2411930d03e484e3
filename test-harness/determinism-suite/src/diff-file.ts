/**
 * A difference as a file that a person reads: prompt, seed, and both streams token by token. It owns the format, not the place.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedStream } from './recorded-stream.ts';
import type { Finding } from './run-suite.ts';

/** Write one file for a finding and return its path. */
export function writeDiff(dir: string, targetName: string, finding: Finding): string {
  const path = join(dir, targetName, `${finding.prompt.id}-${finding.profile}-${finding.pass}.diff`);
  mkdirSync(join(dir, targetName), { recursive: true });
  writeFileSync(path, renderDiff(finding));
  return path;
}

/** One line that names the difference: prompt, seed, first unlike token with its neighbours. */
export function describeFinding({ prompt, profile, pass, difference }: Finding): string {
  const { kind, token, byte, expected, got } = difference;
  return `${prompt.id} (seed ${prompt.seed}, ${profile}, ${pass}): ${kind} differs at token ${token}, byte ${byte}: expected ${expected}, got ${got}`;
}

export function renderDiff(finding: Finding): string {
  const { prompt, profile, expected, got, difference } = finding;
  const length = Math.max(expected.tokens.length, got.tokens.length);
  const lines = Array.from({ length }, (_, nth) => lineOf(expected.tokens[nth], got.tokens[nth]));
  return [
    `# ${describeFinding(finding)}`,
    `# prompt ${JSON.stringify(prompt.text)}`,
    `# seed ${prompt.seed}, max_tokens ${prompt.maxTokens}, profile ${profile}, the first ${difference.token} tokens are the same`,
    `--- ${originOf(expected)}`,
    `+++ ${originOf(got)}`,
    ...lines.flat(),
    '',
  ].join('\n');
}

function lineOf(expected: string | undefined, got: string | undefined): readonly string[] {
  if (expected === got) return [` ${JSON.stringify(got)}`];
  return [...(expected === undefined ? [] : [`-${JSON.stringify(expected)}`]), ...(got === undefined ? [] : [`+${JSON.stringify(got)}`])];
}

function originOf({ poolId, engineVersion, finishReason, tokensOut }: RecordedStream): string {
  return `pool ${poolId}, engine version ${engineVersion}, ended by ${finishReason} after ${tokensOut ?? 'an unknown number of'} tokens`;
}
