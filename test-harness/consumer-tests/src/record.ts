/** Plays one interaction between a consumer's code and Pact's stand-in, which writes it down. It knows no interaction. */
import { createAgentClient, createClient } from '@llama-orch/openapi-client';
import { MatchersV3, type PactV4 } from '@pact-foundation/pact';
import type { Answer, PactInteraction } from './interaction.ts';

type Builder = Parameters<
  Parameters<ReturnType<ReturnType<ReturnType<PactV4['addInteraction']>['uponReceiving']>['withRequest']>['willRespondWith']>[1] & {}
>[0];

export async function record(pact: PactV4, interaction: PactInteraction): Promise<void> {
  const { description, state, params, method, path, query, headers, body, answer, consume } = interaction;
  await pact
    .addInteraction()
    .given(state, params as Parameters<ReturnType<PactV4['addInteraction']>['given']>[1])
    .uponReceiving(description)
    .withRequest(method, typeof path === 'string' ? path : MatchersV3.fromProviderState(path.expression, path.example), (builder) => {
      if (headers !== undefined) builder.headers(headers);
      if (query !== undefined) builder.query(query);
      if (body === undefined) return;
      if ('json' in body) builder.jsonBody(body.json);
      else builder.body(body.type, Buffer.from(body.text));
    })
    .willRespondWith(answer.status, (builder) => respond(builder, answer))
    .executeTest(({ url }) => consume({ url, client: createClient({ baseUrl: url }), agent: createAgentClient({ baseUrl: url }) }));
}

function respond(builder: Builder, { headers = {}, json, text }: Answer): void {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : MatchersV3.regex(value.pattern, value.example),
  ]);
  builder.headers(Object.fromEntries(entries));
  if (json !== undefined) builder.jsonBody(json);
  if (text === undefined) return;
  // The verifier looks into an SSE body only as plain text; the header says what it is.
  builder.body('text/plain', Buffer.from(text.example));
  builder.matchingRules({ body: { path: '$', rules: [MatchersV3.regex(text.pattern, text.example)] } });
}
