/**
 * Fails when the lockfile lacks a native binary for one of the four supported platforms. A lockfile is written on one
 * platform, and pnpm drops optional packages that the registry did not have at that moment without a word; the gap would
 * only be seen on somebody else's machine. It needs an installed workspace and no network.
 */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const lockfile = readFileSync(`${root}pnpm-lock.yaml`, 'utf8');

/** `@esbuild/darwin-arm64`, `turbo-linux-64` (x64); not musl, and not the GPU builds that the workspace leaves out. */
const isForSupportedPlatform = (name) => /(darwin|linux)[-.]?(x64|arm64|64)\b/.test(name) && !/musl|cuda|vulkan|android/.test(name);

const missing = globSync('node_modules/.pnpm/*/node_modules/{*,@*/*}/package.json', { cwd: root }).flatMap((file) => {
  const { name, version, optionalDependencies = {} } = JSON.parse(readFileSync(root + file, 'utf8'));
  return Object.entries(optionalDependencies)
    .filter(([dependency]) => isForSupportedPlatform(dependency))
    .filter(([dependency, range]) => !lockfile.includes(`${dependency}@${range.replace(/^[\^~]/, '')}`))
    .map(([dependency, range]) => `${name}@${version} wants ${dependency}@${range}, which pnpm-lock.yaml lacks`);
});

for (const line of new Set(missing)) console.error(line);
if (missing.length > 0) {
  console.error('Pin the newest version of the package whose binaries for Linux and macOS, x64 and arm64, are all published.');
  process.exit(1);
}
