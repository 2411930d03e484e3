#!/usr/bin/env node
/**
 * The developer's command line: finds the subcommand and runs it. It knows the names of the commands and nothing of their
 * work; each is loaded only when it is called.
 */
import { isUsageError } from './command.ts';
import { commandNames, commands } from './commands.ts';

// A terminal that is closed while we tidy up must not keep us from it.
process.stdout.on('error', () => undefined);
process.exit(await main(process.argv.slice(2)));

async function main(argv: readonly string[]): Promise<number> {
  // `pnpm xtask -- dev` hands the separator on; it says nothing here.
  const [name, ...args] = argv[0] === '--' ? argv.slice(1) : argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return list();
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) return unknown(name);
  const command = await load();
  if (asksForHelp(args) && command.answersHelp !== true) {
    console.log(`xtask ${name}: ${command.summary}\n\nusage: pnpm xtask ${name} ${command.usage ?? ''}`.trimEnd());
    return 0;
  }
  try {
    return await command.run(args);
  } catch (error) {
    if (!isUsageError(error)) throw error;
    console.error(`xtask ${name}: ${error.message}\nSee: pnpm xtask ${name} --help`);
    return 2;
  }
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  return own.includes('--help') || own.includes('-h');
}

async function list(): Promise<number> {
  const width = Math.max(...commandNames.map((name) => name.length));
  console.log('usage: pnpm xtask COMMAND [ARGUMENTS], `--help` after a command explains it\n');
  for (const [name, load] of Object.entries(commands)) console.log(`  ${name.padEnd(width)}  ${(await load()).summary}`);
  return 0;
}

async function unknown(name: string): Promise<number> {
  const { didYouMean } = await import('@llama-orch/config-schema');
  console.error(`xtask: there is no command "${name}"${didYouMean(name, commandNames) || '; `pnpm xtask` lists them all'}`);
  return 2;
}
