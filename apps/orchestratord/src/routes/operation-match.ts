/**
 * Which operation of the contract a request is: its scope, its id, or why there is none. The table is generated from
 * the OpenAPI documents, so a route cannot be served under another scope than the contract says.
 */
import { type Operation, operations } from '@llama-orch/api-types';

export type OperationMatch =
  | { readonly kind: 'operation'; readonly operation: Operation }
  | { readonly kind: 'method-not-allowed'; readonly allowed: readonly string[] }
  | { readonly kind: 'unknown' };

type Route = { readonly operation: Operation; readonly pattern: RegExp };

const toPattern = (path: string): RegExp => new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+').replaceAll('.', String.raw`\.`)}$`);

const routes: readonly Route[] = operations
  .filter((operation) => operation.status === 'served')
  .map((operation) => ({ operation, pattern: toPattern(operation.path) }));

/** @param path - Without query. */
export const matchOperation = (method: string, path: string): OperationMatch => {
  const fitting = routes.filter(({ pattern }) => pattern.test(path)).map(({ operation }) => operation);
  const wanted = method === 'HEAD' ? 'GET' : method;
  const operation = fitting.find((candidate) => candidate.method === wanted);
  if (operation !== undefined) return { kind: 'operation', operation };
  if (fitting.length === 0) return { kind: 'unknown' };
  return { kind: 'method-not-allowed', allowed: fitting.map((candidate) => candidate.method) };
};
