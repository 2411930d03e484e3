/** One disturbance of a thing at a time: whoever comes next waits. It knows nothing of the things but their names. */

export interface Locks {
  /** Run `work` while nobody else has any of these names. */
  hold<Result>(names: readonly string[], work: () => Promise<Result>): Promise<Result>;
}

export function createLocks(): Locks {
  const last = new Map<string, Promise<unknown>>();
  return {
    hold(names, work) {
      // All of them are asked for at once, so that two who want the same two never wait for each other.
      const before = Promise.allSettled(names.map((name) => Promise.resolve(last.get(name))));
      const done = before.then(work);
      for (const name of names) last.set(name, done);
      return done;
    },
  };
}
