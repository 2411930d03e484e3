/** What a run is made of, and its command line. It owns the defaults. */
import { parseArgs } from 'node:util';

/** One run; everything in it follows from these numbers. */
export type Options = {
  readonly seed: number;
  readonly replicas: number;
  /** Simulated hours of arrivals; what was admitted then runs to its end. `null` = only `tasks` ends them. */
  readonly hours: number | null;
  /** Arrivals stop after so many tasks; `null` = only `hours` ends them. One of the two is set; with both the first reached counts. */
  readonly tasks: number | null;
  /** Mean offered load over the slots of the fleet; above 1 is overload. */
  readonly utilization: number;
  readonly slots: number;
  readonly tenants: number;
  readonly models: number;
  readonly policy: 'reject' | 'drop-lru' | 'shed-low-priority';
  /** Mean hours between two crashes of one replica; 0 = nothing ever fails. */
  readonly mtbfHours: number;
  /** Queue places per replica. */
  readonly capacity: number;
};

/** Of a run that is given no bound. */
const TASKS = 1_000_000;

export const defaultOptions: Options = {
  seed: 1,
  replicas: 1000,
  hours: null,
  tasks: TASKS,
  utilization: 0.9,
  slots: 8,
  tenants: 12,
  models: 4,
  policy: 'drop-lru',
  mtbfHours: 48,
  capacity: 32,
};

export const usage = `simulate: play a fleet from one seed against the scheduler core

  --seed N          every draw follows from it (${defaultOptions.seed})
  --replicas N      workers of the fleet (${defaultOptions.replicas})
  --hours H         simulated hours of arrivals, all of them: 1,000 replicas get some 7 million tasks an hour
  --tasks N         stop arrivals after N tasks; with --hours, whichever comes first (without --hours ${TASKS})
  --utilization U   mean offered load over all slots; above 1 is overload (${defaultOptions.utilization})
  --slots N         slots of a replica (${defaultOptions.slots})
  --tenants N       tenants (${defaultOptions.tenants})
  --models N        models, each a lane of its own (${defaultOptions.models})
  --policy P        reject, drop-lru or shed-low-priority (${defaultOptions.policy})
  --mtbf-hours H    mean hours between two crashes of one replica; 0 = no faults (${defaultOptions.mtbfHours})
  --capacity N      queue places per replica (${defaultOptions.capacity})
  --json            the report as JSON

The report goes to stdout and is the same for the same seed and flags; progress and wall time go to stderr.
Exit status: 0, 1 when an invariant broke (the command that replays it is printed), 2 for bad usage.
`;

export type Parsed =
  | { readonly kind: 'run'; readonly options: Options; readonly json: boolean }
  | { readonly kind: 'help' }
  | { readonly kind: 'bad'; readonly message: string };

/** Parse a command line; never throws. */
export function parseOptions(args: readonly string[]): Parsed {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string' },
        replicas: { type: 'string' },
        hours: { type: 'string' },
        tasks: { type: 'string' },
        utilization: { type: 'string' },
        slots: { type: 'string' },
        tenants: { type: 'string' },
        models: { type: 'string' },
        policy: { type: 'string' },
        'mtbf-hours': { type: 'string' },
        capacity: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return { kind: 'help' };
    const options: Options = {
      seed: wholeNumber('--seed', values.seed, defaultOptions.seed, 0),
      replicas: wholeNumber('--replicas', values.replicas, defaultOptions.replicas, 1),
      hours: values.hours === undefined ? null : positive('--hours', values.hours, 1),
      tasks: tasksOf(values.tasks, values.hours),
      utilization: positive('--utilization', values.utilization, defaultOptions.utilization),
      slots: wholeNumber('--slots', values.slots, defaultOptions.slots, 1),
      tenants: wholeNumber('--tenants', values.tenants, defaultOptions.tenants, 1),
      models: wholeNumber('--models', values.models, defaultOptions.models, 1),
      policy: policyOf(values.policy ?? defaultOptions.policy),
      mtbfHours: values['mtbf-hours'] === '0' ? 0 : positive('--mtbf-hours', values['mtbf-hours'], defaultOptions.mtbfHours),
      capacity: wholeNumber('--capacity', values.capacity, defaultOptions.capacity, 0),
    };
    return { kind: 'run', options: { ...options, models: Math.min(options.models, options.replicas) }, json: values.json === true };
  } catch (error) {
    return { kind: 'bad', message: error instanceof Error ? error.message : String(error) };
  }
}

/** The command that repeats a run exactly. */
export function toCommand(options: Options): string {
  const { seed, replicas, hours, tasks, utilization, slots, tenants, models, policy, mtbfHours, capacity } = options;
  const bounds = [hours === null ? '' : ` --hours ${hours}`, tasks === null ? '' : ` --tasks ${tasks}`].join('');
  return [
    `pnpm xtask simulate --seed ${seed} --replicas ${replicas}${bounds} --utilization ${utilization}`,
    `--slots ${slots} --tenants ${tenants} --models ${models} --policy ${policy} --mtbf-hours ${mtbfHours} --capacity ${capacity}`,
  ].join(' ');
}

/** A bound where one is given; the usual one only where the hours bound nothing either. */
function tasksOf(tasks: string | undefined, hours: string | undefined): number | null {
  return tasks === undefined && hours !== undefined ? null : wholeNumber('--tasks', tasks, TASKS, 1);
}

function wholeNumber(flag: string, text: string | undefined, fallback: number, least: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isSafeInteger(value) || value < least) throw new Error(`${flag} expects a whole number of at least ${least}, got ${text}`);
  return value;
}

function positive(flag: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${flag} expects a number above 0, got ${text}`);
  return value;
}

function policyOf(text: string): Options['policy'] {
  if (text === 'reject' || text === 'drop-lru' || text === 'shed-low-priority') return text;
  throw new Error(`--policy expects reject, drop-lru or shed-low-priority, got ${text}`);
}
