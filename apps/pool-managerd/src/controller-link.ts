/**
 * The agent's two calls to its controller: status every interval and at each change, desired pools by long poll. It owns
 * their rhythm and outlives any absence of the controller; what is reported and what is done is injected.
 */
import type { AgentStatus, DesiredState } from '@llama-orch/api-types';
import { type AgentClient, OrchApiError } from '@llama-orch/openapi-client';
import type { Logger } from '@llama-orch/service-kit';

export type ControllerLink = {
  /** Something changed: report soon. */
  changed(): void;
  /** How often the controller wants a status, ms. */
  intervalMs(): number;
  /** Whether the last status was taken. */
  isConnected(): boolean;
  /** End both loops; then one last status, which may take `lastStatusMs`. */
  stop(lastStatusMs: number): Promise<void>;
};

export type ControllerLinkDeps = {
  readonly client: AgentClient;
  readonly agentName: string;
  readonly status: () => Promise<AgentStatus>;
  /** The generation that is applied; 0 for none. */
  readonly generation: () => number;
  /** Store and apply; a rejection is logged and the same state asked for again. */
  readonly onDesired: (desired: DesiredState) => Promise<void>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Resolves after `ms`, rejects when the signal fires. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
};

/** Until the controller says otherwise (ORCH-2109). */
const defaultIntervalMs = 1_000;
/** Changes closer than this go out together. */
const coalesceMs = 20;
const waitMs = 25_000;
const statusTimeoutMs = 10_000;
/** Waits after failures: doubling up to the longest, each between half and all of it. */
const firstRetryMs = 200;
const longestRetryMs = 2_000;

/** @req ORCH-2109 */
export const createControllerLink = (deps: ControllerLinkDeps): ControllerLink => {
  const ended = new AbortController();
  let intervalMs = defaultIntervalMs;
  let isConnected = false;
  /** Another live instance has the name: what is desired of it is not for this one. */
  let isNameTaken = false;
  let onFirstReport: () => void = () => undefined;
  const firstReport = new Promise<void>((resolve) => {
    onFirstReport = resolve;
  });
  let lastTrouble: string | null = null;
  let wake: (() => void) | null = null;
  let hasChanged = false;

  const backoff = (failures: number): number =>
    Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 20)) * (0.5 + deps.random() / 2);

  /** Say it once, not every second. */
  const onTrouble = (error: unknown): void => {
    const trouble = describe(error);
    isConnected = false;
    isNameTaken = trouble.event === 'agent_name_taken';
    if (trouble.text === lastTrouble) return;
    lastTrouble = trouble.text;
    deps.log.warn({ event: trouble.event, cause: trouble.text }, `${trouble.sentence}; workers go on, trying again`);
  };

  const onAnswer = (): void => {
    if (!isConnected) deps.log.info({ event: 'controller_connected' }, 'the controller takes this agent’s status');
    isConnected = true;
    isNameTaken = false;
    lastTrouble = null;
  };

  const report = async (signal: AbortSignal): Promise<void> => {
    const answer = await deps.client.reportStatus(deps.agentName, await deps.status(), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(statusTimeoutMs)]),
    });
    intervalMs = answer.interval_ms;
  };

  /** Until the interval passed, or something changed; a change during the report before counts too. */
  const pause = async (ms: number): Promise<void> => {
    if (!hasChanged) {
      const woken = new AbortController();
      wake = () => woken.abort();
      await rest(ms, AbortSignal.any([ended.signal, woken.signal]));
      wake = null;
      if (!woken.signal.aborted) return;
    }
    await rest(coalesceMs, ended.signal);
  };

  /** A pause that ends early is still only a pause. */
  const rest = (ms: number, signal: AbortSignal): Promise<void> => deps.sleep(ms, signal).catch(() => undefined);

  const statusLoop = async (): Promise<void> => {
    let failures = 0;
    while (!ended.signal.aborted) {
      hasChanged = false;
      try {
        await report(ended.signal);
        onAnswer();
        failures = 0;
      } catch (error) {
        if (ended.signal.aborted) break;
        failures += 1;
        onTrouble(error);
      }
      onFirstReport();
      // While the controller is away changes do not make the calls denser: it will get everything at once when it is back.
      await (failures === 0 ? pause(intervalMs) : rest(backoff(failures), ended.signal));
    }
    onFirstReport();
  };

  const desiredLoop = async (): Promise<void> => {
    let failures = 0;
    // Generations are one controller's own count. After a failure it may be another one, so everything is asked for anew.
    let isSure = false;
    await firstReport;
    while (!ended.signal.aborted) {
      if (isNameTaken) {
        isSure = false;
        await rest(intervalMs, ended.signal);
        continue;
      }
      try {
        const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(waitMs + statusTimeoutMs)]);
        const desired = await deps.client.desiredPools(deps.agentName, {
          generation: isSure ? deps.generation() : 0,
          waitMs: isSure ? waitMs : 0,
          signal,
        });
        // 0 means none: a controller that knows nothing yet must not empty the host.
        if (desired?.generation === 0) throw new Error('the controller has no desired state yet');
        if (desired !== null && !isNameTaken) await deps.onDesired(desired);
        isSure = true;
        failures = 0;
      } catch (error) {
        if (ended.signal.aborted) return;
        isSure = false;
        failures += 1;
        // The status loop speaks of an absent controller; what it cannot see is said here.
        if (isConnected)
          deps.log.warn(
            { event: 'desired_failed', cause: describe(error).text },
            'the desired pools could not be read or applied; trying again',
          );
        await rest(backoff(failures), ended.signal);
      }
    }
  };

  const loops = Promise.all([statusLoop(), desiredLoop()]);

  return {
    changed() {
      hasChanged = true;
      wake?.();
    },
    intervalMs: () => intervalMs,
    isConnected: () => isConnected,
    async stop(lastStatusMs) {
      const wasConnected = isConnected;
      ended.abort();
      await loops;
      // Best effort: without it the controller learns the same a lease later.
      if (wasConnected) await report(AbortSignal.timeout(lastStatusMs)).catch(() => undefined);
    },
  };
};

const describe = (error: unknown): { readonly event: string; readonly text: string; readonly sentence: string } => {
  if (error instanceof OrchApiError) {
    // Correlation ids differ each time; the text decides whether it is news.
    const text = error.envelope === null ? error.message : `${error.status} ${error.envelope.code}: ${error.envelope.message}`;
    if (error.status === 409)
      return { event: 'agent_name_taken', text, sentence: 'another live instance reports under this agent name; stop one of the two' };
    if (error.status === 401 || error.status === 403)
      return { event: 'controller_refused_key', text, sentence: 'the controller refuses this agent’s key' };
    return { event: 'controller_error', text, sentence: 'the controller refuses this agent’s status' };
  }
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return {
    event: 'controller_unreachable',
    text: `${error instanceof Error ? error.message : String(error)}${cause}`,
    sentence: 'the controller cannot be reached',
  };
};
