/**
 * The two calls of an agent (ORCH-2109): its report, and the long poll for what it should run.
 */
import { type AgentStatusAccepted, OrchError } from '@llama-orch/api-types';
import type { GuardEnv } from '@llama-orch/service-kit';
import { Hono } from 'hono';
import { leaseMs } from '../fleet/agent-leases.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { readJson } from './json-body.ts';

export type AgentRouteDeps = { readonly fleet: Fleet; readonly intervalMs: number; readonly maxBodyBytes: number };

const longestWaitMs = 30_000;
const agentName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const createAgentRoutes = ({ fleet, intervalMs, maxBodyBytes }: AgentRouteDeps): Hono<GuardEnv> => {
  const routes = new Hono<GuardEnv>();

  /** @req ORCH-2109, ORCH-3032 */
  routes.post('/v1/agents/:name/status', async (c) => {
    const name = checkedName(c.req.param('name'));
    const status = await readJson(c, 'AgentStatus', maxBodyBytes);
    const answer = fleet.onStatus(name, status);
    if (answer.kind === 'taken') {
      throw new OrchError('agent-name-taken', {
        message: `Agent ${name} reports from another instance (${answer.by}).`,
        retryAfterMs: answer.freeInMs,
        details: { instance_id: answer.by },
      });
    }
    const accepted: AgentStatusAccepted = {
      generation: fleet.desired.generation(name),
      lease_ms: leaseMs(status.interval_ms),
      interval_ms: intervalMs,
    };
    return c.json(accepted);
  });

  /** @req ORCH-2109 */
  routes.get('/v1/agents/:name/desired', async (c) => {
    const name = checkedName(c.req.param('name'));
    const known = wholeNumber(c.req.query('generation'), 'generation', 0, Number.MAX_SAFE_INTEGER);
    const waitMs = wholeNumber(c.req.query('wait_ms'), 'wait_ms', longestWaitMs, longestWaitMs);
    const state = await fleet.desired.whenChanged(name, known, waitMs, c.req.raw.signal);
    return state === undefined ? c.body(null, 204) : c.json(state);
  });

  return routes;
};

const checkedName = (name: string): string => {
  if (!agentName.test(name))
    throw new OrchError('invalid-params', { message: `An agent's name is letters, digits, '.', '_' and '-', at most 64.` });
  return name;
};

const wholeNumber = (text: string | undefined, name: string, fallback: number, maximum: number): number => {
  if (text === undefined) return fallback;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value) || value > maximum) {
    const message = `must be a whole number from 0 to ${maximum}`;
    throw new OrchError('invalid-params', { message: `${name} ${message}.`, details: { faults: [{ path: `/${name}`, message }] } });
  }
  return value;
};
