/** The public surface: read a tree, check it, write what it gives. */
export { checkOutcomes, complianceDocument } from './compliance.ts';
export { disableCode } from './disable-code.ts';
export { type Evidence, gatherEvidence } from './evidence.ts';
export { type Finding, formatFinding } from './finding.ts';
export { type ContractedMetric, type MetricType, readMetricsContract } from './metrics-contract.ts';
export { readSourceFiles, readTree } from './read-tree.ts';
export { requirementIndex } from './requirement-index.ts';
export { checkRequirements } from './rules.ts';
export { type Comment, type Import, parseSourceFile, type SourceFile, type TestCall } from './source-file.ts';
export { checkReport, outcomeFinder, parseTestReport } from './test-report.ts';
