// Generated from contracts/openapi/*.yaml by `pnpm xtask regen-openapi`. Do not edit.

/** Every component schema, as one JSON Schema (draft 2020-12) bundle. */
export const schemaBundle: { readonly $id: string; readonly $schema: string; readonly $defs: Readonly<Record<SchemaName, unknown>> } = {
  "$id": "orchqueue:v1",
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$defs": {
    "AgentHost": {
      "type": "object",
      "required": [
        "hostname",
        "ram_total_bytes",
        "ram_available_bytes",
        "allow_cpu",
        "devices",
        "inventory_error"
      ],
      "properties": {
        "hostname": {
          "type": "string",
          "minLength": 1
        },
        "ram_total_bytes": {
          "type": "integer",
          "minimum": 0
        },
        "ram_available_bytes": {
          "type": "integer",
          "minimum": 0
        },
        "allow_cpu": {
          "type": "boolean"
        },
        "devices": {
          "type": "array",
          "maxItems": 256,
          "items": {
            "$ref": "#/$defs/Device"
          }
        },
        "inventory_error": {
          "oneOf": [
            {
              "$ref": "#/$defs/InventoryError"
            },
            {
              "type": "null"
            }
          ]
        }
      }
    },
    "AgentInfo": {
      "type": "object",
      "required": [
        "name",
        "connected",
        "instance_id",
        "agent_version",
        "last_seen_at",
        "lease_ms_remaining",
        "generation_applied",
        "generation_desired",
        "host",
        "pools"
      ],
      "properties": {
        "name": {
          "$ref": "#/$defs/AgentName"
        },
        "connected": {
          "type": "boolean"
        },
        "instance_id": {
          "oneOf": [
            {
              "$ref": "#/$defs/Uuid"
            },
            {
              "type": "null"
            }
          ]
        },
        "agent_version": {
          "type": [
            "string",
            "null"
          ]
        },
        "last_seen_at": {
          "type": [
            "string",
            "null"
          ],
          "format": "date-time"
        },
        "lease_ms_remaining": {
          "type": "integer",
          "minimum": 0
        },
        "generation_applied": {
          "type": "integer",
          "minimum": 0
        },
        "generation_desired": {
          "type": "integer",
          "minimum": 0
        },
        "host": {
          "oneOf": [
            {
              "$ref": "#/$defs/AgentHost"
            },
            {
              "type": "null"
            }
          ]
        },
        "pools": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/AgentPool"
          }
        }
      }
    },
    "AgentList": {
      "type": "object",
      "required": [
        "agents"
      ],
      "properties": {
        "agents": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/AgentInfo"
          }
        }
      }
    },
    "AgentName": {
      "type": "string",
      "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
    },
    "AgentPool": {
      "type": "object",
      "required": [
        "pool_id",
        "state"
      ],
      "properties": {
        "pool_id": {
          "$ref": "#/$defs/PoolId"
        },
        "state": {
          "$ref": "#/$defs/PoolState"
        }
      }
    },
    "AgentStatus": {
      "type": "object",
      "required": [
        "instance_id",
        "agent_version",
        "started_at",
        "generation",
        "interval_ms",
        "host",
        "pools"
      ],
      "properties": {
        "instance_id": {
          "$ref": "#/$defs/Uuid"
        },
        "agent_version": {
          "type": "string",
          "minLength": 1
        },
        "started_at": {
          "type": "string",
          "format": "date-time"
        },
        "generation": {
          "type": "integer",
          "minimum": 0
        },
        "interval_ms": {
          "type": "integer",
          "minimum": 1,
          "maximum": 60000
        },
        "host": {
          "$ref": "#/$defs/AgentHost"
        },
        "pools": {
          "type": "array",
          "maxItems": 1024,
          "items": {
            "$ref": "#/$defs/PoolStatus"
          }
        }
      }
    },
    "AgentStatusAccepted": {
      "type": "object",
      "required": [
        "generation",
        "lease_ms",
        "interval_ms"
      ],
      "properties": {
        "generation": {
          "type": "integer",
          "minimum": 0
        },
        "lease_ms": {
          "type": "integer",
          "minimum": 1
        },
        "interval_ms": {
          "type": "integer",
          "minimum": 1
        }
      }
    },
    "ArmFigures": {
      "type": "object",
      "required": [
        "admitted",
        "fallbacks",
        "succeeded",
        "failed",
        "canceled",
        "first_token_p95_ms",
        "tokens_64_p95_ms",
        "error_ratio",
        "samples"
      ],
      "properties": {
        "admitted": {
          "type": "integer",
          "minimum": 0
        },
        "fallbacks": {
          "type": "integer",
          "minimum": 0
        },
        "succeeded": {
          "type": "integer",
          "minimum": 0
        },
        "failed": {
          "type": "integer",
          "minimum": 0
        },
        "canceled": {
          "type": "integer",
          "minimum": 0
        },
        "first_token_p95_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "tokens_64_p95_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "error_ratio": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0,
          "maximum": 1
        },
        "samples": {
          "type": "integer",
          "minimum": 0
        }
      }
    },
    "BackpressureError": {
      "allOf": [
        {
          "$ref": "#/$defs/ErrorEnvelope"
        }
      ],
      "required": [
        "policy_label",
        "retry_after_ms"
      ],
      "properties": {
        "code": {
          "enum": [
            "ADMISSION_REJECT",
            "QUEUE_FULL_DROP_LRU"
          ]
        }
      }
    },
    "Breaker": {
      "type": "object",
      "required": [
        "state",
        "scope",
        "cause",
        "retry_ms"
      ],
      "properties": {
        "state": {
          "$ref": "#/$defs/BreakerState"
        },
        "scope": {
          "type": "string",
          "enum": [
            "replica",
            "pool"
          ]
        },
        "cause": {
          "type": [
            "string",
            "null"
          ],
          "enum": [
            "faults",
            "slo",
            null
          ]
        },
        "retry_ms": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        }
      }
    },
    "BreakerState": {
      "type": "string",
      "enum": [
        "closed",
        "open",
        "half_open"
      ]
    },
    "Budgets": {
      "type": "object",
      "required": [
        "tokens_remaining",
        "time_ms_remaining",
        "cost_remaining"
      ],
      "properties": {
        "tokens_remaining": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "time_ms_remaining": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "cost_remaining": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        }
      }
    },
    "Canary": {
      "type": "object",
      "required": [
        "id",
        "model",
        "percent",
        "label",
        "pools",
        "base",
        "canary"
      ],
      "properties": {
        "id": {
          "$ref": "#/$defs/CanaryId"
        },
        "model": {
          "type": "string"
        },
        "percent": {
          "type": "number",
          "minimum": 0,
          "maximum": 100
        },
        "label": {
          "type": [
            "string",
            "null"
          ]
        },
        "pools": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/PoolId"
          }
        },
        "base": {
          "$ref": "#/$defs/ArmFigures"
        },
        "canary": {
          "$ref": "#/$defs/ArmFigures"
        }
      }
    },
    "CanaryId": {
      "type": "string",
      "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
    },
    "CanaryList": {
      "type": "object",
      "required": [
        "canaries"
      ],
      "properties": {
        "canaries": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/Canary"
          }
        }
      }
    },
    "Capabilities": {
      "type": "object",
      "required": [
        "api_version",
        "replica_sets",
        "rate_limits",
        "limits",
        "operations"
      ],
      "properties": {
        "api_version": {
          "type": "string"
        },
        "replica_sets": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/ReplicaSetCapabilities"
          }
        },
        "rate_limits": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/RateLimit"
          }
        },
        "limits": {
          "$ref": "#/$defs/RequestLimits"
        },
        "operations": {
          "type": "array",
          "items": {
            "type": "string"
          }
        }
      }
    },
    "CatalogModel": {
      "type": "object",
      "required": [
        "name",
        "digest",
        "source",
        "format",
        "quant",
        "ctx_limit",
        "provenance",
        "state",
        "resolved_at"
      ],
      "properties": {
        "name": {
          "$ref": "#/$defs/CatalogName"
        },
        "digest": {
          "$ref": "#/$defs/Digest"
        },
        "source": {
          "type": "string"
        },
        "format": {
          "type": "string"
        },
        "quant": {
          "type": "string"
        },
        "ctx_limit": {
          "type": "integer",
          "minimum": 1
        },
        "provenance": {
          "type": "string"
        },
        "state": {
          "$ref": "#/$defs/CatalogState"
        },
        "resolved_at": {
          "type": "string",
          "format": "date-time"
        }
      }
    },
    "CatalogModelList": {
      "type": "object",
      "required": [
        "models"
      ],
      "properties": {
        "models": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/CatalogModel"
          }
        }
      }
    },
    "CatalogModelRequest": {
      "type": "object",
      "additionalProperties": false,
      "required": [
        "digest",
        "source",
        "format",
        "quant",
        "ctx_limit",
        "provenance"
      ],
      "properties": {
        "digest": {
          "$ref": "#/$defs/Digest"
        },
        "source": {
          "type": "string",
          "minLength": 1,
          "maxLength": 2048
        },
        "format": {
          "type": "string",
          "minLength": 1,
          "maxLength": 64
        },
        "quant": {
          "type": "string",
          "minLength": 1,
          "maxLength": 64
        },
        "ctx_limit": {
          "type": "integer",
          "minimum": 1
        },
        "provenance": {
          "type": "string",
          "maxLength": 4096
        }
      }
    },
    "CatalogName": {
      "type": "string",
      "pattern": "^(?!sha256:)[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$"
    },
    "CatalogState": {
      "type": "string",
      "enum": [
        "Draft",
        "Active",
        "Canary",
        "Deprecated",
        "Retired"
      ]
    },
    "CatalogStateRequest": {
      "type": "object",
      "additionalProperties": false,
      "required": [
        "state"
      ],
      "properties": {
        "state": {
          "$ref": "#/$defs/CatalogState"
        }
      }
    },
    "CommandRuntime": {
      "type": "object",
      "required": [
        "kind"
      ],
      "properties": {
        "kind": {
          "type": "string",
          "const": "command"
        },
        "command": {
          "type": "array",
          "minItems": 1,
          "items": {
            "type": "string"
          }
        },
        "env": {
          "type": "object",
          "additionalProperties": {
            "type": "string"
          }
        },
        "server": {
          "type": "string",
          "enum": [
            "tritonserver",
            "trtllm-serve"
          ]
        },
        "api_key_file": {
          "type": "string",
          "minLength": 1
        },
        "container": {
          "$ref": "#/$defs/Container"
        }
      }
    },
    "ConfigApplied": {
      "type": "object",
      "required": [
        "generation",
        "previous_generation",
        "dry_run",
        "diff",
        "restart_required",
        "operations"
      ],
      "properties": {
        "generation": {
          "type": "integer",
          "minimum": 1
        },
        "previous_generation": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1
        },
        "dry_run": {
          "type": "boolean"
        },
        "restart_required": {
          "type": "array",
          "items": {
            "type": "string"
          }
        },
        "operations": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/Uuid"
          }
        },
        "diff": {
          "type": "object",
          "required": [
            "added",
            "changed",
            "removed",
            "settings"
          ],
          "properties": {
            "settings": {
              "type": "array",
              "items": {
                "type": "string"
              }
            },
            "added": {
              "type": "array",
              "items": {
                "type": "string"
              }
            },
            "changed": {
              "type": "array",
              "items": {
                "type": "string"
              }
            },
            "removed": {
              "type": "array",
              "items": {
                "type": "string"
              }
            }
          }
        }
      }
    },
    "ConfigGeneration": {
      "type": "object",
      "required": [
        "generation",
        "applied_at",
        "source",
        "previous_generation",
        "pending_pools",
        "restart_required",
        "config"
      ],
      "properties": {
        "generation": {
          "type": "integer",
          "minimum": 1
        },
        "applied_at": {
          "type": "string",
          "format": "date-time"
        },
        "source": {
          "type": "string",
          "enum": [
            "file",
            "signal",
            "api",
            "reload",
            "rollback",
            "canary"
          ]
        },
        "previous_generation": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1
        },
        "pending_pools": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/PoolId"
          }
        },
        "restart_required": {
          "type": "array",
          "items": {
            "type": "string"
          }
        },
        "config": {
          "type": "object",
          "additionalProperties": true
        }
      }
    },
    "ConfigRequest": {
      "type": "object",
      "additionalProperties": false,
      "required": [
        "config"
      ],
      "properties": {
        "config": {
          "type": "object",
          "additionalProperties": true
        },
        "expected_generation": {
          "type": "integer",
          "minimum": 1
        },
        "dry_run": {
          "type": "boolean"
        }
      }
    },
    "Container": {
      "type": "object",
      "required": [
        "program",
        "image",
        "args"
      ],
      "properties": {
        "program": {
          "type": "string",
          "enum": [
            "docker",
            "podman"
          ]
        },
        "image": {
          "type": "string",
          "minLength": 1
        },
        "entrypoint": {
          "type": "string",
          "minLength": 1
        },
        "args": {
          "type": "array",
          "maxItems": 64,
          "items": {
            "type": "string",
            "minLength": 1
          }
        }
      }
    },
    "DecodeTimeoutError": {
      "allOf": [
        {
          "$ref": "#/$defs/ErrorEnvelope"
        }
      ],
      "properties": {
        "code": {
          "enum": [
            "DECODE_TIMEOUT"
          ]
        },
        "retriable": {
          "const": true
        }
      }
    },
    "DesiredModel": {
      "type": "object",
      "required": [
        "name",
        "path",
        "digest",
        "quant",
        "ctx_limit"
      ],
      "properties": {
        "name": {
          "type": "string",
          "minLength": 1
        },
        "path": {
          "type": "string",
          "minLength": 1
        },
        "digest": {
          "$ref": "#/$defs/Digest"
        },
        "quant": {
          "type": "string",
          "minLength": 1
        },
        "ctx_limit": {
          "type": "integer",
          "minimum": 1
        },
        "kv_bytes_per_token": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1
        }
      }
    },
    "DesiredPool": {
      "type": "object",
      "required": [
        "id",
        "engine",
        "model",
        "quant",
        "ctx",
        "devices",
        "tensor_split",
        "share_devices",
        "workloads",
        "slots",
        "determinism",
        "runtime",
        "allow_cpu",
        "preload",
        "sampler_profile_version",
        "kv_type",
        "min_start_count",
        "timeouts",
        "require_same_engine_version",
        "expected_engine_version"
      ],
      "properties": {
        "id": {
          "$ref": "#/$defs/PoolId"
        },
        "engine": {
          "$ref": "#/$defs/Engine"
        },
        "model": {
          "$ref": "#/$defs/DesiredModel"
        },
        "quant": {
          "type": "string",
          "minLength": 1
        },
        "ctx": {
          "type": "integer",
          "minimum": 1
        },
        "devices": {
          "type": "array",
          "items": {
            "type": "string",
            "minLength": 1
          }
        },
        "tensor_split": {
          "type": [
            "array",
            "null"
          ],
          "items": {
            "type": "number",
            "minimum": 0
          }
        },
        "share_devices": {
          "type": "boolean"
        },
        "workloads": {
          "type": "array",
          "minItems": 1,
          "items": {
            "$ref": "#/$defs/Workload"
          }
        },
        "slots": {
          "type": "integer",
          "minimum": 1
        },
        "determinism": {
          "$ref": "#/$defs/PoolDeterminism"
        },
        "runtime": {
          "$ref": "#/$defs/DesiredRuntime"
        },
        "triton": {
          "oneOf": [
            {
              "$ref": "#/$defs/TritonAccess"
            },
            {
              "type": "null"
            }
          ]
        },
        "allow_cpu": {
          "type": "boolean"
        },
        "preload": {
          "type": "boolean"
        },
        "sampler_profile_version": {
          "$ref": "#/$defs/SamplerProfileVersion"
        },
        "kv_type": {
          "type": [
            "string",
            "null"
          ]
        },
        "speculative": {
          "oneOf": [
            {
              "$ref": "#/$defs/Speculative"
            },
            {
              "type": "null"
            }
          ]
        },
        "prefix_cache_bytes": {
          "type": "integer",
          "minimum": 0
        },
        "min_start_count": {
          "type": "integer",
          "minimum": 0
        },
        "timeouts": {
          "type": "object",
          "required": [
            "start_ms",
            "probe_interval_ms",
            "stop_grace_ms"
          ],
          "properties": {
            "start_ms": {
              "type": "integer",
              "minimum": 1
            },
            "probe_interval_ms": {
              "type": "integer",
              "minimum": 1
            },
            "stop_grace_ms": {
              "type": "integer",
              "minimum": 0
            }
          }
        },
        "require_same_engine_version": {
          "type": "boolean"
        },
        "expected_engine_version": {
          "type": [
            "string",
            "null"
          ]
        },
        "successor": {
          "oneOf": [
            {
              "$ref": "#/$defs/DesiredPool"
            },
            {
              "type": "null"
            }
          ]
        }
      }
    },
    "DesiredRuntime": {
      "oneOf": [
        {
          "$ref": "#/$defs/EmbeddedRuntime"
        },
        {
          "$ref": "#/$defs/CommandRuntime"
        },
        {
          "$ref": "#/$defs/ExternalRuntime"
        }
      ]
    },
    "DesiredState": {
      "type": "object",
      "required": [
        "generation",
        "pools"
      ],
      "properties": {
        "generation": {
          "type": "integer",
          "minimum": 0
        },
        "pools": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/DesiredPool"
          }
        }
      }
    },
    "Determinism": {
      "type": "string",
      "enum": [
        "strict",
        "best_effort"
      ]
    },
    "Device": {
      "type": "object",
      "required": [
        "index",
        "uuid",
        "name",
        "memory_total_bytes",
        "memory_used_bytes",
        "utilization_ratio",
        "compute_capability",
        "numa_node"
      ],
      "properties": {
        "index": {
          "type": "integer",
          "minimum": 0
        },
        "uuid": {
          "type": "string",
          "minLength": 1
        },
        "name": {
          "type": "string",
          "minLength": 1
        },
        "memory_total_bytes": {
          "type": "integer",
          "minimum": 0
        },
        "memory_used_bytes": {
          "type": "integer",
          "minimum": 0
        },
        "utilization_ratio": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0,
          "maximum": 1
        },
        "compute_capability": {
          "type": [
            "string",
            "null"
          ]
        },
        "numa_node": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "parent_uuid": {
          "type": [
            "string",
            "null"
          ]
        },
        "mig_enabled": {
          "type": [
            "boolean",
            "null"
          ]
        },
        "driver_version": {
          "type": [
            "string",
            "null"
          ]
        },
        "ecc_uncorrected_errors": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "fault": {
          "type": [
            "string",
            "null"
          ]
        },
        "links": {
          "type": "array",
          "maxItems": 256,
          "items": {
            "$ref": "#/$defs/DeviceLink"
          }
        }
      }
    },
    "DeviceLink": {
      "type": "object",
      "required": [
        "uuid",
        "kind"
      ],
      "properties": {
        "uuid": {
          "type": "string",
          "minLength": 1
        },
        "kind": {
          "type": "string",
          "minLength": 1
        }
      }
    },
    "Digest": {
      "type": "string",
      "x-fault": "expected `sha256:` and 64 lower-case hex digits",
      "pattern": "^sha256:[0-9a-f]{64}$"
    },
    "DrainRequest": {
      "type": "object",
      "additionalProperties": false,
      "required": [
        "deadline_ms"
      ],
      "properties": {
        "deadline_ms": {
          "type": "integer",
          "minimum": 0,
          "maximum": 2147483647
        }
      }
    },
    "EmbeddedRuntime": {
      "type": "object",
      "required": [
        "kind"
      ],
      "properties": {
        "kind": {
          "type": "string",
          "const": "embedded"
        }
      }
    },
    "Embeddings": {
      "type": "array",
      "items": {
        "type": "array",
        "items": {
          "type": "number"
        }
      }
    },
    "Engine": {
      "type": "string",
      "enum": [
        "llamacpp",
        "vllm",
        "tgi",
        "triton"
      ]
    },
    "ErrorCode": {
      "type": "string",
      "enum": [
        "INVALID_PARAMS",
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "NOT_FOUND",
        "ADMISSION_REJECT",
        "QUEUE_FULL_DROP_LRU",
        "MODEL_DEPRECATED",
        "UNTRUSTED_ARTIFACT",
        "POOL_UNREADY",
        "POOL_UNAVAILABLE",
        "REPLICA_EXHAUSTED",
        "DEADLINE_UNMET",
        "WORKER_RESET",
        "DECODE_TIMEOUT",
        "INTERNAL"
      ]
    },
    "ErrorDetails": {
      "type": "object",
      "additionalProperties": true,
      "properties": {
        "faults": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/Fault"
          }
        },
        "limit": {
          "type": "object",
          "required": [
            "name",
            "value"
          ],
          "properties": {
            "name": {
              "type": "string"
            },
            "value": {
              "type": "number"
            }
          }
        },
        "accepted_determinism": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/Determinism"
          }
        },
        "required_scope": {
          "type": "string"
        }
      }
    },
    "ErrorEnvelope": {
      "type": "object",
      "required": [
        "code",
        "message",
        "retriable",
        "correlation_id"
      ],
      "properties": {
        "code": {
          "$ref": "#/$defs/ErrorCode"
        },
        "message": {
          "type": "string",
          "minLength": 1
        },
        "retriable": {
          "type": "boolean"
        },
        "correlation_id": {
          "type": "string",
          "minLength": 1
        },
        "engine": {
          "$ref": "#/$defs/Engine"
        },
        "pool_id": {
          "$ref": "#/$defs/PoolId"
        },
        "retry_after_ms": {
          "type": "integer",
          "minimum": 0
        },
        "policy_label": {
          "$ref": "#/$defs/FullPolicy"
        },
        "details": {
          "$ref": "#/$defs/ErrorDetails"
        }
      }
    },
    "ExternalRuntime": {
      "type": "object",
      "required": [
        "kind",
        "url",
        "digest"
      ],
      "properties": {
        "kind": {
          "type": "string",
          "const": "external"
        },
        "url": {
          "type": "string",
          "format": "uri",
          "pattern": "^https?://"
        },
        "digest": {
          "$ref": "#/$defs/Digest"
        },
        "server": {
          "type": "string",
          "enum": [
            "tritonserver",
            "trtllm-serve"
          ]
        },
        "api_key_file": {
          "type": "string",
          "minLength": 1
        }
      }
    },
    "Fault": {
      "type": "object",
      "required": [
        "path",
        "message"
      ],
      "properties": {
        "path": {
          "type": "string"
        },
        "message": {
          "type": "string"
        },
        "expected": {
          "type": "string"
        }
      }
    },
    "Features": {
      "type": "object",
      "required": [
        "kv_reuse_verified",
        "tokenize",
        "cpu_carve_out"
      ],
      "properties": {
        "kv_reuse_verified": {
          "type": "boolean"
        },
        "tokenize": {
          "type": "boolean"
        },
        "cpu_carve_out": {
          "type": "boolean"
        }
      }
    },
    "FinishReason": {
      "type": "string",
      "enum": [
        "stop",
        "length",
        "canceled"
      ]
    },
    "ForbiddenError": {
      "allOf": [
        {
          "$ref": "#/$defs/ErrorEnvelope"
        }
      ],
      "properties": {
        "code": {
          "enum": [
            "FORBIDDEN"
          ]
        },
        "retriable": {
          "const": false
        }
      }
    },
    "FullPolicy": {
      "type": "string",
      "enum": [
        "reject",
        "drop-lru",
        "shed-low-priority"
      ]
    },
    "InternalError": {
      "allOf": [
        {
          "$ref": "#/$defs/ErrorEnvelope"
        }
      ],
      "properties": {
        "code": {
          "enum": [
            "INTERNAL"
          ]
        },
        "retriable": {
          "const": false
        }
      }
    },
    "InvalidParamsError": {
      "allOf": [
        {
          "$ref": "#/$defs/ErrorEnvelope"
        }
      ],
      "properties": {
        "code": {
          "enum": [
            "INVALID_PARAMS"
          ]
        },
        "retriable": {
          "const": false
        }
      }
    },
    "InventoryError": {
      "type": "object",
      "required": [
        "code",
        "message"
      ],
      "properties": {
        "code": {
          "type": "string",
          "minLength": 1
        },
        "message": {
          "type": "string",
          "minLength": 1
        }
      }
    },
    "KvHint": {
      "type": "string",
      "enum": [
        "reuse",
        "cold"
      ]
    },
    "Liveness": {
      "type": "object",
      "required": [
        "status"
      ],
      "properties": {
        "status": {
          "type": "string",
          "const": "ok"
        }
      }
    },
    "Load": {
      "type": "object",
      "required": [
        "queue_depth",
        "running",
        "tokens_per_s"
      ],
      "properties": {
        "queue_depth": {
          "type": "integer",
          "minimum": 0
        },
        "running": {
          "type": "integer",
          "minimum": 0
        },
        "tokens_per_s": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        }
      }
    },
    "ModelDeprecatedError": {
      "allOf": [
        {
          "$ref": "#/$defs/ErrorEnvelope"
        }
      ],
      "properties": {
        "code": {
          "enum": [
            "MODEL_DEPRECATED"
          ]
        },
        "retriable": {
          "const": false
        }
      }
    },
    "NotFoundError": {
      "allOf": [
        {
          "$ref": "#/$defs/ErrorEnvelope"
        }
      ],
      "properties": {
        "code": {
          "enum": [
            "NOT_FOUND"
          ]
        },
        "retriable": {
          "const": false
        }
      }
    },
    "Operation": {
      "type": "object",
      "required": [
        "operation_id",
        "kind",
        "pool_id",
        "state",
        "phase",
        "new_model_ref",
        "deadline_at",
        "generation",
        "progress",
        "created_at",
        "ended_at",
        "error"
      ],
      "properties": {
        "operation_id": {
          "$ref": "#/$defs/Uuid"
        },
        "kind": {
          "type": "string",
          "enum": [
            "drain",
            "resume",
            "reload",
            "rollback",
            "replace"
          ]
        },
        "pool_id": {
          "$ref": "#/$defs/PoolId"
        },
        "state": {
          "type": "string",
          "enum": [
            "running",
            "succeeded",
            "failed"
          ]
        },
        "phase": {
          "$ref": "#/$defs/OperationPhase"
        },
        "new_model_ref": {
          "type": [
            "string",
            "null"
          ]
        },
        "deadline_at": {
          "type": [
            "string",
            "null"
          ],
          "format": "date-time"
        },
        "generation": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1
        },
        "progress": {
          "type": "object",
          "required": [
            "running",
            "waiting",
            "replaced"
          ],
          "properties": {
            "running": {
              "type": "integer",
              "minimum": 0
            },
            "waiting": {
              "type": "integer",
              "minimum": 0
            },
            "replaced": {
              "type": "integer",
              "minimum": 0
            }
          }
        },
        "created_at": {
          "type": "string",
          "format": "date-time"
        },
        "ended_at": {
          "type": [
            "string",
            "null"
          ],
          "format": "date-time"
        },
        "error": {
          "oneOf": [
            {
              "$ref": "#/$defs/ErrorEnvelope"
            },
            {
              "type": "null"
            }
          ]
        }
      }
    },
    "OperationList": {
      "type": "object",
      "required": [
        "operations"
      ],
      "properties": {
        "operations": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/Operation"
          }
        }
      }
    },
    "OperationPhase": {
      "type": "string",
      "enum": [
        "waiting",
        "starting",
        "draining",
        "restoring",
        "done"
      ]
    },
    "PoolDeterminism": {
      "type": "string",
      "enum": [
        "single_slot",
        "batch_invariant",
        "none"
      ]
    },
    "PoolError": {
      "type": "object",
      "required": [
        "code",
        "kind",
        "message",
        "cause",
        "at"
      ],
      "properties": {
        "code": {
          "$ref": "#/$defs/ErrorCode"
        },
        "kind": {
          "type": "string",
          "minLength": 1
        },
        "message": {
          "type": "string",
          "minLength": 1
        },
        "cause": {
          "type": [
            "string",
            "null"
          ]
        },
        "at": {
          "type": "string",
          "format": "date-time"
        }
      }
    },
    "PoolHealth": {
      "type": "object",
      "required": [
        "pool_id",
        "host",
        "engine",
        "live",
        "ready",
        "draining",
        "state",
        "last_error",
        "cpu_carve_out",
        "start_count",
        "restarts",
        "next_retry_ms",
        "replica",
        "metrics"
      ],
      "properties": {
        "pool_id": {
          "$ref": "#/$defs/PoolId"
        },
        "host": {
          "$ref": "#/$defs/AgentName"
        },
        "engine": {
          "$ref": "#/$defs/Engine"
        },
        "live": {
          "type": "boolean"
        },
        "ready": {
          "type": "boolean"
        },
        "draining": {
          "type": "boolean"
        },
        "state": {
          "$ref": "#/$defs/PoolState"
        },
        "last_error": {
          "oneOf": [
            {
              "$ref": "#/$defs/PoolHealthError"
            },
            {
              "type": "null"
            }
          ]
        },
        "cpu_carve_out": {
          "type": "boolean"
        },
        "start_count": {
          "type": "integer",
          "minimum": 0
        },
        "restarts": {
          "type": "integer",
          "minimum": 0
        },
        "next_retry_ms": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "breaker": {
          "$ref": "#/$defs/Breaker"
        },
        "replica": {
          "oneOf": [
            {
              "$ref": "#/$defs/PoolReplica"
            },
            {
              "type": "null"
            }
          ]
        },
        "metrics": {
          "$ref": "#/$defs/PoolMetrics"
        }
      }
    },
    "PoolHealthError": {
      "type": "object",
      "required": [
        "code",
        "message",
        "cause",
        "at"
      ],
      "properties": {
        "code": {
          "$ref": "#/$defs/ErrorCode"
        },
        "message": {
          "type": "string"
        },
        "cause": {
          "type": [
            "string",
            "null"
          ]
        },
        "at": {
          "type": "string",
          "format": "date-time"
        }
      }
    },
    "PoolId": {
      "type": "string",
      "x-fault": "expected 1 to 63 letters, digits, `.`, `_` or `-`, the first a letter or digit",
      "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
    },
    "PoolMetrics": {
      "type": "object",
      "required": [
        "queue_depth",
        "running",
        "tokens_per_s",
        "kv_cache_usage_ratio",
        "gpu_utilization_ratio",
        "vram_used_bytes",
        "oom_events",
        "driver_reset_events"
      ],
      "properties": {
        "queue_depth": {
          "type": "integer",
          "minimum": 0
        },
        "running": {
          "type": "integer",
          "minimum": 0
        },
        "tokens_per_s": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "kv_cache_usage_ratio": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0,
          "maximum": 1
        },
        "gpu_utilization_ratio": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0,
          "maximum": 1
        },
        "vram_used_bytes": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "oom_events": {
          "type": "integer",
          "minimum": 0
        },
        "host_oom_events": {
          "type": "integer",
          "minimum": 0
        },
        "driver_reset_events": {
          "type": "integer",
          "minimum": 0
        },
        "ecc_events": {
          "type": "integer",
          "minimum": 0
        },
        "capacity_slots": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1
        }
      }
    },
    "PoolReplica": {
      "type": "object",
      "required": [
        "replica_id",
        "engine_version",
        "trtllm_version",
        "model_digest",
        "numerics",
        "slots"
      ],
      "properties": {
        "replica_id": {
          "$ref": "#/$defs/ReplicaId"
        },
        "engine_version": {
          "type": "string"
        },
        "trtllm_version": {
          "type": [
            "string",
            "null"
          ]
        },
        "model_digest": {
          "$ref": "#/$defs/Digest"
        },
        "numerics": {
          "$ref": "#/$defs/Digest"
        },
        "slots": {
          "$ref": "#/$defs/Slots"
        }
      }
    },
    "PoolState": {
      "type": "string",
      "enum": [
        "stopped",
        "starting",
        "ready",
        "unready",
        "stopping",
        "refused"
      ]
    },
    "PoolStatus": {
      "type": "object",
      "required": [
        "pool_id",
        "state",
        "start_count",
        "last_error",
        "restarts",
        "next_retry_ms",
        "oom_events",
        "driver_reset_events",
        "preload",
        "replica"
      ],
      "properties": {
        "pool_id": {
          "$ref": "#/$defs/PoolId"
        },
        "state": {
          "$ref": "#/$defs/PoolState"
        },
        "start_count": {
          "type": "integer",
          "minimum": 0
        },
        "last_error": {
          "oneOf": [
            {
              "$ref": "#/$defs/PoolError"
            },
            {
              "type": "null"
            }
          ]
        },
        "restarts": {
          "type": "integer",
          "minimum": 0
        },
        "next_retry_ms": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "oom_events": {
          "type": "object",
          "required": [
            "device",
            "host"
          ],
          "properties": {
            "device": {
              "type": "integer",
              "minimum": 0
            },
            "host": {
              "type": "integer",
              "minimum": 0
            }
          }
        },
        "driver_reset_events": {
          "type": "integer",
          "minimum": 0
        },
        "ecc_events": {
          "type": "integer",
          "minimum": 0
        },
        "capacity_slots": {
          "type": "integer",
          "minimum": 1
        },
        "preload": {
          "oneOf": [
            {
              "$ref": "#/$defs/Preload"
            },
            {
              "type": "null"
            }
          ]
        },
        "replica": {
          "oneOf": [
            {
              "$ref": "#/$defs/ReplicaReport"
            },
            {
              "type": "null"
            }
          ]
        },
        "successor": {
          "oneOf": [
            {
              "$ref": "#/$defs/SuccessorStatus"
            },
            {
              "type": "null"
            }
          ]
        }
      }
    },
    "Preload": {
      "type": "object",
      "required": [
        "outcome",
        "load_ms"
      ],
      "properties": {
        "outcome": {
          "$ref": "#/$defs/PreloadOutcome"
        },
        "load_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        }
      }
    },
    "PreloadOutcome": {
      "type": "string",
      "enum": [
        "ok",
        "failed"
      ]
    },
    "Priority": {
      "type": "string",
      "enum": [
        "interactive",
        "batch"
      ]
    },
    "RateLimit": {
      "type": "object",
      "required": [
        "priority",
        "requests_per_s",
        "burst"
      ],
      "properties": {
        "priority": {
          "oneOf": [
            {
              "$ref": "#/$defs/Priority"
            },
            {
              "type": "null"
            }
          ]
        },
        "requests_per_s": {
          "type": "number",
          "minimum": 0
        },
        "burst": {
          "type": "number",
          "minimum": 0
        }
      }
    },
    "Readiness": {
      "type": "object",
      "required": [
        "status"
      ],
      "properties": {
        "status": {
          "type": "string",
          "const": "ready"
        }
      }
    },
    "ReloadRequest": {
      "type": "object",
      "additionalProperties": false,
      "required": [
        "new_model_ref"
      ],
      "properties": {
        "new_model_ref": {
          "type": "string",
          "minLength": 1,
          "maxLength": 256,
          "pattern": "^[^\\x00-\\x1f\\x7f]+$"
        }
      }
    },
    "Replica": {
      "type": "object",
      "required": [
        "replica_id",
        "pool_id",
        "host",
        "state",
        "slots"
      ],
      "properties": {
        "replica_id": {
          "$ref": "#/$defs/ReplicaId"
        },
        "pool_id": {
          "$ref": "#/$defs/PoolId"
        },
        "host": {
          "$ref": "#/$defs/AgentName"
        },
        "state": {
          "$ref": "#/$defs/ReplicaState"
        },
        "breaker": {
          "$ref": "#/$defs/BreakerState"
        },
        "slots": {
          "$ref": "#/$defs/Slots"
        }
      }
    },
    "ReplicaId": {
      "type": "string",
      "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}/[0-9]{1,15}$"
    },
    "ReplicaReport": {
      "type": "object",
      "required": [
        "replica_id",
        "url",
        "engine",
        "engine_version",
        "trtllm_version",
        "model_digest",
        "quant",
        "ctx",
        "slots_total",
        "slots_free",
        "numerics",
        "sampler_profile_version",
        "workloads",
        "cpu_carve_out",
        "pid",
        "started_at",
        "vram_used_bytes",
        "gpu_utilization_ratio",
        "kv_cache_usage_ratio"
      ],
      "properties": {
        "replica_id": {
          "$ref": "#/$defs/ReplicaId"
        },
        "url": {
          "type": "string",
          "format": "uri",
          "pattern": "^https?://"
        },
        "engine": {
          "$ref": "#/$defs/Engine"
        },
        "engine_version": {
          "type": "string",
          "minLength": 1
        },
        "trtllm_version": {
          "type": [
            "string",
            "null"
          ]
        },
        "model_digest": {
          "$ref": "#/$defs/Digest"
        },
        "quant": {
          "type": "string",
          "minLength": 1
        },
        "ctx": {
          "type": "integer",
          "minimum": 1
        },
        "slots_total": {
          "type": "integer",
          "minimum": 1
        },
        "slots_free": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "numerics": {
          "$ref": "#/$defs/Digest"
        },
        "sampler_profile_version": {
          "$ref": "#/$defs/SamplerProfileVersion"
        },
        "workloads": {
          "type": "array",
          "minItems": 1,
          "items": {
            "$ref": "#/$defs/Workload"
          }
        },
        "cpu_carve_out": {
          "type": "boolean"
        },
        "pid": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1
        },
        "started_at": {
          "type": "string",
          "format": "date-time"
        },
        "vram_used_bytes": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "gpu_utilization_ratio": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0,
          "maximum": 1
        },
        "kv_cache_usage_ratio": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0,
          "maximum": 1
        },
        "topology": {
          "type": "object",
          "required": [
            "worst_link",
            "numa_nodes"
          ],
          "properties": {
            "worst_link": {
              "type": [
                "string",
                "null"
              ]
            },
            "numa_nodes": {
              "type": "array",
              "items": {
                "type": "integer",
                "minimum": 0
              }
            }
          }
        },
        "ports": {
          "type": "object",
          "required": [
            "grpc",
            "metrics"
          ],
          "properties": {
            "grpc": {
              "type": [
                "integer",
                "null"
              ],
              "minimum": 1,
              "maximum": 65535
            },
            "metrics": {
              "type": [
                "integer",
                "null"
              ],
              "minimum": 1,
              "maximum": 65535
            }
          }
        }
      }
    },
    "ReplicaSet": {
      "type": "object",
      "required": [
        "id",
        "engine",
        "engine_version",
        "trtllm_version",
        "model_digest",
        "models",
        "quant",
        "ctx",
        "sampler_profile_version",
        "numerics",
        "determinism",
        "workloads",
        "replicas",
        "load",
        "slo"
      ],
      "properties": {
        "id": {
          "$ref": "#/$defs/Digest"
        },
        "engine": {
          "$ref": "#/$defs/Engine"
        },
        "engine_version": {
          "type": "string"
        },
        "trtllm_version": {
          "type": [
            "string",
            "null"
          ]
        },
        "model_digest": {
          "$ref": "#/$defs/Digest"
        },
        "models": {
          "type": "array",
          "items": {
            "type": "string"
          }
        },
        "quant": {
          "type": "string"
        },
        "ctx": {
          "type": "integer",
          "minimum": 1
        },
        "sampler_profile_version": {
          "$ref": "#/$defs/SamplerProfileVersion"
        },
        "numerics": {
          "$ref": "#/$defs/Digest"
        },
        "determinism": {
          "$ref": "#/$defs/PoolDeterminism"
        },
        "workloads": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/Workload"
          }
        },
        "replicas": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/Replica"
          }
        },
        "load": {
          "$ref": "#/$defs/Load"
        },
        "slo": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/SloSnapshot"
          }
        }
      }
    },
    "ReplicaSetCapabilities": {
      "type": "object",
      "required": [
        "id",
        "engine",
        "engine_version",
        "models",
        "model_digest",
        "ctx_max",
        "workloads",
        "determinism",
        "sampler_profile_versions",
        "features",
        "evict"
      ],
      "properties": {
        "id": {
          "$ref": "#/$defs/Digest"
        },
        "engine": {
          "$ref": "#/$defs/Engine"
        },
        "engine_version": {
          "type": "string"
        },
        "models": {
          "type": "array",
          "items": {
            "type": "string"
          }
        },
        "model_digest": {
          "$ref": "#/$defs/Digest"
        },
        "ctx_max": {
          "type": "integer",
          "minimum": 1
        },
        "workloads": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/Workload"
          }
        },
        "determinism": {
          "$ref": "#/$defs/PoolDeterminism"
        },
        "sampler_profile_versions": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/SamplerProfileVersion"
          }
        },
        "features": {
          "$ref": "#/$defs/Features"
        },
        "evict": {
          "type": "boolean"
        }
      }
    },
    "ReplicaSetList": {
      "type": "object",
      "required": [
        "replica_sets"
      ],
      "properties": {
        "replica_sets": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/ReplicaSet"
          }
        }
      }
    },
    "ReplicaState": {
      "type": "string",
      "enum": [
        "ready",
        "unready",
        "draining",
        "silent"
      ]
    },
    "RequestLimits": {
      "type": "object",
      "required": [
        "max_body_bytes",
        "max_prompt_chars",
        "max_inputs",
        "max_stop",
        "retention_ms"
      ],
      "properties": {
        "max_body_bytes": {
          "type": "integer",
          "minimum": 1
        },
        "max_prompt_chars": {
          "type": "integer",
          "minimum": 1
        },
        "max_inputs": {
          "type": "integer",
          "minimum": 1
        },
        "max_stop": {
          "type": "integer",
          "minimum": 0
        },
        "retention_ms": {
          "type": "integer",
          "minimum": 0
        }
      }
    },
    "SamplerProfileVersion": {
      "type": "string",
      "x-fault": "expected 1 to 63 letters, digits, `.`, `_` or `-`, the first a letter or digit",
      "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
    },
    "Scores": {
      "type": "array",
      "items": {
        "type": "number"
      }
    },
    "Session": {
      "type": "object",
      "required": [
        "session_id",
        "ttl_ms_remaining",
        "turns",
        "turns_max",
        "kv_bytes",
        "kv_warmth",
        "replica_id",
        "budgets"
      ],
      "properties": {
        "session_id": {
          "$ref": "#/$defs/Uuid"
        },
        "ttl_ms_remaining": {
          "type": "integer",
          "minimum": 0
        },
        "turns": {
          "type": "integer",
          "minimum": 0
        },
        "turns_max": {
          "type": "integer",
          "minimum": 1
        },
        "kv_bytes": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "kv_warmth": {
          "type": "boolean"
        },
        "replica_id": {
          "oneOf": [
            {
              "$ref": "#/$defs/ReplicaId"
            },
            {
              "type": "null"
            }
          ]
        },
        "budgets": {
          "$ref": "#/$defs/Budgets"
        }
      }
    },
    "SloSnapshot": {
      "type": "object",
      "required": [
        "priority",
        "first_token_p95_ms",
        "tokens_64_p95_ms",
        "error_ratio",
        "samples",
        "targets",
        "met"
      ],
      "properties": {
        "priority": {
          "$ref": "#/$defs/Priority"
        },
        "first_token_p95_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "tokens_64_p95_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "error_ratio": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0,
          "maximum": 1
        },
        "token_rate_ratio": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "samples": {
          "type": "integer",
          "minimum": 0
        },
        "targets": {
          "$ref": "#/$defs/SloTargets"
        },
        "met": {
          "type": [
            "boolean",
            "null"
          ]
        }
      }
    },
    "SloTargets": {
      "type": "object",
      "required": [
        "first_token_p95_ms",
        "tokens_64_p95_ms",
        "token_rate_ratio",
        "error_ratio"
      ],
      "properties": {
        "first_token_p95_ms": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1
        },
        "tokens_64_p95_ms": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1
        },
        "token_rate_ratio": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0,
          "maximum": 1
        },
        "error_ratio": {
          "type": "number",
          "minimum": 0,
          "maximum": 1
        }
      }
    },
    "Slots": {
      "type": "object",
      "required": [
        "total",
        "busy",
        "releasing",
        "free"
      ],
      "properties": {
        "total": {
          "type": "integer",
          "minimum": 0
        },
        "busy": {
          "type": "integer",
          "minimum": 0
        },
        "releasing": {
          "type": "integer",
          "minimum": 0
        },
        "free": {
          "type": "integer",
          "minimum": 0
        }
      }
    },
    "Speculative": {
      "type": "object",
      "required": [
        "draft_model",
        "draft_tokens"
      ],
      "properties": {
        "draft_model": {
          "oneOf": [
            {
              "$ref": "#/$defs/DesiredModel"
            },
            {
              "type": "null"
            }
          ]
        },
        "draft_tokens": {
          "type": "integer",
          "minimum": 1
        }
      }
    },
    "StreamDigest": {
      "type": [
        "string",
        "null"
      ],
      "pattern": "^[0-9a-f]{64}$"
    },
    "StreamEnd": {
      "type": "object",
      "required": [
        "finish_reason",
        "tokens_in",
        "tokens_out",
        "queue_ms",
        "ttft_ms",
        "decode_ms",
        "stream_digest",
        "failovers",
        "failover_ms",
        "kv_migrated"
      ],
      "properties": {
        "finish_reason": {
          "$ref": "#/$defs/FinishReason"
        },
        "tokens_in": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "tokens_out": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "queue_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "ttft_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "decode_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "stream_digest": {
          "$ref": "#/$defs/StreamDigest"
        },
        "failovers": {
          "type": "integer",
          "minimum": 0
        },
        "failover_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "kv_migrated": {
          "type": "boolean",
          "const": false
        },
        "embeddings": {
          "$ref": "#/$defs/Embeddings"
        },
        "scores": {
          "$ref": "#/$defs/Scores"
        }
      }
    },
    "StreamMetrics": {
      "type": "object",
      "required": [
        "queue_depth",
        "on_time_probability",
        "kv_warmth",
        "tokens_out",
        "tokens_per_s",
        "budget"
      ],
      "properties": {
        "queue_depth": {
          "type": "integer",
          "minimum": 0
        },
        "on_time_probability": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0,
          "maximum": 1
        },
        "kv_warmth": {
          "type": [
            "boolean",
            "null"
          ]
        },
        "tokens_out": {
          "type": "integer",
          "minimum": 0
        },
        "tokens_per_s": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "budget": {
          "oneOf": [
            {
              "$ref": "#/$defs/Budgets"
            },
            {
              "type": "null"
            }
          ]
        }
      }
    },
    "StreamStarted": {
      "type": "object",
      "required": [
        "task_id",
        "queue_position",
        "predicted_start_ms",
        "engine",
        "engine_version",
        "pool_id",
        "replica_id",
        "model_digest",
        "sampler_profile_version",
        "seed",
        "kv_warmth",
        "cpu_carve_out"
      ],
      "properties": {
        "task_id": {
          "$ref": "#/$defs/Uuid"
        },
        "queue_position": {
          "type": "integer",
          "minimum": 0
        },
        "predicted_start_ms": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "engine": {
          "$ref": "#/$defs/Engine"
        },
        "engine_version": {
          "type": "string",
          "minLength": 1
        },
        "pool_id": {
          "$ref": "#/$defs/PoolId"
        },
        "replica_id": {
          "$ref": "#/$defs/ReplicaId"
        },
        "model_digest": {
          "$ref": "#/$defs/Digest"
        },
        "sampler_profile_version": {
          "$ref": "#/$defs/SamplerProfileVersion"
        },
        "seed": {
          "type": "integer",
          "minimum": 0,
          "maximum": 4294967294
        },
        "kv_warmth": {
          "type": "boolean"
        },
        "cpu_carve_out": {
          "type": "boolean"
        }
      }
    },
    "StreamToken": {
      "type": "object",
      "required": [
        "t",
        "i"
      ],
      "properties": {
        "t": {
          "type": "string",
          "minLength": 1
        },
        "i": {
          "type": "integer",
          "minimum": 0
        }
      }
    },
    "SuccessorStatus": {
      "type": "object",
      "required": [
        "state",
        "start_count",
        "last_error",
        "replica"
      ],
      "properties": {
        "state": {
          "$ref": "#/$defs/PoolState"
        },
        "start_count": {
          "type": "integer",
          "minimum": 0
        },
        "last_error": {
          "oneOf": [
            {
              "$ref": "#/$defs/PoolError"
            },
            {
              "type": "null"
            }
          ]
        },
        "replica": {
          "oneOf": [
            {
              "$ref": "#/$defs/ReplicaReport"
            },
            {
              "type": "null"
            }
          ]
        }
      }
    },
    "TaskAccepted": {
      "type": "object",
      "required": [
        "task_id",
        "session_id",
        "queue_position",
        "predicted_start_ms",
        "backoff_ms",
        "effective"
      ],
      "properties": {
        "task_id": {
          "$ref": "#/$defs/Uuid"
        },
        "session_id": {
          "$ref": "#/$defs/Uuid"
        },
        "queue_position": {
          "type": "integer",
          "minimum": 0
        },
        "predicted_start_ms": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "backoff_ms": {
          "type": "integer",
          "minimum": 0
        },
        "effective": {
          "$ref": "#/$defs/TaskEffective"
        }
      }
    },
    "TaskEffective": {
      "type": "object",
      "required": [
        "model_ref",
        "engine",
        "model_digest",
        "workload",
        "ctx",
        "priority",
        "max_tokens",
        "deadline_ms",
        "seed",
        "determinism",
        "sampler_profile_version",
        "stop",
        "pin_pool_id",
        "kv_hint"
      ],
      "properties": {
        "model_ref": {
          "type": "string"
        },
        "engine": {
          "$ref": "#/$defs/Engine"
        },
        "model_digest": {
          "$ref": "#/$defs/Digest"
        },
        "workload": {
          "$ref": "#/$defs/Workload"
        },
        "ctx": {
          "type": "integer",
          "minimum": 1
        },
        "priority": {
          "$ref": "#/$defs/Priority"
        },
        "max_tokens": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1
        },
        "deadline_ms": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1
        },
        "seed": {
          "type": "integer",
          "minimum": 0,
          "maximum": 4294967294
        },
        "determinism": {
          "$ref": "#/$defs/Determinism"
        },
        "sampler_profile_version": {
          "$ref": "#/$defs/SamplerProfileVersion"
        },
        "stop": {
          "type": "array",
          "items": {
            "type": "string"
          }
        },
        "pin_pool_id": {
          "oneOf": [
            {
              "$ref": "#/$defs/PoolId"
            },
            {
              "type": "null"
            }
          ]
        },
        "kv_hint": {
          "$ref": "#/$defs/KvHint"
        }
      }
    },
    "TaskRequest": {
      "type": "object",
      "additionalProperties": false,
      "required": [
        "model_ref"
      ],
      "properties": {
        "model_ref": {
          "type": "string",
          "minLength": 1,
          "maxLength": 256,
          "pattern": "^[^\\x00-\\x1f\\x7f]+$",
          "x-fault": "expected text without control characters"
        },
        "prompt": {
          "type": "string",
          "minLength": 1,
          "maxLength": 1000000
        },
        "inputs": {
          "type": "array",
          "minItems": 1,
          "maxItems": 256,
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 1000000
          }
        },
        "task_id": {
          "$ref": "#/$defs/Uuid"
        },
        "session_id": {
          "$ref": "#/$defs/Uuid"
        },
        "workload": {
          "$ref": "#/$defs/Workload"
        },
        "engine": {
          "$ref": "#/$defs/Engine"
        },
        "ctx": {
          "type": "integer",
          "minimum": 1,
          "maximum": 2147483647
        },
        "priority": {
          "$ref": "#/$defs/Priority"
        },
        "max_tokens": {
          "type": "integer",
          "minimum": 1,
          "maximum": 2147483647
        },
        "deadline_ms": {
          "type": "integer",
          "minimum": 1,
          "maximum": 2147483647
        },
        "seed": {
          "type": "integer",
          "minimum": 0,
          "maximum": 4294967294
        },
        "determinism": {
          "$ref": "#/$defs/Determinism"
        },
        "sampler_profile_version": {
          "$ref": "#/$defs/SamplerProfileVersion"
        },
        "stop": {
          "type": "array",
          "maxItems": 8,
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256
          }
        },
        "pin_pool_id": {
          "$ref": "#/$defs/PoolId"
        },
        "expected_tokens": {
          "type": "integer",
          "minimum": 1,
          "maximum": 2147483647
        },
        "kv_hint": {
          "$ref": "#/$defs/KvHint"
        },
        "label": {
          "type": "string",
          "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
          "x-fault": "expected 1 to 63 letters, digits, `.`, `_` or `-`, the first a letter or digit"
        }
      },
      "if": {
        "required": [
          "workload"
        ],
        "properties": {
          "workload": {
            "enum": [
              "embedding",
              "rerank"
            ]
          }
        }
      },
      "then": {
        "required": [
          "inputs"
        ],
        "x-fault": "missing; this workload takes `inputs`",
        "properties": {
          "prompt": {
            "not": {},
            "x-fault": "not allowed; this workload takes `inputs`"
          },
          "max_tokens": {
            "not": {},
            "x-fault": "not allowed; only for `completion`"
          }
        },
        "if": {
          "properties": {
            "workload": {
              "const": "rerank"
            }
          }
        },
        "then": {
          "properties": {
            "inputs": {
              "minItems": 2,
              "x-fault": "expected the query and at least one document"
            }
          }
        }
      },
      "else": {
        "required": [
          "prompt"
        ],
        "x-fault": "missing; `completion` takes `prompt`",
        "properties": {
          "inputs": {
            "not": {},
            "x-fault": "not allowed; `completion` takes `prompt`"
          }
        }
      }
    },
    "TaskResult": {
      "type": "object",
      "required": [
        "finish_reason",
        "text",
        "stream_digest",
        "usage",
        "failovers",
        "failover_ms",
        "kv_migrated"
      ],
      "properties": {
        "finish_reason": {
          "$ref": "#/$defs/FinishReason"
        },
        "text": {
          "type": [
            "string",
            "null"
          ]
        },
        "stream_digest": {
          "$ref": "#/$defs/StreamDigest"
        },
        "usage": {
          "type": "object",
          "required": [
            "tokens_in",
            "tokens_out"
          ],
          "properties": {
            "tokens_in": {
              "type": [
                "integer",
                "null"
              ],
              "minimum": 0
            },
            "tokens_out": {
              "type": [
                "integer",
                "null"
              ],
              "minimum": 0
            }
          }
        },
        "failovers": {
          "type": "integer",
          "minimum": 0
        },
        "failover_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "kv_migrated": {
          "type": "boolean",
          "const": false
        },
        "embeddings": {
          "$ref": "#/$defs/Embeddings"
        },
        "scores": {
          "$ref": "#/$defs/Scores"
        }
      }
    },
    "TaskState": {
      "type": "string",
      "enum": [
        "queued",
        "running",
        "succeeded",
        "failed",
        "canceled"
      ]
    },
    "TaskStatus": {
      "type": "object",
      "required": [
        "task_id",
        "session_id",
        "state",
        "queue_position",
        "predicted_start_ms",
        "attempts",
        "timings",
        "started",
        "result",
        "error"
      ],
      "properties": {
        "task_id": {
          "$ref": "#/$defs/Uuid"
        },
        "session_id": {
          "$ref": "#/$defs/Uuid"
        },
        "state": {
          "$ref": "#/$defs/TaskState"
        },
        "queue_position": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "predicted_start_ms": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 0
        },
        "attempts": {
          "type": "integer",
          "minimum": 0
        },
        "timings": {
          "$ref": "#/$defs/TaskTimings"
        },
        "started": {
          "oneOf": [
            {
              "$ref": "#/$defs/StreamStarted"
            },
            {
              "type": "null"
            }
          ]
        },
        "result": {
          "oneOf": [
            {
              "$ref": "#/$defs/TaskResult"
            },
            {
              "type": "null"
            }
          ]
        },
        "error": {
          "oneOf": [
            {
              "$ref": "#/$defs/ErrorEnvelope"
            },
            {
              "type": "null"
            }
          ]
        }
      }
    },
    "TaskTimings": {
      "type": "object",
      "required": [
        "enqueued_at",
        "queue_ms",
        "ttft_ms",
        "decode_ms"
      ],
      "properties": {
        "enqueued_at": {
          "type": "string",
          "format": "date-time"
        },
        "queue_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "ttft_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        },
        "decode_ms": {
          "type": [
            "number",
            "null"
          ],
          "minimum": 0
        }
      }
    },
    "TritonAccess": {
      "type": "object",
      "required": [
        "protocol",
        "model_name",
        "grpc_port",
        "metrics_port"
      ],
      "properties": {
        "protocol": {
          "type": "string",
          "enum": [
            "grpc",
            "http",
            "trtllm-serve"
          ]
        },
        "model_name": {
          "type": "string",
          "minLength": 1
        },
        "grpc_port": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1,
          "maximum": 65535
        },
        "metrics_port": {
          "type": [
            "integer",
            "null"
          ],
          "minimum": 1,
          "maximum": 65535
        }
      }
    },
    "UnauthenticatedError": {
      "allOf": [
        {
          "$ref": "#/$defs/ErrorEnvelope"
        }
      ],
      "properties": {
        "code": {
          "enum": [
            "UNAUTHENTICATED"
          ]
        },
        "retriable": {
          "const": false
        }
      }
    },
    "UnavailableError": {
      "allOf": [
        {
          "$ref": "#/$defs/ErrorEnvelope"
        }
      ],
      "properties": {
        "code": {
          "enum": [
            "POOL_UNREADY",
            "POOL_UNAVAILABLE",
            "REPLICA_EXHAUSTED",
            "DEADLINE_UNMET",
            "INTERNAL"
          ]
        },
        "retriable": {
          "const": true
        }
      }
    },
    "UntrustedArtifactError": {
      "allOf": [
        {
          "$ref": "#/$defs/ErrorEnvelope"
        }
      ],
      "properties": {
        "code": {
          "enum": [
            "UNTRUSTED_ARTIFACT"
          ]
        },
        "retriable": {
          "const": false
        }
      }
    },
    "Uuid": {
      "type": "string",
      "x-fault": "expected a UUID",
      "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
      "format": "uuid"
    },
    "WorkerResetError": {
      "allOf": [
        {
          "$ref": "#/$defs/ErrorEnvelope"
        }
      ],
      "properties": {
        "code": {
          "enum": [
            "WORKER_RESET"
          ]
        }
      }
    },
    "Workload": {
      "type": "string",
      "enum": [
        "completion",
        "embedding",
        "rerank"
      ]
    }
  }
};

