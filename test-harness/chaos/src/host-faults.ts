/**
 * Preloaded into a service by `NODE_OPTIONS`: plays a host whose clock jumps and whose disk is slow or full, as a file says. It
 * patches Node's own `Date` and `node:sqlite`, and knows nothing of the service; the service knows nothing of it.
 */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type HostState, hostFileVariable, parseHostState, quietHost } from './host-state.ts';

const file = process.env[hostFileVariable];
const RealDate = Date;
let state: HostState = quietHost;

if (file !== undefined) {
  look(file);
  // A look at each call of the clock would cost more than the clock.
  setInterval(() => look(file), 50).unref();
  moveClock();
  spoilDisk(file);
}

function look(path: string): void {
  try {
    state = parseHostState(readFileSync(path, 'utf8'));
  } catch {
    // The file is being written: what it said before holds until the next look.
  }
}

function moveClock(): void {
  const now = (): number => RealDate.now() + state.clockOffsetMs;
  globalThis.Date = new Proxy(RealDate, {
    get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
  });
}

/** SQLite itself says that the disk is full: its file may not grow by another page. */
function spoilDisk(path: string): void {
  // eslint-disable-next-line typescript/unbound-method -- called with its database below
  const { exec } = DatabaseSync.prototype;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const roomBefore = new WeakMap<DatabaseSync, number>();
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
    if (sql === 'BEGIN IMMEDIATE') {
      look(path);
      const { max_page_count: room } = this.prepare('PRAGMA max_page_count').get() as { max_page_count: number };
      const before = roomBefore.get(this);
      if (state.isDiskFull && before === undefined) {
        roomBefore.set(this, room);
        exec.call(this, 'PRAGMA max_page_count = 1');
      } else if (!state.isDiskFull && before !== undefined) {
        roomBefore.delete(this);
        exec.call(this, `PRAGMA max_page_count = ${before}`);
      }
    }
    if (sql === 'COMMIT' && state.commitDelayMs > 0) Atomics.wait(sleeper, 0, 0, state.commitDelayMs);
    exec.call(this, sql);
  };
}
