import { expect, test } from 'vitest';
import { parseAgentFlags } from './command-line.ts';

const spec = { program: 'pool-managerd', summary: 'The agent.', version: '1.2.3' };
const parse = (...argv: string[]) => parseAgentFlags(argv, spec);

test('takes the controller beside the flags of all services', () => {
  expect(parse('--config', 'a.yaml', '--controller', 'http://10.0.0.1:8080', '--check')).toEqual({
    ok: true,
    flags: { config: 'a.yaml', check: true, controllerUrl: 'http://10.0.0.1:8080', switches: new Set() },
  });
  expect(parse('--controller=https://c')).toMatchObject({ ok: true, flags: { controllerUrl: 'https://c' } });
  expect(parse()).toEqual({ ok: true, flags: { config: 'orchestrator.yaml', check: false, switches: new Set() } });
});

test('names every fault at once and exits 2', () => {
  const parsed = parse('--frob', '--controller', 'ftp://x', '--controller', 'nothing');
  expect(parsed).toMatchObject({ ok: false, exitCode: 2 });
  const text = parsed.ok ? '' : parsed.text;
  expect(text).toContain('`--frob`');
  expect(text).toContain('got `ftp://x`');
  expect(text).toContain('given twice');
  expect(parse('--controller')).toMatchObject({ ok: false, exitCode: 2 });
});

test('its help shows the flag', () => {
  const parsed = parse('--help');
  expect(parsed).toMatchObject({ ok: false, exitCode: 0 });
  expect(parsed.ok ? '' : parsed.text).toMatch(/--controller URL +instead of/);
});

test('takes one pool to print, and not two', () => {
  expect(parse('--print-launch', 'chat')).toMatchObject({ ok: true, flags: { printLaunch: 'chat' } });
  expect(parse('--print-launch=chat', '--print-launch=other')).toMatchObject({
    ok: false,
    text: expect.stringContaining('given twice') as unknown,
  });
  expect(parse('--print-launch')).toMatchObject({ ok: false, text: expect.stringContaining('needs the id of a pool') as unknown });
  const help = parse('--help');
  expect(help.ok ? '' : help.text).toMatch(/--print-launch POOL +show the command/);
});
