/** One HTTP client over the generated paths: where the service is, the key, and answers turned into data or errors. */
import openapiFetch, { type Client } from 'openapi-fetch';
import { OrchApiError } from './api-error.ts';

export type HttpOptions = {
  /** Where the service is, for example `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer …`. */
  readonly apiKey?: string | undefined;
  /** Default the global `fetch`, looked up at each call. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** Sent with every request, for example `X-Correlation-Id` or `traceparent`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
};

/**
 * The client of one set of paths.
 *
 * @throws TypeError where `baseUrl` is no URL, at once rather than at the first call.
 */
export function createHttp<Paths extends object>({ baseUrl, apiKey, fetch, headers }: HttpOptions): Client<Paths> {
  if (!URL.canParse(baseUrl)) {
    throw new TypeError(`expected a URL like http://127.0.0.1:8080 as baseUrl, got ${baseUrl}`);
  }
  return openapiFetch<Paths>({
    baseUrl,
    fetch: fetch ?? ((request) => globalThis.fetch(request)),
    headers: { ...headers, ...(apiKey !== undefined && { Authorization: `Bearer ${apiKey}` }) },
  });
}

/**
 * The data of an answer.
 *
 * @throws OrchApiError when it is not a 2xx.
 */
export function dataOf<Data>(result: { readonly data?: Data; readonly error?: unknown; readonly response: Response }): Data {
  if (!result.response.ok) {
    throw new OrchApiError(result.response, result.error);
  }
  // A 2xx always has the data of its operation; of a 204 that is `undefined`.
  return result.data as Data;
}
