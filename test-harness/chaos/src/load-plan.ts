/** What clients do and when, from a seed: arrivals that do not wait for answers, and each client's habits. It sends nothing. */
import type { SeededRandom } from '@llama-orch/e2e-haiku';
import type { TenantName } from './fleet-config.ts';
import type { Determinism, Priority } from './transcript.ts';
import type { RequestForm } from './requests.ts';

export type PlannedReader = {
  readonly kind: 'raw' | 'typed';
  readonly isDirect: boolean;
  readonly dropAfterTokens: number | null;
  readonly leaveAfterTokens: number | null;
};

export type PlannedTask = {
  readonly atMs: number;
  readonly taskId: string;
  readonly tenant: TenantName;
  readonly form: RequestForm;
  readonly priority: Priority;
  readonly determinism: Determinism;
  /** The submission goes to the controller itself, not over the wire that is cut. */
  readonly isDirect: boolean;
  readonly readers: readonly PlannedReader[];
  /** After the 202; `null` = never. */
  readonly cancelAfterMs: number | null;
};

export type LoadShape = {
  readonly durationMs: number;
  /** Tasks of the steady tenant; the bursts of the others come on top. */
  readonly tasksPerMinute: number;
  /** Between two floods of the queue; 0 = none. */
  readonly floodEveryMs: number;
};

type Forms = { readonly sim: readonly RequestForm[]; readonly 'haiku-tiny': readonly RequestForm[] };

const burstEveryMs = 4_000;
const burstTasks = 12;
/** More than the lane can hold. */
const floodTasks = 130;
const haikuPercent = 8;

export function planLoad(
  random: SeededRandom,
  forms: Forms,
  { durationMs, tasksPerMinute, floodEveryMs }: LoadShape,
): readonly PlannedTask[] {
  const planned: PlannedTask[] = [];
  const add = (atMs: number, tenant: TenantName, rest: Partial<PlannedTask> = {}): void => {
    planned.push({ ...planTask(random, forms, atMs, tenant), ...rest });
  };
  for (const atMs of arrivals(random, tasksPerMinute / 60, durationMs)) add(atMs, 'steady');
  for (let atMs = burstEveryMs / 2; atMs < durationMs; atMs += burstEveryMs) {
    for (let index = 0; index < burstTasks; index += 1) {
      add(atMs, 'greedy', { cancelAfterMs: null });
      add(atMs + 20 * index, 'hasty', { readers: [] });
    }
  }
  for (let atMs = floodEveryMs / 2; floodEveryMs > 0 && atMs < durationMs; atMs += floodEveryMs)
    for (let index = 0; index < floodTasks; index += 1)
      add(atMs, 'steady', { form: pick(random, forms.sim), priority: 'batch', readers: [], isDirect: true });
  return planned.toSorted((a, b) => a.atMs - b.atMs);
}

/** One class alone, without cancels: each interactive task has a reader, so that its first token is seen; nobody reads batch. */
export function planClass(
  random: SeededRandom,
  forms: readonly RequestForm[],
  { priority, perS, durationMs }: { readonly priority: Priority; readonly perS: number; readonly durationMs: number },
): readonly PlannedTask[] {
  return arrivals(random, perS, durationMs).map((atMs) => plainTask(random, forms, priority, atMs));
}

/** All at once. */
export function planSaturation(random: SeededRandom, forms: readonly RequestForm[], count: number): readonly PlannedTask[] {
  return Array.from({ length: count }, () => plainTask(random, forms, 'batch', 0));
}

function plainTask(random: SeededRandom, forms: readonly RequestForm[], priority: Priority, atMs: number): PlannedTask {
  const reader: PlannedReader = { kind: 'raw', isDirect: true, dropAfterTokens: null, leaveAfterTokens: null };
  return {
    atMs,
    taskId: uuid(random),
    tenant: 'steady',
    form: pick(random, forms),
    priority,
    determinism: 'strict',
    isDirect: true,
    readers: priority === 'interactive' ? [reader] : [],
    cancelAfterMs: null,
  };
}

/** With exponential gaps: they come in clusters, as those of many clients that know nothing of each other do. */
function arrivals(random: SeededRandom, perS: number, durationMs: number): readonly number[] {
  const times: number[] = [];
  const gapMs = (): number => (-Math.log((random.between(0, 999_999) + 1) / 1_000_001) * 1_000) / perS;
  for (let atMs = gapMs(); atMs < durationMs; atMs += gapMs()) times.push(atMs);
  return times;
}

function planTask(random: SeededRandom, forms: Forms, atMs: number, tenant: TenantName): PlannedTask {
  const isHaiku = tenant === 'steady' && isOneOf(random, haikuPercent);
  const form = pick(random, isHaiku ? forms['haiku-tiny'] : forms.sim);
  const { max_tokens: maxTokens } = form.request;
  const readers = Array.from({ length: pick(random, [0, 1, 1, 1, 1, 1, 1, 1, 2, 3]) }, () => planReader(random, maxTokens ?? 1));
  return {
    atMs,
    taskId: uuid(random),
    tenant,
    form,
    priority: isOneOf(random, 65) ? 'interactive' : 'batch',
    determinism: isOneOf(random, 85) ? 'strict' : 'best_effort',
    isDirect: isOneOf(random, 40),
    readers,
    cancelAfterMs: isOneOf(random, 12) ? random.between(0, 500) : null,
  };
}

function planReader(random: SeededRandom, maxTokens: number): PlannedReader {
  const kind = isOneOf(random, 60) ? 'raw' : 'typed';
  return {
    kind,
    isDirect: isOneOf(random, 40),
    dropAfterTokens: kind === 'raw' && isOneOf(random, 30) ? random.between(1, maxTokens) : null,
    leaveAfterTokens: kind === 'raw' && isOneOf(random, 10) ? random.between(1, maxTokens) : null,
  };
}

function isOneOf(random: SeededRandom, percent: number): boolean {
  return random.between(0, 99) < percent;
}

function pick<Item>(random: SeededRandom, items: readonly Item[]): Item {
  return items[random.between(0, items.length - 1)] as Item;
}

/** From the seed, so that a replay asks for the same tasks. */
function uuid(random: SeededRandom): string {
  const hex = Array.from({ length: 8 }, () => random.between(0, 0xffff).toString(16).padStart(4, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
