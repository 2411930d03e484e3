/**
 * The flags: what they give, and every fault at once.
 */
import { expect, test } from 'vitest';
import { parseFlags } from './command-line.ts';

const spec = { program: 'orchestratord', summary: 'The controller.', version: '1.2.3' };
const parse = (...argv: string[]) => parseFlags(argv, spec);

test('without flags the config is orchestrator.yaml', () => {
  expect(parse()).toEqual({ ok: true, flags: { config: 'orchestrator.yaml', check: false, switches: new Set() } });
});

test('every flag is read, in both spellings', () => {
  const flags = { config: 'a.yaml', check: true, listen: { host: '::1', port: 0 }, dataDir: '/d', switches: new Set() };
  expect(parse('--config', 'a.yaml', '--check', '--listen', '[::1]:0', '--data-dir', '/d')).toEqual({ ok: true, flags });
  expect(parse('-c', 'a.yaml', '--check', '--listen=[::1]:0', '--data-dir=/d')).toEqual({ ok: true, flags });
});

test('bad usage exits 2 and names every fault', () => {
  expect(parse('--conf', 'x', '--check=yes', '--listen', '8080', '--data-dir', '--config', '--config', 'a')).toEqual({
    ok: false,
    exitCode: 2,
    text: `orchestratord: unknown flag \`--conf\`
orchestratord: unexpected argument \`x\`
orchestratord: \`--check\` takes no value
orchestratord: \`--data-dir\` needs a value
orchestratord: \`--listen\` must be HOST:PORT, got \`8080\`
See: orchestratord --help
`,
  });
});

test.each([
  [['--config', 'a', '--config', 'b'], '`--config` is given twice'],
  [['--config='], '`--config` needs a value'],
  [['--config'], '`--config` needs a value'],
  [['--__proto__'], 'unknown flag `--__proto__`'],
  [['--listen', 'h:70000'], '`--listen` must be HOST:PORT'],
])('%j is refused', (argv, fault) => {
  expect(parse(...argv)).toMatchObject({ ok: false, exitCode: 2, text: expect.stringContaining(fault) as string });
});

test('help and version go to stdout with exit code 0, whatever else is there', () => {
  expect(parse('--version', '--bad')).toEqual({ ok: false, exitCode: 0, text: 'orchestratord 1.2.3\n' });
  expect(parse('--bad', '-h')).toMatchObject({
    ok: false,
    exitCode: 0,
    text: expect.stringContaining('usage: orchestratord [--config FILE]') as string,
  });
});

test('a program adds switches of its own, which take no value and stand in the help', () => {
  const own = { ...spec, switches: { 'look-closely': 'look closely and exit' } };
  expect(parseFlags(['--look-closely'], own)).toMatchObject({ ok: true, flags: { switches: new Set(['look-closely']) } });
  expect(parseFlags([], own)).toMatchObject({ ok: true, flags: { switches: new Set() } });
  expect(parseFlags(['--look-closely=yes'], own)).toMatchObject({ ok: false, exitCode: 2 });
  expect(parse('--look-closely')).toMatchObject({ ok: false, exitCode: 2 });
  expect(parseFlags(['--help'], own)).toMatchObject({
    text: expect.stringContaining('      --look-closely      look closely and exit\n') as string,
  });
});
