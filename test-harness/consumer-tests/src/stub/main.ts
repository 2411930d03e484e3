#!/usr/bin/env node
/** `pact:stub`: serves what the pacts say, until it is interrupted. Flags → pacts → port → signals. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createHandlers } from './handlers.ts';
import { readPact } from './pact-interactions.ts';
import { startStub } from './stub-server.ts';

const directory = fileURLToPath(new URL('../../../../contracts/pacts/', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: '8090' }, host: { type: 'string', default: '127.0.0.1' } },
});
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write(`pact:stub: --port is a number from 0 to 65535, got ${JSON.stringify(values.port)}\n`);
  process.exit(2);
}
const files = positionals.length > 0 ? positionals : readdirSync(directory).map((name) => `${directory}${name}`);
const interactions = files.filter((file) => file.endsWith('.json')).flatMap((file) => readPact(file));
const stub = await startStub(createHandlers(interactions), { host: values.host, port });
process.stdout.write(`ready ${stub.url} (${interactions.length} interactions of ${files.length} pacts)\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stub.close());
