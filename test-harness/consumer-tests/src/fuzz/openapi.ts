/** The served OpenAPI document as a program reads it: its operations, with references resolved. It makes no request. */

export type Schema = Readonly<Record<string, unknown>>;

export type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
};

export type Operation = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Schema of the JSON body; `null` where it has none. */
  readonly body: Schema | null;
  /** By status: content types with the schema of each; none where the answer has no body. */
  readonly answers: ReadonlyMap<number, ReadonlyMap<string, Schema>>;
};

export type Document = Schema;

const methods = ['get', 'post', 'put', 'delete'];

export function operationsOf(document: Document): readonly Operation[] {
  const at = (value: unknown): Schema => resolve(document, value);
  return Object.entries(at(document['paths'])).flatMap(([path, value]) => {
    const item = at(value);
    return methods.flatMap((method) => {
      if (item[method] === undefined) return [];
      const operation = at(item[method]);
      const parameters = [...listOf(item['parameters']), ...listOf(operation['parameters'])].map((each) => toParameter(at(each)));
      const body = operation['requestBody'] === undefined ? null : jsonOf(at(operation['requestBody']));
      const answers = Object.entries(at(operation['responses'])).map(([status, answer]): [number, ReadonlyMap<string, Schema>] => [
        Number(status),
        contentOf(at(answer)),
      ]);
      return [{ id: String(operation['operationId']), method: method.toUpperCase(), path, parameters, body, answers: new Map(answers) }];
    });
  });
}

/** Follow `$ref`s of this document until there is none. */
export function resolve(document: Document, value: unknown): Schema {
  const schema = (value ?? {}) as Schema;
  const pointer = schema['$ref'];
  if (typeof pointer !== 'string') return schema;
  const found = pointer
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((place, key) => (place as Schema)[decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')], document);
  return resolve(document, found);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const toParameter = (parameter: Schema): Parameter => ({
  name: parameter['name'] as string,
  in: parameter['in'] as Parameter['in'],
  required: parameter['required'] === true,
  schema: (parameter['schema'] ?? {}) as Schema,
});

const contentOf = (message: Schema): ReadonlyMap<string, Schema> =>
  new Map(
    Object.entries((message['content'] ?? {}) as Record<string, Schema>).map(([type, { schema }]) => [type, (schema ?? {}) as Schema]),
  );

const jsonOf = (message: Schema): Schema | null => contentOf(message).get('application/json') ?? null;
