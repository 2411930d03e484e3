import { defineConfig } from 'tsup';

// The thread is started from its file: it must lie beside whatever part of the program starts it.
const entry = { app: 'src/app.ts', main: 'src/main.ts', 'journal-thread': 'src/journal/journal-thread.ts' };

export default defineConfig({ entry, format: ['esm'], clean: true, sourcemap: true, target: 'node22' });