/** Names of the component schemas. */
export type SchemaName =
  | 'AgentHost'
  | 'AgentInfo'
  | 'AgentList'
  | 'AgentName'
  | 'AgentPool'
  | 'AgentStatus'
  | 'AgentStatusAccepted'
  | 'ArmFigures'
  | 'BackpressureError'
  | 'Breaker'
  | 'BreakerState'
  | 'Budgets'
  | 'Canary'
  | 'CanaryId'
  | 'CanaryList'
  | 'Capabilities'
  | 'CatalogModel'
  | 'CatalogModelList'
  | 'CatalogModelRequest'
  | 'CatalogName'
  | 'CatalogState'
  | 'CatalogStateRequest'
  | 'CommandRuntime'
  | 'ConfigApplied'
  | 'ConfigGeneration'
  | 'ConfigRequest'
  | 'Container'
  | 'DecodeTimeoutError'
  | 'DesiredModel'
  | 'DesiredPool'
  | 'DesiredRuntime'
  | 'DesiredState'
  | 'Determinism'
  | 'Device'
  | 'DeviceLink'
  | 'Digest'
  | 'DrainRequest'
  | 'EmbeddedRuntime'
  | 'Embeddings'
  | 'Engine'
  | 'ErrorCode'
  | 'ErrorDetails'
  | 'ErrorEnvelope'
  | 'ExternalRuntime'
  | 'Fault'
  | 'Features'
  | 'FinishReason'
  | 'ForbiddenError'
  | 'FullPolicy'
  | 'InternalError'
  | 'InvalidParamsError'
  | 'InventoryError'
  | 'KvHint'
  | 'Liveness'
  | 'Load'
  | 'ModelDeprecatedError'
  | 'NotFoundError'
  | 'Operation'
  | 'OperationList'
  | 'OperationPhase'
  | 'PoolDeterminism'
  | 'PoolError'
  | 'PoolHealth'
  | 'PoolHealthError'
  | 'PoolId'
  | 'PoolMetrics'
  | 'PoolReplica'
  | 'PoolState'
  | 'PoolStatus'
  | 'Preload'
  | 'PreloadOutcome'
  | 'Priority'
  | 'RateLimit'
  | 'Readiness'
  | 'ReloadRequest'
  | 'Replica'
  | 'ReplicaId'
  | 'ReplicaReport'
  | 'ReplicaSet'
  | 'ReplicaSetCapabilities'
  | 'ReplicaSetList'
  | 'ReplicaState'
  | 'RequestLimits'
  | 'SamplerProfileVersion'
  | 'Scores'
  | 'Session'
  | 'SloSnapshot'
  | 'SloTargets'
  | 'Slots'
  | 'Speculative'
  | 'StreamDigest'
  | 'StreamEnd'
  | 'StreamMetrics'
  | 'StreamStarted'
  | 'StreamToken'
  | 'SuccessorStatus'
  | 'TaskAccepted'
  | 'TaskEffective'
  | 'TaskRequest'
  | 'TaskResult'
  | 'TaskState'
  | 'TaskStatus'
  | 'TaskTimings'
  | 'TritonAccess'
  | 'UnauthenticatedError'
  | 'UnavailableError'
  | 'UntrustedArtifactError'
  | 'Uuid'
  | 'WorkerResetError'
  | 'Workload';
