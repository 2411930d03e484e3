/**
 * Why the core refused a task, in the words of the contract: a limit there has a name and a value. Pure; it knows the config
 * because a rate's value stands nowhere else.
 */
import type { ErrorDetails, Priority } from '@llama-orch/api-types';
import type { Config } from '@llama-orch/config-schema';

export type RefusalContext = { readonly config: Config; readonly tenantId: string; readonly priority: Priority };

/**
 * @param details - The core's: `limit` is the number itself, or a name with its number in `allowed` where it has one.
 * @req ORCH-2006
 */
export const refusalDetails = (details: Readonly<Record<string, unknown>>, context: RefusalContext): ErrorDetails => {
  const { limit, allowed, ...rest } = details;
  if (typeof limit === 'number') return { ...rest, limit: { name: 'ctx', value: limit } };
  if (typeof limit !== 'string') return rest;
  const value = typeof allowed === 'number' ? allowed : rateOf(limit, context);
  return value === undefined ? rest : { ...rest, limit: { name: limit, value } };
};

/** Per second for the rates of requests, per minute for that of tokens. */
const rateOf = (limit: string, { config, tenantId, priority }: RefusalContext): number | undefined => {
  const tenant = config.tenants.find(({ id }) => id === tenantId) ?? config.tenants.find(({ id }) => id === 'default');
  switch (limit) {
    case 'tenant_rate':
      return tenant?.rate.requests_per_s;
    case 'class_rate':
      return config.classes[priority].rate?.requests_per_s;
    case 'tokens_per_minute':
      return tenant?.tokens_per_minute;
    default:
      return undefined;
  }
};
