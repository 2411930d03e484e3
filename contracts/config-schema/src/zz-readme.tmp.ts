import { formatFault, parseConfig } from './index.ts';

const result = parseConfig('models: {}\npools: []\ncontroler: {}\n', { file: 'orchestrator.yaml' });
if (!result.ok) for (const fault of result.faults) console.error(formatFault(fault));
// orchestrator.yaml:3:1 /controler: unknown field; did you mean "controller"?
