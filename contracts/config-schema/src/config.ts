/**
 * The whole file, `orchestrator.yaml`. The config is a wire format that people write, so its names are snake_case here
 * and in the types; services rename at their edge. It reads no file and no environment.
 */
import { Type } from 'typebox';
import { agentSchema } from './agent.ts';
import { canarySchema } from './canary.ts';
import { controllerSchema } from './controller.ts';
import { choice, list, section } from './field.ts';
import { modelsSchema } from './model.ts';
import { poolSchema } from './pool.ts';
import { classesSchema, keySchema, sessionsSchema, slosSchema, tenantSchema } from './tenant.ts';

/** @req ORCH-3030 */
export const configSchema = Object.assign(
  section('Configuration of llama-orch: one file for the controller; an agent reads only `agent`.', {
    schema_mode: choice(['strict', 'compat'], {
      description: 'What happens to unknown fields: `strict` refuses the file, `compat` drops them with a warning.',
      default: 'strict',
    }),
    models: modelsSchema,
    pools: list('Pools of the fleet.', poolSchema, { maxItems: 100_000 }),
    canaries: list('Shares of models that a second set of pools takes.', canarySchema, { default: [], maxItems: 1_000 }),
    tenants: list('Tenants. `default` is added with the default limits when it is not named.', tenantSchema, {
      default: [],
      maxItems: 100_000,
    }),
    classes: classesSchema,
    keys: list('API keys. Without any, the services serve loopback only.', keySchema, { default: [], maxItems: 10_000 }),
    slos: slosSchema,
    sessions: sessionsSchema,
    controller: controllerSchema,
    agent: Type.Optional(agentSchema),
  }),
  { $schema: 'http://json-schema.org/draft-07/schema#', title: 'orchestrator.yaml' },
);

/** The config as read: defaults applied, derived fields filled in, frozen. */
export type Config = Readonly<Type.Static<typeof configSchema>>;
