/**
 * What must hold between the specification, the code, the tests and the list of what is not built. It reads no file.
 */
import { type Evidence, gatherEvidence, type Mention, type Sources } from './evidence.ts';
import type { Finding } from './finding.ts';

/** Every breach, with its place. */
export function checkRequirements(sources: Sources): readonly Finding[] {
  return [...checkIds(sources), ...gatherEvidence(sources).flatMap((each) => [...checkCoverage(each), ...checkList(each)])];
}

/** Every id that anything names must be in force. */
function checkIds({ requirements, contract, code, tests, metrics, notYet, mentions }: Sources): readonly Finding[] {
  const withdrawn = new Map(requirements.map(({ id, isWithdrawn }) => [id, isWithdrawn]));
  const named: readonly Mention[] = [...contract, ...code, ...tests, ...metrics, ...notYet, ...mentions];
  const findings = named.flatMap(({ id, file, line }): Finding[] => {
    const isWithdrawn = withdrawn.get(id);
    if (isWithdrawn === false) return [];
    const got = isWithdrawn === true ? `${id}, which is withdrawn (-DEPR)` : id;
    return [{ file, line, expected: `an id of specs/orchestrator-spec.md that is in force, got ${got}` }];
  });
  // One line may be read as a link and as a mention.
  return Array.from(new Map(findings.map((each) => [`${each.file}:${each.line}:${each.expected}`, each])).values());
}

/** What is marked has a test, what is tested is marked, and a MUST that has neither is listed. */
function checkCoverage({ requirement: { id, title, level, file, line }, code, tests, notYet }: Evidence): readonly Finding[] {
  if (level !== 'MUST') return [];
  const [marked] = code;
  const [tested] = tests;
  if (marked !== undefined && tested === undefined)
    return [{ file: marked.file, line: marked.line, expected: `a test whose title names [${id}], which is marked as built here` }];
  if (marked === undefined && tested !== undefined)
    return [{ file: tested.file, line: tested.line, expected: `\`@req ${id}\` at the code that this test proves` }];
  if (marked === undefined && notYet === undefined)
    return [{ file, line, expected: `code and a test of ${id} (${title}), or its reason in requirements/not-yet.yaml` }];
  return [];
}

/** The list names what is missing, and nothing that is there. */
function checkList({ code, tests, notYet }: Evidence): readonly Finding[] {
  if (notYet === undefined) return [];
  const { id, state, file, line } = notYet;
  if (state === 'not-yet' && code.length > 0 && tests.length > 0)
    return [{ file, line, expected: `${id} to leave this list or to say \`partly\`, since it has code and tests (${code[0]?.file})` }];
  if (state === 'partly' && code.length === 0 && tests.length === 0)
    return [{ file, line, expected: `\`state: not-yet\` for ${id}, which has neither code nor a test` }];
  return [];
}
