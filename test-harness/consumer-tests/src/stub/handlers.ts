/**
 * Mock handlers from pact files: what a consumer agreed with the service, nothing written twice. A request is answered by the
 * interaction it matches; where several do, by the one the caller names in `X-Pact-Description`, else by the first.
 */
import { isDeepStrictEqual } from 'node:util';
import { type DefaultBodyType, type HttpHandler, HttpResponse, http, type StrictRequest } from 'msw';
import type { StubInteraction } from './pact-interactions.ts';

const choose = 'x-pact-description';

export function createHandlers(interactions: readonly StubInteraction[]): readonly HttpHandler[] {
  return [
    http.all('*', async ({ request }) => {
      const url = new URL(request.url);
      const onPath = interactions.filter(({ method, path }) => method === request.method && path === url.pathname);
      const body = await bodyOf(request);
      const fitting = onPath.filter((each) => fits(each, request, url, body));
      const wanted = request.headers.get(choose);
      const interaction = wanted === null ? fitting[0] : fitting.find(({ description }) => description === wanted);
      return interaction === undefined ? unknown(request.method, url.pathname, onPath) : answer(interaction);
    }),
  ];
}

function fits({ query, headers, body }: StubInteraction, request: Request, url: URL, sent: unknown): boolean {
  return (
    Object.entries(query).every(([name, value]) => url.searchParams.get(name) === value) &&
    Object.entries(headers).every(([name, value]) => name === 'content-type' || request.headers.get(name) === value) &&
    (request.headers.get('last-event-id') ?? undefined) === headers['last-event-id'] &&
    (body === undefined || isDeepStrictEqual(sent, body))
  );
}

async function bodyOf(request: StrictRequest<DefaultBodyType>): Promise<unknown> {
  const text = await request.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // No JSON: compared as the text that it is.
    return text;
  }
}

const answer = ({ status, answerHeaders, answer: body }: StubInteraction): Response =>
  new HttpResponse(body, { status, headers: answerHeaders });

function unknown(method: string, path: string, onPath: readonly StubInteraction[]): Response {
  const known = onPath.map(({ description, body }) => ({ description, body }));
  return HttpResponse.json(
    {
      code: 'NOT_FOUND',
      message: `The pacts have no interaction for ${method} ${path} with this body, query and headers; details.known lists those of the path.`,
      retriable: false,
      correlation_id: 'stub',
      details: { known },
    },
    { status: 404 },
  );
}
