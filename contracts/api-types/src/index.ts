/**
 * The public face of the contract: names for the generated types, the error table, and checks of requests. It must not know any
 * service.
 */
import type { components as AgentComponents } from './generated/agent.ts';
import type { components as ControlComponents } from './generated/control.ts';
import type { components as DataComponents, operations as DataOperations } from './generated/data.ts';

export type { paths as AgentPaths } from './generated/agent.ts';
export type { paths as ControlPaths } from './generated/control.ts';
export type { paths as DataPaths } from './generated/data.ts';

type Data = DataComponents['schemas'];
type Control = ControlComponents['schemas'];
type Agent = AgentComponents['schemas'];

// Words that every document shares.
export type Engine = Data['Engine'];
export type Workload = Data['Workload'];
export type Priority = Data['Priority'];
export type Determinism = Data['Determinism'];
export type PoolDeterminism = Data['PoolDeterminism'];
export type KvHint = Data['KvHint'];
export type FullPolicy = Data['FullPolicy'];
export type FinishReason = Data['FinishReason'];

// The data plane.
export type TaskRequest = Data['TaskRequest'];
export type TaskAccepted = Data['TaskAccepted'];
export type TaskEffective = Data['TaskEffective'];
export type TaskState = Data['TaskState'];
export type TaskStatus = Data['TaskStatus'];
export type TaskTimings = Data['TaskTimings'];
export type TaskResult = Data['TaskResult'];
export type Session = Data['Session'];
export type Budgets = Data['Budgets'];
export type StreamStarted = Data['StreamStarted'];
export type StreamToken = Data['StreamToken'];
export type StreamMetrics = Data['StreamMetrics'];
export type StreamEnd = Data['StreamEnd'];
export type ErrorEnvelope = Data['ErrorEnvelope'];
export type ErrorDetails = Data['ErrorDetails'];
export type StreamHeaders = NonNullable<DataOperations['streamTask']['parameters']['header']>;

// The control plane.
export type Capabilities = Control['Capabilities'];
export type ReplicaSetCapabilities = Control['ReplicaSetCapabilities'];
export type Features = Control['Features'];
export type RateLimit = Control['RateLimit'];
export type RequestLimits = Control['RequestLimits'];
export type ReplicaSetList = Control['ReplicaSetList'];
export type ReplicaSet = Control['ReplicaSet'];
export type Replica = Control['Replica'];
export type ReplicaState = Control['ReplicaState'];
export type Slots = Control['Slots'];
export type Load = Control['Load'];
export type SloSnapshot = Control['SloSnapshot'];
export type Breaker = Control['Breaker'];
export type PoolHealth = Control['PoolHealth'];
export type PoolHealthError = Control['PoolHealthError'];
export type PoolReplica = Control['PoolReplica'];
export type PoolMetrics = Control['PoolMetrics'];
export type AgentList = Control['AgentList'];
export type AgentInfo = Control['AgentInfo'];
export type AgentPool = Control['AgentPool'];
/** Named so because `Operation` is one of the contract's table. */
export type PoolOperation = Control['Operation'];
export type PoolOperationList = Control['OperationList'];
export type DrainRequest = Control['DrainRequest'];
export type ReloadRequest = Control['ReloadRequest'];
export type ConfigRequest = Control['ConfigRequest'];
export type ConfigGeneration = Control['ConfigGeneration'];
export type ConfigApplied = Control['ConfigApplied'];
export type Canary = Control['Canary'];
export type CanaryList = Control['CanaryList'];
export type ArmFigures = Control['ArmFigures'];

// Agents.
export type AgentStatus = Agent['AgentStatus'];
export type AgentStatusAccepted = Agent['AgentStatusAccepted'];
export type AgentHost = Agent['AgentHost'];
export type InventoryError = Agent['InventoryError'];
export type Device = Agent['Device'];
export type PoolStatus = Agent['PoolStatus'];
export type PoolState = Agent['PoolState'];
export type PoolError = Agent['PoolError'];
export type Preload = Agent['Preload'];
export type PreloadOutcome = Agent['PreloadOutcome'];
export type ReplicaReport = Agent['ReplicaReport'];
export type DesiredState = Agent['DesiredState'];
export type DesiredPool = Agent['DesiredPool'];
export type DesiredModel = Agent['DesiredModel'];
export type DesiredRuntime = Agent['DesiredRuntime'];

export { toErrorEnvelope, type ErrorFacts } from './error-envelope.ts';
export { errorKinds, type ErrorCode, type ErrorInfo, type ErrorKind } from './error-kind.ts';
export { openapiDocument, type OpenapiDocument } from './generated/openapi-document.ts';
export { operations, type Operation, type OperationId } from './generated/operations.ts';
export { schemaBundle, type SchemaName } from './generated/validators.ts';
export { isOrchError, OrchError, type OrchErrorFacts } from './orch-error.ts';
export { isTerminal, streamEventNames, type StreamEvent, type StreamEventName } from './sse-event.ts';
export { invalidParams, parseAs, validate, type Fault, type SchemaTypes, type Validation } from './validate.ts';
