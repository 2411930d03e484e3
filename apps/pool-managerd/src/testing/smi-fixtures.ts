/**
 * Outputs of `nvidia-smi` for tests, from the files of `nvidia-smi/`, each of which names its origin in lines that start with
 * `#`.
 */
import { readFileSync } from 'node:fs';
import type { SmiOutput } from '../gpu-device.ts';

/** The text of a file without its origin. */
export const smiText = (file: string): string =>
  readFileSync(new URL(`nvidia-smi/${file}`, import.meta.url), 'utf8').replaceAll(/^# .*\n/gm, '');

export const smiOutput = (file: string, exitCode = 0): SmiOutput => ({ kind: 'ran', exitCode, stdout: smiText(file), stderr: '' });
