/** The interactions of a pact file, with bodies decoded. It knows no server. */
import { readFileSync } from 'node:fs';

export type StubInteraction = {
  readonly description: string;
  readonly state: string;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Headers the consumer sent, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where it is JSON, else its text; `undefined` where there is none. */
  readonly body: unknown;
  readonly status: number;
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly answer: string | null;
};

type PactBody = { readonly content?: unknown; readonly encoded?: false | string };
type PactMessage = {
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly body?: PactBody;
};
type PactInteraction = {
  readonly description: string;
  readonly providerStates?: readonly { readonly name: string }[];
  readonly request: PactMessage & {
    readonly method: string;
    readonly path: string;
    readonly query?: Readonly<Record<string, readonly string[]>>;
  };
  readonly response: PactMessage & { readonly status: number };
};

/** @throws Error where the file is no pact of HTTP interactions. */
export function readPact(file: string): readonly StubInteraction[] {
  const pact = JSON.parse(readFileSync(file, 'utf8')) as { readonly interactions?: readonly PactInteraction[] };
  if (pact.interactions === undefined) throw new Error(`${file}: expected a pact with interactions`);
  return pact.interactions.map(({ description, providerStates = [], request, response }) => ({
    description,
    state: providerStates[0]?.name ?? '',
    method: request.method,
    path: request.path,
    query: flat(request.query),
    headers: flat(request.headers),
    body: contentOf(request.body),
    status: response.status,
    answerHeaders: flat(response.headers),
    answer: response.body === undefined ? null : textOf(contentOf(response.body)),
  }));
}

const flat = (many: Readonly<Record<string, readonly string[]>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(many).map(([name, values]) => [name.toLowerCase(), values.join(', ')]));

function contentOf(body: PactBody | undefined): unknown {
  if (body?.content === undefined) return undefined;
  return body.encoded === 'base64' && typeof body.content === 'string' ? Buffer.from(body.content, 'base64').toString() : body.content;
}

const textOf = (content: unknown): string => (typeof content === 'string' ? content : JSON.stringify(content));
