import { expect, test } from 'vitest';
import { parseSpec } from './spec.ts';

const spec = (items: string) => parseSpec('specs/s.md', `# Spec\n\n## 4 Requirements\n\n### 4.1 Queues & more\n\n${items}\n`);

const faults = (items: string): readonly string[] => spec(items).findings.map(({ line, expected }) => `${line}: ${expected}`);

test('reads id, title, text, section, the strongest level and the anchor of a requirement', () => {
  const { requirements, findings } = spec(
    '- **[ORCH-1001] A `queue` *first*.** It MAY be\n  long, SHOULD be short\n  and MUST end (ORCH-1002).\n- **[ORCH-1002] Two.** It MAY.',
  );
  expect(findings).toEqual([]);
  expect(requirements).toEqual([
    {
      id: 'ORCH-1001',
      isWithdrawn: false,
      title: 'A queue first',
      text: 'It MAY be long, SHOULD be short and MUST end (ORCH-1002).',
      section: '4.1 Queues & more',
      level: 'MUST',
      file: 'specs/s.md',
      line: 7,
      link: 'specs/s.md#41-queues--more',
    },
    expect.objectContaining({ id: 'ORCH-1002', level: 'MAY', line: 10 }),
  ]);
});

test('code, quotes and sentences about ids are no requirements', () => {
  expect(spec('`- **[ORCH-NNNN] Title.**`\n\n```\n- **[ORCH-1001] One.** MUST\n```\n\nSee [ORCH-1001], it MUST.\n')).toEqual({
    requirements: [],
    findings: [],
  });
});

test('an id that is used twice is told with both lines, withdrawn or not', () => {
  expect(faults('- **[ORCH-1001] One.** MUST.\n- **[ORCH-1001] Two.** MUST.')).toEqual([
    expect.stringMatching(/^8: .*ORCH-1001 is that of line 7$/),
  ]);
  expect(faults('- **[ORCH-1001-DEPR] One.** Was.\n- **[ORCH-1001] Two.** MUST.')).toHaveLength(1);
});

test('a withdrawn requirement keeps its line and needs no level', () => {
  const { requirements, findings } = spec('- **[ORCH-1001-DEPR] One.** Was so.');
  expect(findings).toEqual([]);
  expect(requirements).toMatchObject([{ id: 'ORCH-1001', isWithdrawn: true, level: undefined }]);
});

test('an item without a level is told', () => {
  expect(faults('- **[ORCH-1001] One.** It must, it shall, MUSTARD.')).toEqual(['7: MUST, SHOULD or MAY in the text of ORCH-1001']);
});

test.each([
  '- **[ORCH-101] Short.** MUST.',
  '- **[ORCH-10010] Long.** MUST.',
  '- **[orch-1001] Small.** MUST.',
  '- **[ORCH-1001] No full stop** MUST.',
  '- **ORCH-1001 No brackets.** MUST.',
  '- **[ORCH-1001-OLD] Another suffix.** MUST.',
  '- [ORCH-1001] Not bold. MUST.',
  '**[ORCH-1001] No item.** MUST.',
  '#### [ORCH-1001] A heading. MUST',
])('an id of another form is told: %s', (item) => {
  expect(faults(item)).toEqual([expect.stringMatching(/^7: a list item that begins with .*, got "/)]);
});
