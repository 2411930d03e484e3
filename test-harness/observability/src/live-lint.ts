/** The scrape of a running deployment against the contract. It fetches `/metrics` and nothing else, and changes nothing. */
import { type Cardinalities, readContract, type ServiceName } from './contract.ts';
import { type Family, parseExposition } from './exposition.ts';
import { lintScrape } from './lint.ts';

export type LiveTarget = { readonly service: ServiceName; readonly url: string };

export type LiveReport = LiveTarget & {
  /** How many metrics the contract has for the service, and how many of them have a sample: the others' events did not happen yet. */
  readonly contracted: number;
  readonly shown: number;
  /** One sentence each. */
  readonly findings: readonly string[];
};

const patienceMs = 10_000;

/**
 * @param apiKey - Of scope `metrics`; `null` where the deployment has no keys.
 * @returns A service that does not answer has that as its finding.
 */
export async function lintLive({ service, url }: LiveTarget, apiKey: string | null): Promise<LiveReport> {
  const contract = readContract()[service];
  const report = { service, url, contracted: contract.length, shown: 0 };
  let families: ReadonlyMap<string, Family>;
  try {
    families = parseExposition(await fetchMetrics(url, apiKey));
  } catch (error) {
    return { ...report, findings: [error instanceof Error ? error.message : String(error)] };
  }
  const shown = contract.filter(({ name }) => (families.get(name)?.samples.length ?? 0) > 0).length;
  const findings = lintScrape(families, contract, cardinalitiesOf(families));
  return { ...report, shown, findings };
}

async function fetchMetrics(url: string, apiKey: string | null): Promise<string> {
  const headers: Readonly<Record<string, string>> = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
  let response: Response;
  try {
    response = await fetch(`${url.replace(/\/+$/, '')}/metrics`, { headers, signal: AbortSignal.timeout(patienceMs) });
  } catch (cause) {
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new Error(`expected an answer, got none: ${reason}`, { cause });
  }
  if (response.ok) return response.text();
  const hint = response.status === 401 || response.status === 403 ? ' (it asks for a key of scope `metrics`: --key-env)' : '';
  throw new Error(`expected metrics, got ${response.status}${hint}`);
}

/** Pools and lanes as the scrape itself has them; versions and tenants at the most that the contract allows. */
function cardinalitiesOf(families: ReadonlyMap<string, Family>): Cardinalities {
  const distinct = (metric: string, label: string): number =>
    new Set(families.get(metric)?.samples.map(({ labels }) => labels[label])).size;
  return { V: 8, T: 101, P: distinct('pool_state', 'pool_id'), L: distinct('queue_depth', 'lane') };
}
