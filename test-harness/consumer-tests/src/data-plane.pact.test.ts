/** What the typed client relies on, played against Pact's stand-in and written to contracts/pacts. */
import { errorKinds } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { admission } from './interactions/admission.ts';
import { changes } from './interactions/changes.ts';
import { fleet } from './interactions/fleet.ts';
import { refusals } from './interactions/refusals.ts';
import { service } from './interactions/service.ts';
import { sessions } from './interactions/sessions.ts';
import { streams } from './interactions/streams.ts';
import { tasks } from './interactions/tasks.ts';
import { recordPact } from './record-pact.ts';

const all = [...admission, ...refusals, ...streams, ...tasks, ...sessions, ...fleet, ...changes, ...service];

recordPact('openapi-client', all);

test('[ORCH-2006] every code of the error table is relied on', () => {
  const relied = new Set(
    all.flatMap(({ answer }) => JSON.stringify(answer).match(/[A-Z]+_[A-Z_]+|INTERNAL|UNAUTHENTICATED|FORBIDDEN/g) ?? []),
  );
  // Agreed, and answered by nothing yet: models have no lifecycle, and an agent's refusal shows in its pool's health (ORCH-3037, ORCH-3069).
  const unanswered = ['MODEL_DEPRECATED', 'UNTRUSTED_ARTIFACT'];
  const codes = new Set(Object.values(errorKinds).map(({ code }) => code));
  expect([...codes].filter((code) => !relied.has(code)).toSorted()).toEqual(unanswered);
});
