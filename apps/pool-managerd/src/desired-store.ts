/**
 * The last desired state on disk, so that the agent restarts and serves without a controller. It owns the file; what the
 * state means is not its concern.
 */
import { join } from 'node:path';
import { type DesiredState, validate } from '@llama-orch/api-types';
import { readJsonFile, writeJsonFile } from './atomic-file.ts';

export type DesiredStore = {
  /** `none` = never stored. `unreadable` = there is a file, and it is not one of ours; it is kept until the next save. */
  load(): Promise<
    | { readonly kind: 'loaded'; readonly desired: DesiredState }
    | { readonly kind: 'none' }
    | { readonly kind: 'unreadable'; readonly reason: string }
  >;
  save(desired: DesiredState): Promise<void>;
};

/**
 * @req ORCH-2109
 */
export const createDesiredStore = (dataDir: string): DesiredStore => {
  const path = join(dataDir, 'desired.json');
  return {
    async load() {
      try {
        const value = await readJsonFile(path);
        if (value === null) return { kind: 'none' };
        const checked = validate('DesiredState', value);
        if (checked.ok) return { kind: 'loaded', desired: checked.value };
        const [fault] = checked.faults;
        return { kind: 'unreadable', reason: `${path}${fault?.path ?? ''}: ${fault?.message ?? 'does not fit its schema'}` };
      } catch (error) {
        return { kind: 'unreadable', reason: `${path}: ${error instanceof Error ? error.message : String(error)}` };
      }
    },
    save: (desired) => writeJsonFile(path, desired),
  };
};
