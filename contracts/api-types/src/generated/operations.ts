// Generated from contracts/openapi/*.yaml by `pnpm xtask regen-openapi`. Do not edit.

/** One operation; `path` holds its parameters in braces. */
export type Operation = {
  readonly operationId: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH';
  readonly path: string;
  readonly document: 'data' | 'control' | 'agent';
  /** `planned`: agreed, but not served yet. */
  readonly status: 'served' | 'planned';
  /** What a key must have; `none` needs no key. */
  readonly scope: 'tasks' | 'control' | 'agent' | 'metrics' | 'none';
  readonly reqIds: readonly string[];
};

/** Every operation of the three documents, in their order. */
export const operations = [
  {
    "operationId": "submitTask",
    "method": "POST",
    "path": "/v1/tasks",
    "document": "data",
    "status": "served",
    "scope": "tasks",
    "reqIds": [
      "ORCH-2001",
      "ORCH-2008",
      "ORCH-2011",
      "ORCH-2012",
      "ORCH-2013",
      "ORCH-3014",
      "ORCH-3015",
      "ORCH-3302"
    ]
  },
  {
    "operationId": "getTask",
    "method": "GET",
    "path": "/v1/tasks/{id}",
    "document": "data",
    "status": "served",
    "scope": "tasks",
    "reqIds": [
      "ORCH-2009",
      "ORCH-3055"
    ]
  },
  {
    "operationId": "streamTask",
    "method": "GET",
    "path": "/v1/tasks/{id}/stream",
    "document": "data",
    "status": "served",
    "scope": "tasks",
    "reqIds": [
      "ORCH-2002",
      "ORCH-2010",
      "ORCH-3026",
      "ORCH-3036",
      "ORCH-3301"
    ]
  },
  {
    "operationId": "cancelTask",
    "method": "POST",
    "path": "/v1/tasks/{id}/cancel",
    "document": "data",
    "status": "served",
    "scope": "tasks",
    "reqIds": [
      "ORCH-2003",
      "ORCH-3017",
      "ORCH-3026",
      "ORCH-3302"
    ]
  },
  {
    "operationId": "getSession",
    "method": "GET",
    "path": "/v1/sessions/{id}",
    "document": "data",
    "status": "served",
    "scope": "tasks",
    "reqIds": [
      "ORCH-2004",
      "ORCH-3021",
      "ORCH-3055"
    ]
  },
  {
    "operationId": "deleteSession",
    "method": "DELETE",
    "path": "/v1/sessions/{id}",
    "document": "data",
    "status": "served",
    "scope": "tasks",
    "reqIds": [
      "ORCH-2005",
      "ORCH-3055"
    ]
  },
  {
    "operationId": "getCapabilities",
    "method": "GET",
    "path": "/v1/capabilities",
    "document": "control",
    "status": "served",
    "scope": "tasks",
    "reqIds": [
      "ORCH-2105",
      "ORCH-3021"
    ]
  },
  {
    "operationId": "listReplicaSets",
    "method": "GET",
    "path": "/v1/replicasets",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2104",
      "ORCH-3007"
    ]
  },
  {
    "operationId": "getPoolHealth",
    "method": "GET",
    "path": "/v1/pools/{id}/health",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2103",
      "ORCH-1102",
      "ORCH-3038"
    ]
  },
  {
    "operationId": "listAgents",
    "method": "GET",
    "path": "/v1/agents",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2109"
    ]
  },
  {
    "operationId": "drainPool",
    "method": "POST",
    "path": "/v1/pools/{id}/drain",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2101"
    ]
  },
  {
    "operationId": "resumePool",
    "method": "POST",
    "path": "/v1/pools/{id}/resume",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2101"
    ]
  },
  {
    "operationId": "reloadPool",
    "method": "POST",
    "path": "/v1/pools/{id}/reload",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2102",
      "ORCH-3062"
    ]
  },
  {
    "operationId": "rollbackPool",
    "method": "POST",
    "path": "/v1/pools/{id}/rollback",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2106",
      "ORCH-3033"
    ]
  },
  {
    "operationId": "listOperations",
    "method": "GET",
    "path": "/v1/operations",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2101",
      "ORCH-2102",
      "ORCH-2106"
    ]
  },
  {
    "operationId": "getOperation",
    "method": "GET",
    "path": "/v1/operations/{id}",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2101",
      "ORCH-2102",
      "ORCH-2106"
    ]
  },
  {
    "operationId": "listCatalogModels",
    "method": "GET",
    "path": "/v1/catalog/models",
    "document": "control",
    "status": "planned",
    "scope": "control",
    "reqIds": [
      "ORCH-3060"
    ]
  },
  {
    "operationId": "getCatalogModel",
    "method": "GET",
    "path": "/v1/catalog/models/{name}",
    "document": "control",
    "status": "planned",
    "scope": "control",
    "reqIds": [
      "ORCH-3060",
      "ORCH-3062"
    ]
  },
  {
    "operationId": "putCatalogModel",
    "method": "PUT",
    "path": "/v1/catalog/models/{name}",
    "document": "control",
    "status": "planned",
    "scope": "control",
    "reqIds": [
      "ORCH-3060",
      "ORCH-3062"
    ]
  },
  {
    "operationId": "setCatalogModelState",
    "method": "POST",
    "path": "/v1/catalog/models/{name}/state",
    "document": "control",
    "status": "planned",
    "scope": "control",
    "reqIds": [
      "ORCH-3069"
    ]
  },
  {
    "operationId": "getConfig",
    "method": "GET",
    "path": "/v1/config",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2107",
      "ORCH-3043"
    ]
  },
  {
    "operationId": "applyConfig",
    "method": "POST",
    "path": "/v1/config",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2107",
      "ORCH-3030",
      "ORCH-3031"
    ]
  },
  {
    "operationId": "rollbackConfig",
    "method": "POST",
    "path": "/v1/config/rollback",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-2106",
      "ORCH-3031"
    ]
  },
  {
    "operationId": "listCanaries",
    "method": "GET",
    "path": "/v1/canaries",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-3033"
    ]
  },
  {
    "operationId": "promoteCanary",
    "method": "POST",
    "path": "/v1/canaries/{id}/promote",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-3033"
    ]
  },
  {
    "operationId": "abortCanary",
    "method": "POST",
    "path": "/v1/canaries/{id}/abort",
    "document": "control",
    "status": "served",
    "scope": "control",
    "reqIds": [
      "ORCH-3033"
    ]
  },
  {
    "operationId": "getLiveness",
    "method": "GET",
    "path": "/healthz",
    "document": "control",
    "status": "served",
    "scope": "none",
    "reqIds": [
      "ORCH-2108"
    ]
  },
  {
    "operationId": "getReadiness",
    "method": "GET",
    "path": "/readyz",
    "document": "control",
    "status": "served",
    "scope": "none",
    "reqIds": [
      "ORCH-2108"
    ]
  },
  {
    "operationId": "getMetrics",
    "method": "GET",
    "path": "/metrics",
    "document": "control",
    "status": "served",
    "scope": "metrics",
    "reqIds": [
      "ORCH-2108",
      "ORCH-3028"
    ]
  },
  {
    "operationId": "getOpenApi",
    "method": "GET",
    "path": "/openapi.json",
    "document": "control",
    "status": "served",
    "scope": "none",
    "reqIds": [
      "ORCH-2105",
      "ORCH-3044"
    ]
  },
  {
    "operationId": "getDocs",
    "method": "GET",
    "path": "/docs",
    "document": "control",
    "status": "served",
    "scope": "none",
    "reqIds": [
      "ORCH-2105"
    ]
  },
  {
    "operationId": "reportAgentStatus",
    "method": "POST",
    "path": "/v1/agents/{name}/status",
    "document": "agent",
    "status": "served",
    "scope": "agent",
    "reqIds": [
      "ORCH-2109",
      "ORCH-3032"
    ]
  },
  {
    "operationId": "getDesiredPools",
    "method": "GET",
    "path": "/v1/agents/{name}/desired",
    "document": "agent",
    "status": "served",
    "scope": "agent",
    "reqIds": [
      "ORCH-2109"
    ]
  }
] as const satisfies readonly Operation[];

/** Names of the operations. */
export type OperationId = (typeof operations)[number]['operationId'];
