/**
 * Before a package is packed: puts the repository's licences beside its manifest, since a published package must carry them.
 * Copies, not committed: the texts have one home.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

for (const name of ['LICENSE-MIT', 'LICENSE-APACHE']) {
  copyFileSync(join(import.meta.dirname, '..', name), join(process.cwd(), name));
}
