/** Whether an answer is one that the contract has for its operation. It sends nothing. */
import { type SchemaName, validate } from '@llama-orch/api-types';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Document, Operation } from './openapi.ts';

export type Answer = { readonly status: number; readonly type: string; readonly text: string };
export type JudgeAnswer = (operation: Operation, answer: Answer) => string | null;

const streamSchemas: Readonly<Record<string, SchemaName>> = {
  started: 'StreamStarted',
  token: 'StreamToken',
  metrics: 'StreamMetrics',
  end: 'StreamEnd',
  error: 'ErrorEnvelope',
};

/** @returns what is wrong with an answer; `null` where nothing is. */
export function createJudge(document: Document): JudgeAnswer {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'contract', ...document });
  return (operation, { status, type, text }) => {
    if (status === 500) return `500: ${text.slice(0, 300)}`;
    const content = operation.answers.get(status);
    if (content === undefined) return `the status ${status}, which the operation does not have: ${text.slice(0, 300)}`;
    if (content.size === 0) return text === '' ? null : `a body where there is none: ${text.slice(0, 300)}`;
    const media = type.split(';')[0]?.trim() ?? '';
    const schema = content.get(media);
    if (schema === undefined) return `the content type ${type}, which the answer ${status} does not have`;
    if (media === 'text/event-stream') return judgeStream(text);
    if (media !== 'application/json') return null;
    const check = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"contract#/')) as object);
    return check(JSON.parse(text))
      ? null
      : `${status} that does not fit its schema: ${ajv.errorsText(check.errors)}: ${text.slice(0, 500)}`;
  };
}

function judgeStream(text: string): string | null {
  for (const frame of text.split('\n\n')) {
    const [, event] = /^event: (\w+)$/m.exec(frame) ?? [];
    const [, data] = /^data: (.*)$/m.exec(frame) ?? [];
    if (event === undefined || data === undefined) continue;
    const schema = streamSchemas[event];
    if (schema === undefined) return `an event ${event}, which no stream has`;
    const checked = validate(schema, JSON.parse(data));
    if (!checked.ok) return `an event ${event} that does not fit: ${JSON.stringify(checked.faults)}`;
  }
  return null;
}
