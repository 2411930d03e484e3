/**
 * The states that the pacts speak of, brought about from outside: by the config of a provider, scripts of its engine, reports of its
 * agent, and requests. Each makes one provider the current one.
 */
import type { TaskRequest } from '@llama-orch/api-types';
import { ProviderService, type ServiceKey, type ServiceOptions } from './provider-service.ts';

/** Keys that the pacts send; the unknown one is nobody's. */
const tasksOnly: ServiceKey = { key: 'orch_pact_tasks_only_key', tenant: 'team-a', scopes: ['tasks'] };
const otherTenant: ServiceKey = { key: 'orch_pact_other_tenant_key', tenant: 'team-b', scopes: ['tasks'] };
const operator: ServiceKey = { key: 'orch_pact_operator_key', tenant: 'team-b', scopes: ['control', 'agent'] };

const full = (policy: string): ServiceOptions => ({ pool: { queue: { capacity: 1, full_policy: policy } } });

/** One provider for each config that a state needs, started when the first state asks for it. */
const profiles = {
  plain: {},
  /** Nothing ever ends on it, so nothing is measured. */
  unmeasured: {},
  reject: full('reject'),
  dropLru: full('drop-lru'),
  shed: full('shed-low-priority'),
  keyed: { keys: [tasksOnly, otherTenant, operator] },
  /** No agent could report to it: its body is larger. */
  small: { poolState: 'unheard', controller: { limits: { max_body_bytes: 1_024, max_header_bytes: 2_048 } } },
  impatient: { pool: { timeouts: { wall_ms: 300, cancel_grace_ms: 30_000 } } },
  starting: { poolState: 'starting' },
  refused: { poolState: 'refused' },
  changing: { hasCanary: true },
} as const satisfies Record<string, ServiceOptions>;

type Profile = keyof typeof profiles;

/** What a state is about. */
export type StateParams = {
  readonly task_id?: string;
  readonly request?: TaskRequest;
  readonly name?: string;
  readonly instance_id?: string;
};

/** @returns what the interaction's path needs to know. */
export type StateHandler = (params?: StateParams) => Promise<{ readonly operation_id: string } | void>;

export class ProviderStates {
  readonly #services = new Map<Profile, Promise<ProviderService>>();
  #current: ProviderService | null = null;

  /** Where the provider of the state that was set last listens. */
  get url(): string {
    if (this.#current === null) throw new Error('expected a state before a request');
    return this.#current.url;
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#services.values(), async (service) => (await service).stop()));
  }

  /** By the sentences that the pacts use. */
  readonly handlers: Readonly<Record<string, StateHandler>> = {
    'a slot is free': async () => {
      await this.#use('plain');
    },
    'nothing was measured yet': async () => {
      await this.#use('unmeasured');
    },
    'starts were measured, and the only slot is taken': async () => {
      const service = await this.#use('plain');
      await service.script({ prefillMs: 50 });
      await service.untilState(await service.submit({ model_ref: 'pact-model', prompt: 'Measure this.' }), 'succeeded');
      await service.takeSlot();
    },
    'the task was admitted': async (params) => {
      const service = await this.#use('plain');
      await service.submit(requestOf(params));
    },
    'the task is queued': async (params) => {
      const service = await this.#use('plain');
      await service.takeSlot();
      await service.submit(requestOf(params));
    },
    'the task is running': async (params) => {
      const service = await this.#use('plain');
      await service.script({ holdAfterSteps: 1 });
      await service.untilState(await service.submit(requestOf(params)), 'running');
    },
    'the task has succeeded': async (params) => {
      const service = await this.#use('plain');
      await service.untilState(await service.submit(requestOf(params)), 'succeeded');
    },
    'the session had a turn': async (params) => {
      const service = await this.#use('plain');
      await service.untilState(await service.submit(requestOf(params)), 'succeeded');
    },
    'the task was canceled in the queue': async (params) => {
      const service = await this.#use('plain');
      await service.takeSlot();
      await service.cancel(await service.submit(requestOf(params)));
    },
    'the worker died under a task that may not run again': async (params) => {
      const service = await this.#use('plain');
      await service.script({ fault: { kind: 'reset', afterSteps: 1 } });
      await service.untilState(await service.submit(requestOf(params)), 'failed');
    },
    'the worker died each time the task ran': async (params) => {
      const service = await this.#use('plain');
      await service.script({ fault: { kind: 'reset', afterSteps: 1 } });
      await service.untilState(await service.submit(requestOf(params)), 'failed');
    },
    'the engine took the task for wrong': async (params) => {
      const service = await this.#use('plain');
      await service.script({ fault: { kind: 'refuse', refusal: 'invalid-request' } });
      await service.untilState(await service.submit(requestOf(params)), 'failed');
    },
    'the task took longer than its pool allows': async (params) => {
      const service = await this.#use('impatient');
      await service.script({ holdAfterSteps: 1 });
      await service.untilState(await service.submit(requestOf(params)), 'failed');
    },
    'the task’s deadline passed in the queue': async (params) => {
      const service = await this.#use('unmeasured');
      await service.takeSlot();
      await service.untilState(await service.submit(requestOf(params)), 'failed');
    },
    'the task was dropped for a newer one': async (params) => {
      const service = await this.#use('dropLru');
      await service.takeSlot();
      const victim = await service.submit(requestOf(params));
      await service.submit({ model_ref: 'pact-model', prompt: 'A newer one.' });
      await service.untilState(victim, 'failed');
    },
    'the queue is full, and its policy is reject': () => this.#fill('reject'),
    'the queue is full of a higher class, and its policy is drop-lru': () => this.#fill('dropLru'),
    'the queue is full, and its policy is shed-low-priority': () => this.#fill('shed'),
    'the limits are small': async () => {
      await this.#use('small');
    },
    'keys are asked for': async () => {
      await this.#use('keyed');
    },
    'keys are asked for, and another tenant has the task': async (params) => {
      const service = await this.#use('keyed');
      await service.submit(requestOf(params), otherTenant.key);
    },
    'the pool is not Ready': async () => {
      await this.#use('starting');
    },
    'nothing serves the model': async () => {
      await this.#use('refused');
    },
    'the pool may be changed': async () => {
      await this.#use('changing');
    },
    'the pool is drained': async () => {
      const service = await this.#use('changing');
      return { operation_id: await service.drain() };
    },
    'a reload of the pool goes on': async () => {
      const service = await this.#use('changing');
      await service.reload();
    },
    'the config was changed': async () => {
      const service = await this.#use('changing');
      await service.changeConfig();
    },
    'a model has a canary': async () => {
      const service = await this.#use('changing');
      await service.setCanary();
    },
    'no agent of this name reported yet': async () => {
      await this.#use('plain');
    },
    'another instance of the agent reports': async ({ name = '', instance_id: instanceId = '' } = {}) => {
      const service = await this.#use('plain');
      await service.report(name, instanceId);
    },
  };

  /** The provider of this profile, with nothing left of earlier states. */
  async #use(profile: Profile): Promise<ProviderService> {
    const started = this.#services.get(profile) ?? ProviderService.start(profiles[profile]);
    this.#services.set(profile, started);
    const service = await started;
    await service.idle();
    this.#current = service;
    return service;
  }

  async #fill(profile: Profile): Promise<void> {
    const service = await this.#use(profile);
    await service.takeSlot();
    await service.submit({ model_ref: 'pact-model', prompt: 'Fill the queue.' });
  }
}

function requestOf({ request }: StateParams = {}): TaskRequest {
  if (request === undefined) throw new Error('expected the state to name the request of its task');
  return request;
}
