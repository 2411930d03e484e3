// Generated from contracts/openapi/*.yaml by `pnpm xtask regen-openapi`. Do not edit.

/** The three documents as one OpenAPI 3.1 document: what this version serves, without planned operations. */
export const openapiDocument: OpenapiDocument = {
  "openapi": "3.1.0",
  "info": {
    "title": "OrchQueue v1",
    "version": "1.0.0",
    "license": {
      "name": "MIT OR Apache-2.0",
      "identifier": "MIT OR Apache-2.0"
    },
    "description": "Clients put tasks into a queue and read a token stream. Requests are closed: an unknown field is refused.\nAnswers and events are open: a client ignores fields that it does not know (ORCH-3044).\nIds are opaque and compared byte for byte.\n\nWhat operators and clients may know about pools, replica sets and agents, and how operators change them.\nAnswers are open: a client ignores fields that it does not know (ORCH-3044).\n\nAgents dial in; the controller never dials an agent. An agent reports its status every second and at each change, and reads the\npools it should run by a long poll. An agent and a controller of neighbouring versions work together: both ignore fields that\nthey do not know."
  },
  "servers": [
    {
      "url": "/"
    }
  ],
  "security": [
    {
      "bearer": []
    },
    {}
  ],
  "tags": [
    {
      "name": "tasks",
      "description": "Enqueue, watch and cancel work."
    },
    {
      "name": "sessions",
      "description": "Short-lived conversations and their KV cache."
    },
    {
      "name": "fleet",
      "description": "Pools, replica sets, agents."
    },
    {
      "name": "changes",
      "description": "Drain, reload, rollback, catalog, config."
    },
    {
      "name": "service",
      "description": "Liveness, metrics and the contract itself."
    },
    {
      "name": "agents",
      "description": "Status of hosts, and what they should run."
    }
  ],
  "x-any-path": {
    "405": {
      "$ref": "#/components/responses/MethodNotAllowed"
    }
  },
  "paths": {
    "/v1/tasks": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        },
        {
          "$ref": "#/components/parameters/Traceparent"
        }
      ],
      "post": {
        "operationId": "submitTask",
        "tags": [
          "tasks"
        ],
        "summary": "Admit or refuse one task.",
        "description": "The task runs whether or not anybody reads its stream. A repeated `task_id` with the same body gets the first answer\nagain, byte for byte, and starts nothing; with another body it is 409.\n",
        "x-req-id": [
          "ORCH-2001",
          "ORCH-2008",
          "ORCH-2011",
          "ORCH-2012",
          "ORCH-2013",
          "ORCH-3014",
          "ORCH-3015",
          "ORCH-3302"
        ],
        "x-scope": "tasks",
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/TaskRequest"
              },
              "examples": {
                "shortest": {
                  "summary": "Two fields; every other one has its default.",
                  "value": {
                    "model_ref": "haiku-tiny",
                    "prompt": "Write a haiku about rain."
                  }
                },
                "everyField": {
                  "summary": "Every field of a completion.",
                  "value": {
                    "model_ref": "haiku-tiny",
                    "prompt": "Write a haiku about rain.",
                    "task_id": "0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10",
                    "session_id": "5f0f4b0e-2f63-4a41-8d53-0b1f6f1f5a11",
                    "workload": "completion",
                    "engine": "llamacpp",
                    "ctx": 512,
                    "priority": "interactive",
                    "max_tokens": 64,
                    "deadline_ms": 30000,
                    "seed": 42,
                    "determinism": "strict",
                    "sampler_profile_version": "v1",
                    "stop": [
                      "\n\n"
                    ],
                    "pin_pool_id": "haiku-a",
                    "expected_tokens": 40,
                    "kv_hint": "reuse"
                  }
                },
                "rerank": {
                  "summary": "The first input is the query, the others are the documents.",
                  "value": {
                    "model_ref": "reranker",
                    "workload": "rerank",
                    "inputs": [
                      "rain",
                      "A wet street.",
                      "A dry desert."
                    ]
                  }
                }
              }
            }
          }
        },
        "responses": {
          "202": {
            "description": "Admitted, and on stable storage.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              },
              "Location": {
                "$ref": "#/components/headers/TaskLocation"
              },
              "X-Budget-Tokens-Remaining": {
                "$ref": "#/components/headers/BudgetTokens"
              },
              "X-Budget-Time-Remaining-Ms": {
                "$ref": "#/components/headers/BudgetTime"
              },
              "X-Budget-Cost-Remaining": {
                "$ref": "#/components/headers/BudgetCost"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/TaskAccepted"
                },
                "examples": {
                  "accepted": {
                    "value": {
                      "task_id": "0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10",
                      "session_id": "5f0f4b0e-2f63-4a41-8d53-0b1f6f1f5a11",
                      "queue_position": 2,
                      "predicted_start_ms": 840,
                      "backoff_ms": 0,
                      "effective": {
                        "model_ref": "haiku-tiny",
                        "engine": "llamacpp",
                        "model_digest": "sha256:0f343b0931126a20f133d67c2b018a3b7a3a1c0d5f1f3bb1c1b5a8c7c2a0e4d1",
                        "workload": "completion",
                        "ctx": 512,
                        "priority": "interactive",
                        "max_tokens": 64,
                        "deadline_ms": 30000,
                        "seed": 42,
                        "determinism": "strict",
                        "sampler_profile_version": "v1",
                        "stop": [
                          "\n\n"
                        ],
                        "pin_pool_id": null,
                        "kv_hint": "reuse"
                      }
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "409": {
            "$ref": "#/components/responses/Conflict"
          },
          "410": {
            "$ref": "#/components/responses/ModelDeprecated"
          },
          "413": {
            "$ref": "#/components/responses/BodyTooLarge"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "422": {
            "$ref": "#/components/responses/UntrustedArtifact"
          },
          "429": {
            "$ref": "#/components/responses/Backpressure"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "502": {
            "$ref": "#/components/responses/WorkerReset"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "$ref": "#/components/responses/DecodeTimeout"
          }
        }
      }
    },
    "/v1/tasks/{id}": {
      "parameters": [
        {
          "$ref": "#/components/parameters/TaskId"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getTask",
        "tags": [
          "tasks"
        ],
        "summary": "State, timings and, once it has ended, the result of a task.",
        "x-req-id": [
          "ORCH-2009",
          "ORCH-3055"
        ],
        "x-scope": "tasks",
        "responses": {
          "200": {
            "description": "What is known of the task now.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/TaskStatus"
                },
                "examples": {
                  "queued": {
                    "value": {
                      "task_id": "0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10",
                      "session_id": "5f0f4b0e-2f63-4a41-8d53-0b1f6f1f5a11",
                      "state": "queued",
                      "queue_position": 2,
                      "predicted_start_ms": 840,
                      "attempts": 0,
                      "timings": {
                        "enqueued_at": "2026-11-23T09:30:00.000Z",
                        "queue_ms": null,
                        "ttft_ms": null,
                        "decode_ms": null
                      },
                      "started": null,
                      "result": null,
                      "error": null
                    }
                  },
                  "succeeded": {
                    "value": {
                      "task_id": "0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10",
                      "session_id": "5f0f4b0e-2f63-4a41-8d53-0b1f6f1f5a11",
                      "state": "succeeded",
                      "queue_position": null,
                      "predicted_start_ms": null,
                      "attempts": 1,
                      "timings": {
                        "enqueued_at": "2026-11-23T09:30:00.000Z",
                        "queue_ms": 12.5,
                        "ttft_ms": 31.25,
                        "decode_ms": 240
                      },
                      "started": {
                        "task_id": "0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10",
                        "queue_position": 0,
                        "predicted_start_ms": 12,
                        "engine": "llamacpp",
                        "engine_version": "b4719",
                        "pool_id": "haiku-a",
                        "replica_id": "haiku-a/1",
                        "model_digest": "sha256:0f343b0931126a20f133d67c2b018a3b7a3a1c0d5f1f3bb1c1b5a8c7c2a0e4d1",
                        "sampler_profile_version": "v1",
                        "seed": 42,
                        "kv_warmth": false,
                        "cpu_carve_out": false
                      },
                      "result": {
                        "finish_reason": "stop",
                        "text": "soft rain",
                        "stream_digest": "1a1cbeee0ed32ba7069dc83e7e95be9c38d33d4c33cb7ff1c5f32b8ab9e9b0b5",
                        "usage": {
                          "tokens_in": 9,
                          "tokens_out": 2
                        },
                        "failovers": 0,
                        "failover_ms": 0,
                        "kv_migrated": false
                      },
                      "error": null
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/tasks/{id}/stream": {
      "parameters": [
        {
          "$ref": "#/components/parameters/TaskId"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "streamTask",
        "tags": [
          "tasks"
        ],
        "summary": "The task's events as Server-Sent Events, from its start or from `Last-Event-ID`.",
        "description": "One `started` before any token (none for a task that never ran), `token` events in order with `i` from 0 without gaps and\nnever with empty text, exactly one terminal event (`end` or `error`), nothing after it. `metrics` comes at most once a\nsecond, may precede `started` and is never stored. A comment keeps an idle stream open every 15 s. A connection that closes\nwithout a terminal event is resumed by sending the last `id` received. Open streams are bounded, of one tenant\n(`max_open_streams`) and of all (`max_subscribers`): beyond that it is 429.\n",
        "x-req-id": [
          "ORCH-2002",
          "ORCH-2010",
          "ORCH-3026",
          "ORCH-3036",
          "ORCH-3301"
        ],
        "x-scope": "tasks",
        "parameters": [
          {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "The last `id` received, unchanged. The stream goes on with exactly the text after it.",
            "x-req-id": [
              "ORCH-2010"
            ],
            "schema": {
              "type": "string",
              "maxLength": 64
            },
            "example": "7.31.2d1f02aa"
          }
        ],
        "responses": {
          "200": {
            "description": "The stream. Its lines are `id`, `event` and `data` as in the HTML standard; `data` is one line of JSON.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              },
              "Cache-Control": {
                "description": "Always `no-store`.",
                "schema": {
                  "type": "string",
                  "const": "no-store"
                }
              }
            },
            "content": {
              "text/event-stream": {
                "schema": {
                  "type": "string"
                },
                "x-sse-events": {
                  "started": {
                    "data": {
                      "$ref": "#/components/schemas/StreamStarted"
                    },
                    "id": true
                  },
                  "token": {
                    "data": {
                      "$ref": "#/components/schemas/StreamToken"
                    },
                    "id": true
                  },
                  "metrics": {
                    "data": {
                      "$ref": "#/components/schemas/StreamMetrics"
                    },
                    "id": false
                  },
                  "end": {
                    "data": {
                      "$ref": "#/components/schemas/StreamEnd"
                    },
                    "id": true,
                    "terminal": true
                  },
                  "error": {
                    "data": {
                      "$ref": "#/components/schemas/ErrorEnvelope"
                    },
                    "id": true,
                    "terminal": true
                  }
                },
                "examples": {
                  "short": {
                    "value": "id: 0.0.00000000\nevent: started\ndata: {\"task_id\":\"0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10\",\"queue_position\":0,\"predicted_start_ms\":12,\"engine\":\"llamacpp\",\"engine_version\":\"b4719\",\"pool_id\":\"haiku-a\",\"replica_id\":\"haiku-a/1\",\"model_digest\":\"sha256:0f343b0931126a20f133d67c2b018a3b7a3a1c0d5f1f3bb1c1b5a8c7c2a0e4d1\",\"sampler_profile_version\":\"v1\",\"seed\":42,\"kv_warmth\":false,\"cpu_carve_out\":false}\n\nid: 1.4.0c1e51d2\nevent: token\ndata: {\"t\":\"soft\",\"i\":0}\n\nevent: metrics\ndata: {\"queue_depth\":3,\"on_time_probability\":0.97,\"kv_warmth\":false,\"tokens_out\":1,\"tokens_per_s\":41.5,\"budget\":null}\n\nid: 2.9.b1f8b1c4\nevent: token\ndata: {\"t\":\" rain\",\"i\":1}\n\nid: 3.9.b1f8b1c4\nevent: end\ndata: {\"finish_reason\":\"stop\",\"tokens_in\":9,\"tokens_out\":2,\"queue_ms\":12.5,\"ttft_ms\":31.25,\"decode_ms\":240,\"stream_digest\":\"1a1cbeee0ed32ba7069dc83e7e95be9c38d33d4c33cb7ff1c5f32b8ab9e9b0b5\",\"failovers\":0,\"failover_ms\":0,\"kv_migrated\":false}\n\n"
                  }
                }
              }
            }
          },
          "204": {
            "description": "`Last-Event-ID` is that of the terminal event: nothing follows it.",
            "x-req-id": [
              "ORCH-2010"
            ],
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "429": {
            "$ref": "#/components/responses/Backpressure"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/tasks/{id}/cancel": {
      "parameters": [
        {
          "$ref": "#/components/parameters/TaskId"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "post": {
        "operationId": "cancelTask",
        "tags": [
          "tasks"
        ],
        "summary": "Cancel a task, in whatever state it is; idempotent.",
        "description": "No token of the task is written to any socket after this answer. A canceled stream ends with `end` and\n`finish_reason` `canceled`. For a task that has ended it is 204 without effect.\n",
        "x-req-id": [
          "ORCH-2003",
          "ORCH-3017",
          "ORCH-3026",
          "ORCH-3302"
        ],
        "x-scope": "tasks",
        "responses": {
          "204": {
            "description": "The cancel is committed, or the task had ended before.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/sessions/{id}": {
      "parameters": [
        {
          "$ref": "#/components/parameters/SessionId"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getSession",
        "tags": [
          "sessions"
        ],
        "summary": "What remains of a session.",
        "x-req-id": [
          "ORCH-2004",
          "ORCH-3021",
          "ORCH-3055"
        ],
        "x-scope": "tasks",
        "responses": {
          "200": {
            "description": "The session.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Session"
                },
                "examples": {
                  "warm": {
                    "value": {
                      "session_id": "5f0f4b0e-2f63-4a41-8d53-0b1f6f1f5a11",
                      "ttl_ms_remaining": 412000,
                      "turns": 3,
                      "turns_max": 8,
                      "kv_bytes": 1048576,
                      "kv_warmth": true,
                      "replica_id": "haiku-a/1",
                      "budgets": {
                        "tokens_remaining": 12000,
                        "time_ms_remaining": null,
                        "cost_remaining": null
                      }
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      },
      "delete": {
        "operationId": "deleteSession",
        "tags": [
          "sessions"
        ],
        "summary": "End the session and evict its KV cache on the worker.",
        "x-req-id": [
          "ORCH-2005",
          "ORCH-3055"
        ],
        "x-scope": "tasks",
        "responses": {
          "204": {
            "description": "The session has ended.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/capabilities": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getCapabilities",
        "tags": [
          "fleet"
        ],
        "summary": "What can be asked of this controller, and within which limits.",
        "x-req-id": [
          "ORCH-2105",
          "ORCH-3021"
        ],
        "x-scope": "tasks",
        "responses": {
          "200": {
            "description": "Capabilities as of now.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Capabilities"
                },
                "examples": {
                  "one": {
                    "value": {
                      "api_version": "1.0.0",
                      "replica_sets": [
                        {
                          "id": "sha256:4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a",
                          "engine": "llamacpp",
                          "engine_version": "b4719",
                          "models": [
                            "haiku-tiny"
                          ],
                          "model_digest": "sha256:0f343b0931126a20f133d67c2b018a3b7a3a1c0d5f1f3bb1c1b5a8c7c2a0e4d1",
                          "ctx_max": 512,
                          "workloads": [
                            "completion"
                          ],
                          "determinism": "single_slot",
                          "sampler_profile_versions": [
                            "v1"
                          ],
                          "features": {
                            "kv_reuse_verified": false,
                            "tokenize": true,
                            "cpu_carve_out": true
                          },
                          "evict": true
                        }
                      ],
                      "rate_limits": [
                        {
                          "priority": "interactive",
                          "requests_per_s": 50,
                          "burst": 100
                        }
                      ],
                      "limits": {
                        "max_body_bytes": 8388608,
                        "max_prompt_chars": 1000000,
                        "max_inputs": 256,
                        "max_stop": 8,
                        "retention_ms": 600000
                      },
                      "operations": [
                        "submitTask",
                        "getTask",
                        "streamTask",
                        "cancelTask"
                      ]
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      }
    },
    "/v1/replicasets": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "listReplicaSets",
        "tags": [
          "fleet"
        ],
        "summary": "Each replica set with its pins, replicas, slots, load and SLO snapshot.",
        "x-req-id": [
          "ORCH-2104",
          "ORCH-3007"
        ],
        "x-scope": "control",
        "responses": {
          "200": {
            "description": "The replica sets, by id.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/ReplicaSetList"
                },
                "examples": {
                  "one": {
                    "value": {
                      "replica_sets": [
                        {
                          "id": "sha256:4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a",
                          "engine": "llamacpp",
                          "engine_version": "b4719",
                          "trtllm_version": null,
                          "model_digest": "sha256:0f343b0931126a20f133d67c2b018a3b7a3a1c0d5f1f3bb1c1b5a8c7c2a0e4d1",
                          "models": [
                            "haiku-tiny"
                          ],
                          "quant": "F16",
                          "ctx": 512,
                          "sampler_profile_version": "v1",
                          "numerics": "sha256:b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
                          "determinism": "single_slot",
                          "workloads": [
                            "completion"
                          ],
                          "replicas": [
                            {
                              "replica_id": "haiku-a/1",
                              "pool_id": "haiku-a",
                              "host": "gpu-01",
                              "state": "ready",
                              "slots": {
                                "total": 1,
                                "busy": 1,
                                "releasing": 0,
                                "free": 0
                              }
                            }
                          ],
                          "load": {
                            "queue_depth": 4,
                            "running": 1,
                            "tokens_per_s": 41.5
                          },
                          "slo": [
                            {
                              "priority": "interactive",
                              "first_token_p95_ms": 410,
                              "tokens_64_p95_ms": 1900,
                              "error_ratio": 0,
                              "samples": 120,
                              "targets": {
                                "first_token_p95_ms": 900,
                                "tokens_64_p95_ms": 2500,
                                "token_rate_ratio": null,
                                "error_ratio": 0.005
                              },
                              "met": true
                            },
                            {
                              "priority": "batch",
                              "first_token_p95_ms": null,
                              "tokens_64_p95_ms": null,
                              "error_ratio": null,
                              "samples": 0,
                              "targets": {
                                "first_token_p95_ms": null,
                                "tokens_64_p95_ms": null,
                                "token_rate_ratio": 0.8,
                                "error_ratio": 0.01
                              },
                              "met": null
                            }
                          ]
                        }
                      ]
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      }
    },
    "/v1/pools/{id}/health": {
      "parameters": [
        {
          "$ref": "#/components/parameters/PoolId"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getPoolHealth",
        "tags": [
          "fleet"
        ],
        "summary": "Whether a pool lives and serves, its last error with its cause, and a metrics snapshot.",
        "x-req-id": [
          "ORCH-2103",
          "ORCH-1102",
          "ORCH-3038"
        ],
        "x-scope": "control",
        "responses": {
          "200": {
            "description": "The pool as last reported by its agent.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/PoolHealth"
                },
                "examples": {
                  "broken": {
                    "value": {
                      "pool_id": "llama-a",
                      "host": "gpu-01",
                      "engine": "llamacpp",
                      "live": false,
                      "ready": false,
                      "draining": false,
                      "state": "unready",
                      "last_error": {
                        "code": "WORKER_RESET",
                        "message": "The worker ended with exit code 1 while it loaded the model.",
                        "cause": "ggml_cuda_host_malloc: out of memory",
                        "at": "2026-11-23T09:30:00.000Z"
                      },
                      "cpu_carve_out": false,
                      "start_count": 3,
                      "restarts": 2,
                      "next_retry_ms": 4000,
                      "replica": null,
                      "metrics": {
                        "queue_depth": 4,
                        "running": 0,
                        "tokens_per_s": null,
                        "kv_cache_usage_ratio": null,
                        "gpu_utilization_ratio": null,
                        "vram_used_bytes": null,
                        "oom_events": 1,
                        "host_oom_events": 0,
                        "driver_reset_events": 0,
                        "ecc_events": 0,
                        "capacity_slots": 3
                      }
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      }
    },
    "/v1/agents": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "listAgents",
        "tags": [
          "fleet"
        ],
        "summary": "Every agent that reported, and every host that the config names.",
        "x-req-id": [
          "ORCH-2109"
        ],
        "x-scope": "control",
        "responses": {
          "200": {
            "description": "The agents, by name.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/AgentList"
                },
                "examples": {
                  "two": {
                    "value": {
                      "agents": [
                        {
                          "name": "gpu-01",
                          "connected": true,
                          "instance_id": "7d0c6f0e-53c4-4d8b-9c69-1ef3d3a1e6f2",
                          "agent_version": "1.0.0",
                          "last_seen_at": "2026-11-23T09:30:00.000Z",
                          "lease_ms_remaining": 2400,
                          "generation_applied": 3,
                          "generation_desired": 3,
                          "host": null,
                          "pools": [
                            {
                              "pool_id": "llama-a",
                              "state": "ready"
                            }
                          ]
                        },
                        {
                          "name": "gpu-02",
                          "connected": false,
                          "instance_id": null,
                          "agent_version": null,
                          "last_seen_at": null,
                          "lease_ms_remaining": 0,
                          "generation_applied": 0,
                          "generation_desired": 3,
                          "host": null,
                          "pools": [
                            {
                              "pool_id": "llama-b",
                              "state": "stopped"
                            }
                          ]
                        }
                      ]
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      }
    },
    "/v1/pools/{id}/drain": {
      "parameters": [
        {
          "$ref": "#/components/parameters/PoolId"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "post": {
        "operationId": "drainPool",
        "tags": [
          "changes"
        ],
        "summary": "Stop new dispatch at once; at the deadline abort what still runs and place it again.",
        "description": "The pool stays drained, also over a restart of the controller, until it is resumed. `strict` tasks that are aborted go on\nelsewhere byte for byte; `best_effort` ones that have sent tokens end with `WORKER_RESET`. Said again while the pool drains, the\nnew deadline counts and the operation is the same; said again later, it answers the operation that drained the pool.\n",
        "x-req-id": [
          "ORCH-2101"
        ],
        "x-scope": "control",
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/DrainRequest"
              },
              "examples": {
                "half": {
                  "value": {
                    "deadline_ms": 30000
                  }
                }
              }
            }
          }
        },
        "responses": {
          "202": {
            "$ref": "#/components/responses/OperationAccepted"
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "409": {
            "$ref": "#/components/responses/OperationConflict"
          },
          "413": {
            "$ref": "#/components/responses/BodyTooLarge"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "422": {
            "$ref": "#/components/responses/UntrustedArtifact"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/pools/{id}/resume": {
      "parameters": [
        {
          "$ref": "#/components/parameters/PoolId"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "post": {
        "operationId": "resumePool",
        "tags": [
          "changes"
        ],
        "summary": "Let a drained pool take tasks again; of a pool that is not drained it changes nothing.",
        "x-req-id": [
          "ORCH-2101"
        ],
        "x-scope": "control",
        "responses": {
          "202": {
            "$ref": "#/components/responses/OperationAccepted"
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "409": {
            "$ref": "#/components/responses/OperationConflict"
          },
          "413": {
            "$ref": "#/components/responses/BodyTooLarge"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "422": {
            "$ref": "#/components/responses/UntrustedArtifact"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/pools/{id}/reload": {
      "parameters": [
        {
          "$ref": "#/components/parameters/PoolId"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "post": {
        "operationId": "reloadPool",
        "tags": [
          "changes"
        ],
        "summary": "Swap the model atomically, or leave the old one serving and report why.",
        "description": "The agent starts a worker with the new model beside the old one, verifies and self-tests it; then the controller switches: new tasks\ngo to the new worker, the old one finishes what it has and is stopped. Where both do not fit the devices, the pool is drained\nfirst (`controller.rollout.strategy`). A failure changes nothing: the operation ends as `failed` with the cause, and the old\nmodel serves. Said again with the same model while it goes on, the operation is the same; once the model serves, nothing is done.\n",
        "x-req-id": [
          "ORCH-2102",
          "ORCH-3062"
        ],
        "x-scope": "control",
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/ReloadRequest"
              },
              "examples": {
                "next": {
                  "value": {
                    "new_model_ref": "haiku-tiny-2"
                  }
                }
              }
            }
          }
        },
        "responses": {
          "202": {
            "$ref": "#/components/responses/OperationAccepted"
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "409": {
            "$ref": "#/components/responses/OperationConflict"
          },
          "413": {
            "$ref": "#/components/responses/BodyTooLarge"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "422": {
            "$ref": "#/components/responses/UntrustedArtifact"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/pools/{id}/rollback": {
      "parameters": [
        {
          "$ref": "#/components/parameters/PoolId"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "post": {
        "operationId": "rollbackPool",
        "tags": [
          "changes"
        ],
        "summary": "Return a pool to its previous model or config generation.",
        "description": "The pool's own section goes back to what it was before its last change; the rest of the config stays. It is done like a reload, and\nmay itself be rolled back. While a reload of the pool goes on, rolling back ends it.\n",
        "x-req-id": [
          "ORCH-2106",
          "ORCH-3033"
        ],
        "x-scope": "control",
        "responses": {
          "202": {
            "$ref": "#/components/responses/OperationAccepted"
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "409": {
            "$ref": "#/components/responses/OperationConflict"
          },
          "413": {
            "$ref": "#/components/responses/BodyTooLarge"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "422": {
            "$ref": "#/components/responses/UntrustedArtifact"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/operations": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "listOperations",
        "tags": [
          "changes"
        ],
        "summary": "Operations that run, and those that ended lately.",
        "x-req-id": [
          "ORCH-2101",
          "ORCH-2102",
          "ORCH-2106"
        ],
        "x-scope": "control",
        "responses": {
          "200": {
            "description": "The operations, newest first.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/OperationList"
                },
                "examples": {
                  "none": {
                    "value": {
                      "operations": []
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      }
    },
    "/v1/operations/{id}": {
      "parameters": [
        {
          "name": "id",
          "in": "path",
          "required": true,
          "description": "The `operation_id`.",
          "schema": {
            "$ref": "#/components/schemas/Uuid"
          },
          "example": "3c1bd5f6-1f0e-4b2a-8f6f-0a4bb2cf2c70"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getOperation",
        "tags": [
          "changes"
        ],
        "summary": "The progress of a drain, reload or rollback.",
        "x-req-id": [
          "ORCH-2101",
          "ORCH-2102",
          "ORCH-2106"
        ],
        "x-scope": "control",
        "responses": {
          "200": {
            "description": "The operation.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Operation"
                },
                "examples": {
                  "done": {
                    "value": {
                      "operation_id": "3c1bd5f6-1f0e-4b2a-8f6f-0a4bb2cf2c70",
                      "kind": "drain",
                      "pool_id": "llama-a",
                      "state": "succeeded",
                      "phase": "done",
                      "new_model_ref": null,
                      "deadline_at": "2026-11-23T09:30:30.000Z",
                      "generation": null,
                      "progress": {
                        "running": 0,
                        "waiting": 0,
                        "replaced": 2
                      },
                      "created_at": "2026-11-23T09:30:00.000Z",
                      "ended_at": "2026-11-23T09:30:12.000Z",
                      "error": null
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      }
    },
    "/v1/config": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getConfig",
        "tags": [
          "changes"
        ],
        "summary": "The active generation of the config, secrets removed.",
        "x-req-id": [
          "ORCH-2107",
          "ORCH-3043"
        ],
        "x-scope": "control",
        "responses": {
          "200": {
            "description": "The active generation.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/ConfigGeneration"
                },
                "examples": {
                  "third": {
                    "value": {
                      "generation": 3,
                      "applied_at": "2026-11-23T09:00:00.000Z",
                      "source": "file",
                      "previous_generation": 2,
                      "pending_pools": [],
                      "restart_required": [],
                      "config": {
                        "pools": []
                      }
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      },
      "post": {
        "operationId": "applyConfig",
        "tags": [
          "changes"
        ],
        "summary": "Apply a new config atomically, or refuse it whole.",
        "description": "The config is checked whole before anything changes. Pools that are not named in `diff` are not touched; of changed ones only those\nwhose worker must be another are replaced, each by an operation that verifies the new worker before the old one is let go. Fields\nunder `restart_required` count from the next start on. `[removed]` in place of a secret means the one in force.\n",
        "x-req-id": [
          "ORCH-2107",
          "ORCH-3030",
          "ORCH-3031"
        ],
        "x-scope": "control",
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/ConfigRequest"
              },
              "examples": {
                "empty": {
                  "value": {
                    "config": {
                      "models": {},
                      "pools": []
                    },
                    "expected_generation": 3
                  }
                }
              }
            }
          }
        },
        "responses": {
          "200": {
            "description": "Applied; unchanged pools were not touched.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/ConfigApplied"
                },
                "examples": {
                  "changed": {
                    "value": {
                      "generation": 4,
                      "previous_generation": 3,
                      "dry_run": false,
                      "diff": {
                        "added": [
                          "llama-b"
                        ],
                        "changed": [
                          "llama-a"
                        ],
                        "removed": [],
                        "settings": [
                          "/tenants"
                        ]
                      },
                      "restart_required": [],
                      "operations": [
                        "3c1bd5f6-1f0e-4b2a-8f6f-0a4bb2cf2c70"
                      ]
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "409": {
            "$ref": "#/components/responses/OperationConflict"
          },
          "413": {
            "$ref": "#/components/responses/BodyTooLarge"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/config/rollback": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "post": {
        "operationId": "rollbackConfig",
        "tags": [
          "changes"
        ],
        "summary": "Apply the previous generation again, as a new one; said again, it undoes itself.",
        "x-req-id": [
          "ORCH-2106",
          "ORCH-3031"
        ],
        "x-scope": "control",
        "responses": {
          "200": {
            "description": "Applied; unchanged pools were not touched.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/ConfigApplied"
                },
                "examples": {
                  "changed": {
                    "value": {
                      "generation": 4,
                      "previous_generation": 3,
                      "dry_run": false,
                      "diff": {
                        "added": [
                          "llama-b"
                        ],
                        "changed": [
                          "llama-a"
                        ],
                        "removed": [],
                        "settings": [
                          "/tenants"
                        ]
                      },
                      "restart_required": [],
                      "operations": [
                        "3c1bd5f6-1f0e-4b2a-8f6f-0a4bb2cf2c70"
                      ]
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "409": {
            "$ref": "#/components/responses/OperationConflict"
          },
          "413": {
            "$ref": "#/components/responses/BodyTooLarge"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/canaries": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "listCanaries",
        "tags": [
          "changes"
        ],
        "summary": "The canaries of the config, with the figures of both arms side by side.",
        "x-req-id": [
          "ORCH-3033"
        ],
        "x-scope": "control",
        "responses": {
          "200": {
            "description": "The canaries, in the order of the config.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/CanaryList"
                },
                "examples": {
                  "one": {
                    "value": {
                      "canaries": [
                        {
                          "id": "llama-next",
                          "model": "llama-3.1-8b",
                          "percent": 10,
                          "label": "canary",
                          "pools": [
                            "llama-c"
                          ],
                          "base": {
                            "admitted": 900,
                            "fallbacks": 0,
                            "succeeded": 890,
                            "failed": 1,
                            "canceled": 4,
                            "first_token_p95_ms": 410,
                            "tokens_64_p95_ms": 1900,
                            "error_ratio": 0.001,
                            "samples": 891
                          },
                          "canary": {
                            "admitted": 100,
                            "fallbacks": 0,
                            "succeeded": 99,
                            "failed": 0,
                            "canceled": 1,
                            "first_token_p95_ms": 380,
                            "tokens_64_p95_ms": 1700,
                            "error_ratio": 0,
                            "samples": 99
                          }
                        }
                      ]
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      }
    },
    "/v1/canaries/{id}/promote": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CanaryId"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "post": {
        "operationId": "promoteCanary",
        "tags": [
          "changes"
        ],
        "summary": "Send every task of the model to the canary's pools from now on; a new generation of the config.",
        "x-req-id": [
          "ORCH-3033"
        ],
        "x-scope": "control",
        "responses": {
          "200": {
            "description": "Applied, or so already.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/ConfigApplied"
                },
                "examples": {
                  "promoted": {
                    "value": {
                      "generation": 5,
                      "previous_generation": 4,
                      "dry_run": false,
                      "diff": {
                        "added": [],
                        "changed": [],
                        "removed": [],
                        "settings": [
                          "/canaries"
                        ]
                      },
                      "restart_required": [],
                      "operations": []
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "409": {
            "$ref": "#/components/responses/OperationConflict"
          },
          "413": {
            "$ref": "#/components/responses/BodyTooLarge"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/canaries/{id}/abort": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CanaryId"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "post": {
        "operationId": "abortCanary",
        "tags": [
          "changes"
        ],
        "summary": "Send no more task to the canary's pools; its sessions go back to the base. A new generation of the config.",
        "x-req-id": [
          "ORCH-3033"
        ],
        "x-scope": "control",
        "responses": {
          "200": {
            "description": "Applied, or so already.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/ConfigApplied"
                },
                "examples": {
                  "promoted": {
                    "value": {
                      "generation": 5,
                      "previous_generation": 4,
                      "dry_run": false,
                      "diff": {
                        "added": [],
                        "changed": [],
                        "removed": [],
                        "settings": [
                          "/canaries"
                        ]
                      },
                      "restart_required": [],
                      "operations": []
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "409": {
            "$ref": "#/components/responses/OperationConflict"
          },
          "413": {
            "$ref": "#/components/responses/BodyTooLarge"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/healthz": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getLiveness",
        "tags": [
          "service"
        ],
        "summary": "200 while the process works. The agent has it too.",
        "x-req-id": [
          "ORCH-2108"
        ],
        "x-scope": "none",
        "security": [
          {}
        ],
        "responses": {
          "200": {
            "description": "Alive.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Liveness"
                },
                "examples": {
                  "alive": {
                    "value": {
                      "status": "ok"
                    }
                  }
                }
              }
            }
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      }
    },
    "/readyz": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getReadiness",
        "tags": [
          "service"
        ],
        "summary": "200 while work is taken, else 503. The agent has it too.",
        "x-req-id": [
          "ORCH-2108"
        ],
        "x-scope": "none",
        "security": [
          {}
        ],
        "responses": {
          "200": {
            "description": "Ready.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/Readiness"
                },
                "examples": {
                  "ready": {
                    "value": {
                      "status": "ready"
                    }
                  }
                }
              }
            }
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/metrics": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getMetrics",
        "tags": [
          "service"
        ],
        "summary": "Prometheus text. The agent has it too.",
        "x-req-id": [
          "ORCH-2108",
          "ORCH-3028"
        ],
        "x-scope": "metrics",
        "responses": {
          "200": {
            "description": "The metrics of `specs/metrics/otel-prom.md`.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "text/plain": {
                "schema": {
                  "type": "string"
                },
                "examples": {
                  "one": {
                    "value": "# HELP tasks_enqueued_total Tasks admitted.\n# TYPE tasks_enqueued_total counter\n"
                  }
                }
              }
            }
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      }
    },
    "/openapi.json": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getOpenApi",
        "tags": [
          "service"
        ],
        "summary": "These documents as one, without planned operations.",
        "x-req-id": [
          "ORCH-2105",
          "ORCH-3044"
        ],
        "x-scope": "none",
        "security": [
          {}
        ],
        "responses": {
          "200": {
            "description": "An OpenAPI 3.1 document.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "type": "object"
                }
              }
            }
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      }
    },
    "/docs": {
      "parameters": [
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getDocs",
        "tags": [
          "service"
        ],
        "summary": "The same document as a page that needs no other host.",
        "x-req-id": [
          "ORCH-2105"
        ],
        "x-scope": "none",
        "security": [
          {}
        ],
        "responses": {
          "200": {
            "description": "The page.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "text/html": {
                "schema": {
                  "type": "string"
                }
              }
            }
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          }
        }
      }
    },
    "/v1/agents/{name}/status": {
      "parameters": [
        {
          "$ref": "#/components/parameters/AgentName"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "post": {
        "operationId": "reportAgentStatus",
        "tags": [
          "agents"
        ],
        "summary": "Report everything about one host; the first report registers the agent.",
        "description": "A second instance of one name is refused with 409 until the lease of the first one (3 intervals) has ended.",
        "x-req-id": [
          "ORCH-2109",
          "ORCH-3032"
        ],
        "x-scope": "agent",
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/AgentStatus"
              },
              "examples": {
                "oneGpu": {
                  "value": {
                    "instance_id": "7d0c6f0e-53c4-4d8b-9c69-1ef3d3a1e6f2",
                    "agent_version": "1.0.0",
                    "started_at": "2026-11-23T09:00:00.000Z",
                    "generation": 3,
                    "interval_ms": 1000,
                    "host": {
                      "hostname": "gpu-01",
                      "ram_total_bytes": 270582939648,
                      "ram_available_bytes": 240518168576,
                      "allow_cpu": false,
                      "devices": [
                        {
                          "index": 0,
                          "uuid": "GPU-8f6d2c1e-6f0b-7a52-3e0a-5a1c0f4b9d77",
                          "name": "NVIDIA GeForce RTX 3090",
                          "memory_total_bytes": 25769803776,
                          "memory_used_bytes": 8589934592,
                          "utilization_ratio": 0.41,
                          "compute_capability": "8.6",
                          "numa_node": 0
                        }
                      ],
                      "inventory_error": null
                    },
                    "pools": [
                      {
                        "pool_id": "llama-a",
                        "state": "ready",
                        "start_count": 1,
                        "last_error": null,
                        "restarts": 0,
                        "next_retry_ms": null,
                        "oom_events": {
                          "device": 0,
                          "host": 0
                        },
                        "driver_reset_events": 0,
                        "preload": {
                          "outcome": "ok",
                          "load_ms": 4210
                        },
                        "replica": {
                          "replica_id": "llama-a/1",
                          "url": "http://10.0.0.5:41001",
                          "engine": "llamacpp",
                          "engine_version": "b4719",
                          "trtllm_version": null,
                          "model_digest": "sha256:0f343b0931126a20f133d67c2b018a3b7a3a1c0d5f1f3bb1c1b5a8c7c2a0e4d1",
                          "quant": "Q4_K_M",
                          "ctx": 8192,
                          "slots_total": 1,
                          "slots_free": 1,
                          "numerics": "sha256:b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
                          "sampler_profile_version": "v1",
                          "workloads": [
                            "completion"
                          ],
                          "cpu_carve_out": false,
                          "pid": 4242,
                          "started_at": "2026-11-23T09:00:01.000Z",
                          "vram_used_bytes": 8489271296,
                          "gpu_utilization_ratio": 0.41,
                          "kv_cache_usage_ratio": 0.02
                        }
                      }
                    ]
                  }
                },
                "noGpu": {
                  "value": {
                    "instance_id": "7d0c6f0e-53c4-4d8b-9c69-1ef3d3a1e6f2",
                    "agent_version": "1.0.0",
                    "started_at": "2026-11-23T09:00:00.000Z",
                    "generation": 0,
                    "interval_ms": 1000,
                    "host": {
                      "hostname": "laptop",
                      "ram_total_bytes": 17179869184,
                      "ram_available_bytes": 8589934592,
                      "allow_cpu": false,
                      "devices": [],
                      "inventory_error": {
                        "code": "nvidia-smi-missing",
                        "message": "`nvidia-smi` was not found in PATH."
                      }
                    },
                    "pools": []
                  }
                }
              }
            }
          }
        },
        "responses": {
          "200": {
            "description": "Taken; the lease is renewed.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/AgentStatusAccepted"
                },
                "examples": {
                  "accepted": {
                    "value": {
                      "generation": 3,
                      "lease_ms": 3000,
                      "interval_ms": 1000
                    }
                  }
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "409": {
            "$ref": "#/components/responses/Conflict"
          },
          "413": {
            "$ref": "#/components/responses/BodyTooLarge"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    },
    "/v1/agents/{name}/desired": {
      "parameters": [
        {
          "$ref": "#/components/parameters/AgentName"
        },
        {
          "$ref": "#/components/parameters/CorrelationId"
        }
      ],
      "get": {
        "operationId": "getDesiredPools",
        "tags": [
          "agents"
        ],
        "summary": "The pools this agent should run; waits until there is another generation than the one named.",
        "x-req-id": [
          "ORCH-2109"
        ],
        "x-scope": "agent",
        "parameters": [
          {
            "name": "generation",
            "in": "query",
            "description": "The generation the agent has; 0 for none.",
            "schema": {
              "type": "integer",
              "minimum": 0,
              "maximum": 9007199254740991,
              "default": 0
            },
            "example": 2
          },
          {
            "name": "wait_ms",
            "in": "query",
            "description": "How long to wait for another generation.",
            "schema": {
              "type": "integer",
              "minimum": 0,
              "maximum": 30000,
              "default": 30000
            },
            "example": 30000
          }
        ],
        "responses": {
          "200": {
            "description": "Another generation than the one named.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            },
            "content": {
              "application/json": {
                "schema": {
                  "$ref": "#/components/schemas/DesiredState"
                },
                "examples": {
                  "onePool": {
                    "value": {
                      "generation": 3,
                      "pools": [
                        {
                          "id": "llama-a",
                          "engine": "llamacpp",
                          "model": {
                            "name": "llama-3.1-8b",
                            "path": "llama-3.1-8b-q4_k_m.gguf",
                            "digest": "sha256:0f343b0931126a20f133d67c2b018a3b7a3a1c0d5f1f3bb1c1b5a8c7c2a0e4d1",
                            "quant": "Q4_K_M",
                            "ctx_limit": 131072
                          },
                          "quant": "Q4_K_M",
                          "ctx": 8192,
                          "devices": [
                            "0"
                          ],
                          "tensor_split": null,
                          "share_devices": false,
                          "workloads": [
                            "completion"
                          ],
                          "slots": 1,
                          "determinism": "single_slot",
                          "runtime": {
                            "kind": "command"
                          },
                          "allow_cpu": false,
                          "preload": true,
                          "sampler_profile_version": "v1",
                          "kv_type": null,
                          "min_start_count": 0,
                          "timeouts": {
                            "start_ms": 120000,
                            "probe_interval_ms": 1000,
                            "stop_grace_ms": 10000
                          },
                          "require_same_engine_version": false,
                          "expected_engine_version": null
                        }
                      ]
                    }
                  }
                }
              }
            }
          },
          "204": {
            "description": "Nothing changed within `wait_ms`.",
            "headers": {
              "X-Correlation-Id": {
                "$ref": "#/components/headers/CorrelationId"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/InvalidParams"
          },
          "401": {
            "$ref": "#/components/responses/Unauthenticated"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "431": {
            "$ref": "#/components/responses/HeadersTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/Internal"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          }
        }
      }
    }
  },
  "components": {
    "headers": {
      "Allow": {
        "description": "The methods of this path.",
        "required": true,
        "schema": {
          "type": "string"
        }
      },
      "BackoffMs": {
        "description": "The same wait in milliseconds.",
        "required": true,
        "schema": {
          "type": "integer",
          "minimum": 0
        }
      },
      "BudgetCost": {
        "description": "Cost units left in the session's budget; sent only where it has one.",
        "schema": {
          "type": "number",
          "minimum": 0
        }
      },
      "BudgetTime": {
        "description": "Milliseconds of slot time left in the session's budget; sent only where it has one.",
        "schema": {
          "type": "integer",
          "minimum": 0
        }
      },
      "BudgetTokens": {
        "description": "Tokens left in the session's budget; sent only where it has one.",
        "schema": {
          "type": "integer",
          "minimum": 0
        }
      },
      "CorrelationId": {
        "description": "The caller's correlation id, or a new one.",
        "required": true,
        "schema": {
          "type": "string",
          "minLength": 1,
          "maxLength": 128
        }
      },
      "QueueEtaMs": {
        "description": "Milliseconds until a task at that position would have started.",
        "schema": {
          "type": "integer",
          "minimum": 0
        }
      },
      "QueuePosition": {
        "description": "The position the task would have had.",
        "schema": {
          "type": "integer",
          "minimum": 0
        }
      },
      "RetryAfter": {
        "description": "Whole seconds to wait, rounded up, from the measured drain rate (or the limit's refill).",
        "required": true,
        "schema": {
          "type": "integer",
          "minimum": 0
        }
      },
      "RetryAfterHint": {
        "description": "Whole seconds to wait, rounded up, where a wait is known.",
        "schema": {
          "type": "integer",
          "minimum": 0
        }
      },
      "TaskLocation": {
        "description": "Path of the task.",
        "required": true,
        "schema": {
          "type": "string",
          "minLength": 1
        }
      },
      "WwwAuthenticate": {
        "description": "Always `Bearer`.",
        "required": true,
        "schema": {
          "type": "string",
          "const": "Bearer"
        }
      }
    },
    "parameters": {
      "AgentName": {
        "name": "name",
        "in": "path",
        "required": true,
        "description": "The name of the agent, as pools name it in `host`.",
        "schema": {
          "$ref": "#/components/schemas/AgentName"
        },
        "example": "gpu-01"
      },
      "CanaryId": {
        "name": "id",
        "in": "path",
        "required": true,
        "description": "The id of a canary of the config.",
        "schema": {
          "$ref": "#/components/schemas/CanaryId"
        },
        "example": "llama-next"
      },
      "CorrelationId": {
        "name": "X-Correlation-Id",
        "in": "header",
        "description": "Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.",
        "schema": {
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[\\x21-\\x7e]+$"
        },
        "example": "req-2f1c"
      },
      "PoolId": {
        "name": "id",
        "in": "path",
        "required": true,
        "description": "The id of a configured pool.",
        "schema": {
          "$ref": "#/components/schemas/PoolId"
        },
        "example": "llama-a"
      },
      "SessionId": {
        "name": "id",
        "in": "path",
        "required": true,
        "description": "The `session_id`.",
        "schema": {
          "$ref": "#/components/schemas/Uuid"
        },
        "example": "5f0f4b0e-2f63-4a41-8d53-0b1f6f1f5a11"
      },
      "TaskId": {
        "name": "id",
        "in": "path",
        "required": true,
        "description": "The `task_id`.",
        "schema": {
          "$ref": "#/components/schemas/Uuid"
        },
        "example": "0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10"
      },
      "Traceparent": {
        "name": "traceparent",
        "in": "header",
        "description": "W3C trace context, passed on to engines that take it; a malformed one is ignored.",
        "schema": {
          "type": "string",
          "maxLength": 55
        },
        "example": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      }
    },
    "responses": {
      "Backpressure": {
        "description": "A full queue, a rate limit, a quota or a budget; wait as advised, then send it again. A spent session budget is not `retriable`: the wait is for the same task in a new session.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-2007",
          "ORCH-3005",
          "ORCH-3006",
          "ORCH-3036",
          "ORCH-3099"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          },
          "Retry-After": {
            "$ref": "#/components/headers/RetryAfter"
          },
          "X-Backoff-Ms": {
            "$ref": "#/components/headers/BackoffMs"
          },
          "X-Queue-Position": {
            "$ref": "#/components/headers/QueuePosition"
          },
          "X-Queue-ETA-Ms": {
            "$ref": "#/components/headers/QueueEtaMs"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/BackpressureError"
            },
            "examples": {
              "full": {
                "value": {
                  "code": "ADMISSION_REJECT",
                  "message": "The queue is full under `reject` or `shed-low-priority`.",
                  "retriable": true,
                  "correlation_id": "req-2f28",
                  "engine": "llamacpp",
                  "retry_after_ms": 1250,
                  "policy_label": "reject",
                  "details": {
                    "limit": {
                      "name": "queue.capacity",
                      "value": 8
                    }
                  }
                }
              },
              "streams": {
                "value": {
                  "code": "ADMISSION_REJECT",
                  "message": "The tenant has its limit of open streams.",
                  "retriable": true,
                  "correlation_id": "req-2f2b",
                  "retry_after_ms": 800,
                  "policy_label": "reject",
                  "details": {
                    "limit": {
                      "name": "max_open_streams",
                      "value": 10000
                    }
                  }
                }
              },
              "budgetSpent": {
                "value": {
                  "code": "ADMISSION_REJECT",
                  "message": "The budget of the session is spent.",
                  "retriable": false,
                  "correlation_id": "req-2f3b",
                  "retry_after_ms": 1250,
                  "policy_label": "reject",
                  "details": {
                    "limit": {
                      "name": "session_tokens",
                      "value": 12000
                    },
                    "used": 11800,
                    "needed": 266
                  }
                }
              },
              "noVictim": {
                "value": {
                  "code": "QUEUE_FULL_DROP_LRU",
                  "message": "The queue is full and holds no task that may be dropped for this one.",
                  "retriable": true,
                  "correlation_id": "req-2f29",
                  "retry_after_ms": 400,
                  "policy_label": "drop-lru"
                }
              }
            }
          }
        }
      },
      "BodyTooLarge": {
        "description": "The body is above the limit.",
        "x-req-id": [
          "ORCH-2006"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/InvalidParamsError"
            },
            "examples": {
              "tooLarge": {
                "value": {
                  "code": "INVALID_PARAMS",
                  "message": "The request body is above the limit.",
                  "retriable": false,
                  "correlation_id": "req-2f23",
                  "details": {
                    "limit": {
                      "name": "max_body_bytes",
                      "value": 8388608
                    }
                  }
                }
              }
            }
          }
        }
      },
      "Conflict": {
        "description": "The id is taken: this `task_id` was used with another body, or another live instance holds this agent name.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-2011",
          "ORCH-2109"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/InvalidParamsError"
            },
            "examples": {
              "taskId": {
                "value": {
                  "code": "INVALID_PARAMS",
                  "message": "This `task_id` was already used with another body.",
                  "retriable": false,
                  "correlation_id": "req-2f22"
                }
              }
            }
          }
        }
      },
      "DecodeTimeout": {
        "description": "The engine did not answer in time while it counted the prompt's tokens.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-3016"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          },
          "Retry-After": {
            "$ref": "#/components/headers/RetryAfterHint"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/DecodeTimeoutError"
            },
            "examples": {
              "idle": {
                "value": {
                  "code": "DECODE_TIMEOUT",
                  "message": "The worker sent nothing for the pool’s idle timeout.",
                  "retriable": true,
                  "correlation_id": "req-2f31",
                  "pool_id": "haiku-a"
                }
              }
            }
          }
        }
      },
      "Forbidden": {
        "description": "A key without the right.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-3035"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/ForbiddenError"
            },
            "examples": {
              "scope": {
                "value": {
                  "code": "FORBIDDEN",
                  "message": "The key lacks the scope of this operation.",
                  "retriable": false,
                  "correlation_id": "req-2f1f",
                  "details": {
                    "required_scope": "tasks"
                  }
                }
              }
            }
          }
        }
      },
      "HeadersTooLarge": {
        "description": "The request head is above the limit.",
        "x-req-id": [
          "ORCH-2006"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/InvalidParamsError"
            },
            "examples": {
              "head": {
                "value": {
                  "code": "INVALID_PARAMS",
                  "message": "The request head is above the limit.",
                  "retriable": false,
                  "correlation_id": "req-2f25"
                }
              }
            }
          }
        }
      },
      "Internal": {
        "description": "Our fault.",
        "x-req-id": [
          "ORCH-2006"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/InternalError"
            },
            "examples": {
              "internal": {
                "value": {
                  "code": "INTERNAL",
                  "message": "Our fault.",
                  "retriable": false,
                  "correlation_id": "req-2f2a"
                }
              }
            }
          }
        }
      },
      "InvalidParams": {
        "description": "The request is wrong; `details.faults` lists each fault with its path.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-3014",
          "ORCH-3015",
          "ORCH-3061"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/InvalidParamsError"
            },
            "examples": {
              "unknownField": {
                "value": {
                  "code": "INVALID_PARAMS",
                  "message": "The request does not fit its schema: /promt: unknown field.",
                  "retriable": false,
                  "correlation_id": "req-2f1c",
                  "details": {
                    "faults": [
                      {
                        "path": "/promt",
                        "message": "unknown field"
                      }
                    ]
                  }
                }
              },
              "determinism": {
                "value": {
                  "code": "INVALID_PARAMS",
                  "message": "Only pools with `determinism: none` serve this model, and the task is `strict`.",
                  "retriable": false,
                  "correlation_id": "req-2f1d",
                  "details": {
                    "accepted_determinism": [
                      "best_effort"
                    ]
                  }
                }
              }
            }
          }
        }
      },
      "MethodNotAllowed": {
        "description": "The path exists, the method does not. Every path may answer it.",
        "x-req-id": [
          "ORCH-2006"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          },
          "Allow": {
            "$ref": "#/components/headers/Allow"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/InvalidParamsError"
            },
            "examples": {
              "method": {
                "value": {
                  "code": "INVALID_PARAMS",
                  "message": "The path exists, the method does not.",
                  "retriable": false,
                  "correlation_id": "req-2f21"
                }
              }
            }
          }
        }
      },
      "ModelDeprecated": {
        "description": "The lifecycle state of the model refuses it.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-3069"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/ModelDeprecatedError"
            },
            "examples": {
              "deprecated": {
                "value": {
                  "code": "MODEL_DEPRECATED",
                  "message": "The model’s lifecycle state refuses new sessions.",
                  "retriable": false,
                  "correlation_id": "req-2f26"
                }
              }
            }
          }
        }
      },
      "NotFound": {
        "description": "Unknown, already forgotten, or another tenant's.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-3055"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/NotFoundError"
            },
            "examples": {
              "unknown": {
                "value": {
                  "code": "NOT_FOUND",
                  "message": "Unknown, already forgotten, or of another tenant.",
                  "retriable": false,
                  "correlation_id": "req-2f20"
                }
              }
            }
          }
        }
      },
      "OperationAccepted": {
        "description": "Begun, or already going on; watch the operation.",
        "x-req-id": [
          "ORCH-2101",
          "ORCH-2102",
          "ORCH-2106"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/Operation"
            },
            "examples": {
              "done": {
                "value": {
                  "operation_id": "3c1bd5f6-1f0e-4b2a-8f6f-0a4bb2cf2c70",
                  "kind": "drain",
                  "pool_id": "llama-a",
                  "state": "succeeded",
                  "phase": "done",
                  "new_model_ref": null,
                  "deadline_at": "2026-11-23T09:30:30.000Z",
                  "generation": null,
                  "progress": {
                    "running": 0,
                    "waiting": 0,
                    "replaced": 2
                  },
                  "created_at": "2026-11-23T09:30:00.000Z",
                  "ended_at": "2026-11-23T09:30:12.000Z",
                  "error": null
                }
              }
            }
          }
        }
      },
      "OperationConflict": {
        "description": "Another change of the same pool or config goes on.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-2101",
          "ORCH-2102",
          "ORCH-2107"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/InvalidParamsError"
            },
            "examples": {
              "busy": {
                "value": {
                  "code": "INVALID_PARAMS",
                  "message": "Another operation of this pool goes on.",
                  "retriable": false,
                  "correlation_id": "req-2f40",
                  "pool_id": "llama-a"
                }
              }
            }
          }
        }
      },
      "Unauthenticated": {
        "description": "No valid key.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-3035"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          },
          "WWW-Authenticate": {
            "$ref": "#/components/headers/WwwAuthenticate"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/UnauthenticatedError"
            },
            "examples": {
              "noKey": {
                "value": {
                  "code": "UNAUTHENTICATED",
                  "message": "No valid API key came with the request.",
                  "retriable": false,
                  "correlation_id": "req-2f1e"
                }
              }
            }
          }
        }
      },
      "Unavailable": {
        "description": "Nothing can serve this now, the deadline cannot be met, or the journal cannot be written.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-3018",
          "ORCH-3079",
          "ORCH-3302"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          },
          "Retry-After": {
            "$ref": "#/components/headers/RetryAfterHint"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/UnavailableError"
            },
            "examples": {
              "unavailable": {
                "value": {
                  "code": "POOL_UNAVAILABLE",
                  "message": "No pool can serve this lane now.",
                  "retriable": true,
                  "correlation_id": "req-2f2c",
                  "retry_after_ms": 5000
                }
              },
              "unready": {
                "value": {
                  "code": "POOL_UNREADY",
                  "message": "The pinned pool is not Ready.",
                  "retriable": true,
                  "correlation_id": "req-2f2d",
                  "pool_id": "haiku-a"
                }
              },
              "exhausted": {
                "value": {
                  "code": "REPLICA_EXHAUSTED",
                  "message": "Every attempt this task may make has failed.",
                  "retriable": true,
                  "correlation_id": "req-2f2e"
                }
              },
              "deadline": {
                "value": {
                  "code": "DEADLINE_UNMET",
                  "message": "The deadline lies before the predicted start.",
                  "retriable": true,
                  "correlation_id": "req-2f2f"
                }
              },
              "journal": {
                "value": {
                  "code": "INTERNAL",
                  "message": "The journal cannot be written, so nothing can be promised.",
                  "retriable": true,
                  "correlation_id": "req-2f30"
                }
              }
            }
          }
        }
      },
      "UnsupportedMediaType": {
        "description": "The body is not `application/json`.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-3035"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/InvalidParamsError"
            },
            "examples": {
              "mediaType": {
                "value": {
                  "code": "INVALID_PARAMS",
                  "message": "The body is not `application/json`.",
                  "retriable": false,
                  "correlation_id": "req-2f24"
                }
              }
            }
          }
        }
      },
      "UntrustedArtifact": {
        "description": "The checksum or the trust check of the model failed.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-3037"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/UntrustedArtifactError"
            },
            "examples": {
              "checksum": {
                "value": {
                  "code": "UNTRUSTED_ARTIFACT",
                  "message": "The model’s checksum or trust check failed.",
                  "retriable": false,
                  "correlation_id": "req-2f27",
                  "pool_id": "haiku-a"
                }
              }
            }
          }
        }
      },
      "WorkerReset": {
        "description": "The worker died while it counted the prompt's tokens.",
        "x-req-id": [
          "ORCH-2006"
        ],
        "headers": {
          "X-Correlation-Id": {
            "$ref": "#/components/headers/CorrelationId"
          },
          "Retry-After": {
            "$ref": "#/components/headers/RetryAfterHint"
          }
        },
        "content": {
          "application/json": {
            "schema": {
              "$ref": "#/components/schemas/WorkerResetError"
            },
            "examples": {
              "reset": {
                "value": {
                  "code": "WORKER_RESET",
                  "message": "The worker died or broke the stream, and the task may not fail over.",
                  "retriable": true,
                  "correlation_id": "req-2f2b",
                  "pool_id": "haiku-a"
                }
              }
            }
          }
        }
      }
    },
    "schemas": {
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
            "type": "boolean",
            "description": "`ORCH_ALLOW_CPU=1` is set in the agent's environment."
          },
          "devices": {
            "type": "array",
            "maxItems": 256,
            "items": {
              "$ref": "#/components/schemas/Device"
            }
          },
          "inventory_error": {
            "description": "Why the devices could not be read.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/InventoryError"
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
            "$ref": "#/components/schemas/AgentName"
          },
          "connected": {
            "type": "boolean",
            "description": "Its lease has not ended."
          },
          "instance_id": {
            "oneOf": [
              {
                "$ref": "#/components/schemas/Uuid"
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
            "description": "`null` before the first report.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/AgentHost"
              },
              {
                "type": "null"
              }
            ]
          },
          "pools": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/AgentPool"
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
              "$ref": "#/components/schemas/AgentInfo"
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
            "$ref": "#/components/schemas/PoolId"
          },
          "state": {
            "$ref": "#/components/schemas/PoolState"
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
            "$ref": "#/components/schemas/Uuid"
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
            "minimum": 0,
            "description": "The desired generation that is applied; 0 for none."
          },
          "interval_ms": {
            "type": "integer",
            "minimum": 1,
            "maximum": 60000,
            "description": "How often this agent reports without a change."
          },
          "host": {
            "$ref": "#/components/schemas/AgentHost"
          },
          "pools": {
            "type": "array",
            "maxItems": 1024,
            "items": {
              "$ref": "#/components/schemas/PoolStatus"
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
            "minimum": 0,
            "description": "The desired generation now; another one than the agent's means there is news."
          },
          "lease_ms": {
            "type": "integer",
            "minimum": 1
          },
          "interval_ms": {
            "type": "integer",
            "minimum": 1,
            "description": "How often to report."
          }
        }
      },
      "ArmFigures": {
        "type": "object",
        "description": "Counts since this controller saw the canary first; times and ratios over the recent window.",
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
            "minimum": 0,
            "description": "Tasks meant for the canary that ran here because no pool of it could serve."
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
        "description": "`policy_label` is that of the lane's queue; `details.limit` names the limit that refused.",
        "allOf": [
          {
            "$ref": "#/components/schemas/ErrorEnvelope"
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
        "description": "Circuit breaker of the pool and of the worker it has; where both are not closed, the pool's.",
        "x-req-id": [
          "ORCH-3040"
        ],
        "required": [
          "state",
          "scope",
          "cause",
          "retry_ms"
        ],
        "properties": {
          "state": {
            "$ref": "#/components/schemas/BreakerState"
          },
          "scope": {
            "type": "string",
            "enum": [
              "replica",
              "pool"
            ],
            "description": "Whose it is."
          },
          "cause": {
            "description": "`faults`: attempts failed; `slo`: first tokens were late while those of other replicas were not; `null` while closed.",
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
            "minimum": 0,
            "description": "Until it lets one task through; `null` unless open."
          }
        }
      },
      "BreakerState": {
        "type": "string",
        "description": "`open`: no task gets there; `half_open`: one at a time, to see whether it works again.",
        "enum": [
          "closed",
          "open",
          "half_open"
        ]
      },
      "Budgets": {
        "type": "object",
        "description": "What remains of a session's budgets, less what its unfinished tasks may use at most; `null` where there is no such budget.",
        "x-req-id": [
          "ORCH-2004",
          "ORCH-3099"
        ],
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
            "minimum": 0,
            "description": "Slot time."
          },
          "cost_remaining": {
            "type": [
              "number",
              "null"
            ],
            "minimum": 0,
            "description": "In the units of the models' prices."
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
            "$ref": "#/components/schemas/CanaryId"
          },
          "model": {
            "type": "string",
            "description": "The model whose tasks are split."
          },
          "percent": {
            "type": "number",
            "minimum": 0,
            "maximum": 100,
            "description": "Share of its sessions."
          },
          "label": {
            "type": [
              "string",
              "null"
            ],
            "description": "Tasks with this `label` always go to the canary."
          },
          "pools": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/PoolId"
            }
          },
          "base": {
            "$ref": "#/components/schemas/ArmFigures"
          },
          "canary": {
            "$ref": "#/components/schemas/ArmFigures"
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
              "$ref": "#/components/schemas/Canary"
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
            "type": "string",
            "description": "`info.version` of the OpenAPI document."
          },
          "replica_sets": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/ReplicaSetCapabilities"
            }
          },
          "rate_limits": {
            "type": "array",
            "description": "Of the calling tenant; empty where there is none.",
            "items": {
              "$ref": "#/components/schemas/RateLimit"
            }
          },
          "limits": {
            "$ref": "#/components/schemas/RequestLimits"
          },
          "operations": {
            "type": "array",
            "items": {
              "type": "string"
            },
            "description": "The `operationId`s that are served."
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
            },
            "description": "Launch template; the engine's built-in one if absent."
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
            ],
            "description": "Built-in template of a triton pool."
          },
          "api_key_file": {
            "type": "string",
            "minLength": 1,
            "description": "File on the agent's host with the key of the engine."
          },
          "container": {
            "$ref": "#/components/schemas/Container"
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
            "minimum": 1,
            "description": "The active one; unchanged where nothing differs, or by a dry run."
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
              "$ref": "#/components/schemas/Uuid"
            },
            "description": "One for each pool whose worker is replaced."
          },
          "diff": {
            "type": "object",
            "description": "Pool ids by what happened to them, and JSON pointers of the other sections that differ.",
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
            "minimum": 1,
            "description": "Counts up with every change, over restarts too."
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
            ],
            "description": "What made it."
          },
          "previous_generation": {
            "type": [
              "integer",
              "null"
            ],
            "minimum": 1,
            "description": "What a rollback goes back to."
          },
          "pending_pools": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/PoolId"
            },
            "description": "Pools whose worker is not yet the one of this config."
          },
          "restart_required": {
            "type": "array",
            "items": {
              "type": "string"
            },
            "description": "Fields that count from the next start of the controller on."
          },
          "config": {
            "type": "object",
            "additionalProperties": true,
            "description": "Secrets are removed."
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
            "additionalProperties": true,
            "description": "Fits `contracts/schemas/config.schema.json`; as written, defaults may be left out."
          },
          "expected_generation": {
            "type": "integer",
            "minimum": 1,
            "description": "Refuse with 409 where another generation is active."
          },
          "dry_run": {
            "type": "boolean",
            "default": false,
            "description": "Check and tell the diff; change nothing."
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
            "minLength": 1,
            "description": "Program inside the image; the command's first word if absent."
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
            "$ref": "#/components/schemas/ErrorEnvelope"
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
            "minLength": 1,
            "description": "Absolute, or below the agent's `models_dir`."
          },
          "digest": {
            "$ref": "#/components/schemas/Digest"
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
            "minimum": 1,
            "description": "As configured; used where the model's own header does not tell."
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
            "$ref": "#/components/schemas/PoolId"
          },
          "engine": {
            "$ref": "#/components/schemas/Engine"
          },
          "model": {
            "$ref": "#/components/schemas/DesiredModel"
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
            },
            "description": "Indices or UUIDs."
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
              "$ref": "#/components/schemas/Workload"
            }
          },
          "slots": {
            "type": "integer",
            "minimum": 1
          },
          "determinism": {
            "$ref": "#/components/schemas/PoolDeterminism"
          },
          "runtime": {
            "$ref": "#/components/schemas/DesiredRuntime"
          },
          "triton": {
            "description": "Of a triton pool; `null` or absent for the others.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/TritonAccess"
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
            "$ref": "#/components/schemas/SamplerProfileVersion"
          },
          "kv_type": {
            "type": [
              "string",
              "null"
            ]
          },
          "speculative": {
            "description": "Speculative decoding; `null` or absent = off.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/Speculative"
              },
              {
                "type": "null"
              }
            ]
          },
          "prefix_cache_bytes": {
            "type": "integer",
            "minimum": 0,
            "description": "Memory for the KV of prompts that have ended; 0 or absent = off."
          },
          "min_start_count": {
            "type": "integer",
            "minimum": 0,
            "description": "A worker with a lower `start_count` must be restarted."
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
            ],
            "description": "The version expected where `require_same_engine_version` is set; `null` before one is known."
          },
          "successor": {
            "description": "What the pool is to become: to be started beside its worker, where both fit, and tested; its worker is not touched. Once the pool\nitself is desired like that, this worker takes its place and the old one is ended.\n",
            "oneOf": [
              {
                "$ref": "#/components/schemas/DesiredPool"
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
            "$ref": "#/components/schemas/EmbeddedRuntime"
          },
          {
            "$ref": "#/components/schemas/CommandRuntime"
          },
          {
            "$ref": "#/components/schemas/ExternalRuntime"
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
              "$ref": "#/components/schemas/DesiredPool"
            }
          }
        }
      },
      "Determinism": {
        "type": "string",
        "description": "`strict` asks for byte-identical text within a replica set.",
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
            ],
            "description": "The GPU that this MIG slice is a part of; `null` for a whole GPU."
          },
          "mig_enabled": {
            "type": [
              "boolean",
              "null"
            ],
            "description": "MIG mode is on: only the slices of this GPU run anything. `null` where the device does not tell."
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
            "minimum": 0,
            "description": "Since the driver was loaded; `null` without ECC."
          },
          "fault": {
            "type": [
              "string",
              "null"
            ],
            "description": "Why nothing can run on it, in the driver's words."
          },
          "links": {
            "description": "How this GPU reaches the others of its host; empty where the driver does not tell.",
            "type": "array",
            "maxItems": 256,
            "items": {
              "$ref": "#/components/schemas/DeviceLink"
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
            "minLength": 1,
            "description": "As `nvidia-smi topo -m` names it: `NV18`, `PIX`, `PXB`, `PHB`, `NODE`, `SYS`."
          }
        }
      },
      "Digest": {
        "type": "string",
        "description": "`sha256:` and 64 lower-case hex digits.",
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
        "description": "One vector per input, in order; `embedding` only.",
        "items": {
          "type": "array",
          "items": {
            "type": "number"
          }
        }
      },
      "Engine": {
        "type": "string",
        "description": "A serving stack.",
        "x-req-id": [
          "ORCH-2008"
        ],
        "enum": [
          "llamacpp",
          "vllm",
          "tgi",
          "triton"
        ]
      },
      "ErrorCode": {
        "type": "string",
        "description": "The table of the spec's section 2.",
        "x-req-id": [
          "ORCH-2006"
        ],
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
        "description": "More about an error; which fields there are depends on its code.",
        "additionalProperties": true,
        "properties": {
          "faults": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/Fault"
            }
          },
          "limit": {
            "type": "object",
            "description": "The limit that refused the request.",
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
              "$ref": "#/components/schemas/Determinism"
            }
          },
          "required_scope": {
            "type": "string"
          }
        }
      },
      "ErrorEnvelope": {
        "type": "object",
        "description": "Every non-2xx body and every `error` event.",
        "x-req-id": [
          "ORCH-2006",
          "ORCH-3025"
        ],
        "required": [
          "code",
          "message",
          "retriable",
          "correlation_id"
        ],
        "properties": {
          "code": {
            "$ref": "#/components/schemas/ErrorCode"
          },
          "message": {
            "type": "string",
            "minLength": 1
          },
          "retriable": {
            "type": "boolean",
            "description": "True where the same request may pass later."
          },
          "correlation_id": {
            "type": "string",
            "minLength": 1
          },
          "engine": {
            "$ref": "#/components/schemas/Engine"
          },
          "pool_id": {
            "$ref": "#/components/schemas/PoolId"
          },
          "retry_after_ms": {
            "type": "integer",
            "minimum": 0
          },
          "policy_label": {
            "$ref": "#/components/schemas/FullPolicy"
          },
          "details": {
            "$ref": "#/components/schemas/ErrorDetails"
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
            "$ref": "#/components/schemas/Digest",
            "description": "The declared digest of the model it serves."
          },
          "server": {
            "type": "string",
            "enum": [
              "tritonserver",
              "trtllm-serve"
            ],
            "description": "Program of a triton pool."
          },
          "api_key_file": {
            "type": "string",
            "minLength": 1,
            "description": "File on the agent's host with the key of the engine."
          }
        }
      },
      "Fault": {
        "type": "object",
        "description": "One fault of a request.",
        "required": [
          "path",
          "message"
        ],
        "properties": {
          "path": {
            "type": "string",
            "description": "JSON pointer into the body; empty for the body as a whole."
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
            "type": "boolean",
            "description": "`strict` tasks may reuse KV too (ORCH-3045)."
          },
          "tokenize": {
            "type": "boolean",
            "description": "Tokens are counted by the engine's own tokenizer."
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
            "$ref": "#/components/schemas/ErrorEnvelope"
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
        "description": "The policy of a full queue.",
        "enum": [
          "reject",
          "drop-lru",
          "shed-low-priority"
        ]
      },
      "InternalError": {
        "allOf": [
          {
            "$ref": "#/components/schemas/ErrorEnvelope"
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
            "$ref": "#/components/schemas/ErrorEnvelope"
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
            "$ref": "#/components/schemas/ErrorEnvelope"
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
            "$ref": "#/components/schemas/ErrorEnvelope"
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
            "$ref": "#/components/schemas/Uuid"
          },
          "kind": {
            "type": "string",
            "enum": [
              "drain",
              "resume",
              "reload",
              "rollback",
              "replace"
            ],
            "description": "`replace`: a new config wants another worker."
          },
          "pool_id": {
            "$ref": "#/components/schemas/PoolId"
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
            "$ref": "#/components/schemas/OperationPhase"
          },
          "new_model_ref": {
            "type": [
              "string",
              "null"
            ],
            "description": "Of a reload."
          },
          "deadline_at": {
            "type": [
              "string",
              "null"
            ],
            "format": "date-time",
            "description": "When what still runs on the old worker is aborted and placed again."
          },
          "generation": {
            "type": [
              "integer",
              "null"
            ],
            "minimum": 1,
            "description": "The config generation it made or belongs to."
          },
          "progress": {
            "type": "object",
            "required": [
              "running",
              "waiting",
              "replaced"
            ],
            "description": "Of the worker that is to become idle.",
            "properties": {
              "running": {
                "type": "integer",
                "minimum": 0,
                "description": "Tasks that still run there."
              },
              "waiting": {
                "type": "integer",
                "minimum": 0,
                "description": "Tasks that wait for nothing else."
              },
              "replaced": {
                "type": "integer",
                "minimum": 0,
                "description": "Tasks aborted there and placed again."
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
                "$ref": "#/components/schemas/ErrorEnvelope"
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
              "$ref": "#/components/schemas/Operation"
            }
          }
        }
      },
      "OperationPhase": {
        "type": "string",
        "description": "`waiting` for other operations; `starting`: the new worker is started, verified and self-tested; `draining`: the old one finishes;\n`restoring`: the new one failed where the old one had to go first, and the old one is started again.\n",
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
        "description": "What a pool declares (ORCH-3061).",
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
            "$ref": "#/components/schemas/ErrorCode"
          },
          "kind": {
            "type": "string",
            "minLength": 1,
            "description": "Finer than `code`, for operators: `device-oom`, `host-oom`, `driver-error`, `start-timeout` …"
          },
          "message": {
            "type": "string",
            "minLength": 1
          },
          "cause": {
            "type": [
              "string",
              "null"
            ],
            "description": "The last lines of the worker's standard error."
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
            "$ref": "#/components/schemas/PoolId"
          },
          "host": {
            "$ref": "#/components/schemas/AgentName"
          },
          "engine": {
            "$ref": "#/components/schemas/Engine"
          },
          "live": {
            "type": "boolean",
            "description": "A worker runs and its agent reports."
          },
          "ready": {
            "type": "boolean",
            "description": "It takes new tasks."
          },
          "draining": {
            "type": "boolean"
          },
          "state": {
            "$ref": "#/components/schemas/PoolState"
          },
          "last_error": {
            "oneOf": [
              {
                "$ref": "#/components/schemas/PoolHealthError"
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
            "$ref": "#/components/schemas/Breaker"
          },
          "replica": {
            "oneOf": [
              {
                "$ref": "#/components/schemas/PoolReplica"
              },
              {
                "type": "null"
              }
            ]
          },
          "metrics": {
            "$ref": "#/components/schemas/PoolMetrics"
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
            "$ref": "#/components/schemas/ErrorCode"
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
        "description": "The id of a configured pool.",
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
            "minimum": 0,
            "description": "Of the pool's lane."
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
            "minimum": 0,
            "description": "Workers that ended for lack of memory."
          },
          "host_oom_events": {
            "type": "integer",
            "minimum": 0,
            "description": "Of `oom_events`, those for lack of the host's memory; the others for lack of a device's."
          },
          "driver_reset_events": {
            "type": "integer",
            "minimum": 0
          },
          "ecc_events": {
            "type": "integer",
            "minimum": 0,
            "description": "Workers that ended of an uncorrectable memory error of a device."
          },
          "capacity_slots": {
            "type": [
              "integer",
              "null"
            ],
            "minimum": 1,
            "description": "Slots its next worker is started with: fewer than configured after a device ran out of memory. `null` before its agent said."
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
            "$ref": "#/components/schemas/ReplicaId"
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
            "$ref": "#/components/schemas/Digest"
          },
          "numerics": {
            "$ref": "#/components/schemas/Digest"
          },
          "slots": {
            "$ref": "#/components/schemas/Slots"
          }
        }
      },
      "PoolState": {
        "type": "string",
        "description": "`refused`: the agent will not start it until its desired state changes (no device, CPU not allowed, wrong checksum).",
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
            "$ref": "#/components/schemas/PoolId"
          },
          "state": {
            "$ref": "#/components/schemas/PoolState"
          },
          "start_count": {
            "type": "integer",
            "minimum": 0,
            "description": "Workers started for this pool so far, over all instances of the agent."
          },
          "last_error": {
            "oneOf": [
              {
                "$ref": "#/components/schemas/PoolError"
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
            "minimum": 0,
            "description": "Milliseconds until the next start is tried."
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
            "minimum": 0,
            "description": "Workers that ended of an uncorrectable memory error of a device; not among `driver_reset_events`."
          },
          "capacity_slots": {
            "type": "integer",
            "minimum": 1,
            "description": "Slots a worker is started with: the configured ones, or fewer after a device ran out of memory."
          },
          "preload": {
            "oneOf": [
              {
                "$ref": "#/components/schemas/Preload"
              },
              {
                "type": "null"
              }
            ]
          },
          "replica": {
            "description": "The live worker; `null` while there is none that answers.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/ReplicaReport"
              },
              {
                "type": "null"
              }
            ]
          },
          "successor": {
            "description": "The worker of the desired `successor`; absent or `null` where there is none.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/SuccessorStatus"
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
            "$ref": "#/components/schemas/PreloadOutcome"
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
            "description": "`null` for the tenant as a whole.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/Priority"
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
            "$ref": "#/components/schemas/ReplicaId"
          },
          "pool_id": {
            "$ref": "#/components/schemas/PoolId"
          },
          "host": {
            "$ref": "#/components/schemas/AgentName"
          },
          "state": {
            "$ref": "#/components/schemas/ReplicaState"
          },
          "breaker": {
            "$ref": "#/components/schemas/BreakerState"
          },
          "slots": {
            "$ref": "#/components/schemas/Slots"
          }
        }
      },
      "ReplicaId": {
        "type": "string",
        "description": "`pool_id/start_count`",
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
            "$ref": "#/components/schemas/ReplicaId"
          },
          "url": {
            "type": "string",
            "format": "uri",
            "pattern": "^https?://",
            "description": "Where the controller reaches the worker."
          },
          "engine": {
            "$ref": "#/components/schemas/Engine"
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
            "$ref": "#/components/schemas/Digest"
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
            "$ref": "#/components/schemas/Digest"
          },
          "sampler_profile_version": {
            "$ref": "#/components/schemas/SamplerProfileVersion"
          },
          "workloads": {
            "type": "array",
            "minItems": 1,
            "items": {
              "$ref": "#/components/schemas/Workload"
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
            "minimum": 1,
            "description": "`null` for an external worker."
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
            "description": "How the devices of its mask lie to each other; breaks ties of placement (ORCH-3013).",
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
                ],
                "description": "The slowest link within the mask; `null` for one device, or where the driver does not tell."
              },
              "numa_nodes": {
                "type": "array",
                "items": {
                  "type": "integer",
                  "minimum": 0
                },
                "description": "NUMA nodes of its devices, each once; empty where the host does not tell."
              }
            }
          },
          "ports": {
            "description": "Further ports it listens on, at the host of `url`.",
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
            "$ref": "#/components/schemas/Digest",
            "description": "The digest of the pins."
          },
          "engine": {
            "$ref": "#/components/schemas/Engine"
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
            "$ref": "#/components/schemas/Digest"
          },
          "models": {
            "type": "array",
            "items": {
              "type": "string"
            },
            "description": "Names of the catalog that mean this digest."
          },
          "quant": {
            "type": "string"
          },
          "ctx": {
            "type": "integer",
            "minimum": 1
          },
          "sampler_profile_version": {
            "$ref": "#/components/schemas/SamplerProfileVersion"
          },
          "numerics": {
            "$ref": "#/components/schemas/Digest"
          },
          "determinism": {
            "$ref": "#/components/schemas/PoolDeterminism"
          },
          "workloads": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/Workload"
            }
          },
          "replicas": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/Replica"
            }
          },
          "load": {
            "$ref": "#/components/schemas/Load"
          },
          "slo": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/SloSnapshot"
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
            "$ref": "#/components/schemas/Digest"
          },
          "engine": {
            "$ref": "#/components/schemas/Engine"
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
            "$ref": "#/components/schemas/Digest"
          },
          "ctx_max": {
            "type": "integer",
            "minimum": 1
          },
          "workloads": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/Workload"
            }
          },
          "determinism": {
            "$ref": "#/components/schemas/PoolDeterminism"
          },
          "sampler_profile_versions": {
            "type": "array",
            "items": {
              "$ref": "#/components/schemas/SamplerProfileVersion"
            }
          },
          "features": {
            "$ref": "#/components/schemas/Features"
          },
          "evict": {
            "type": "boolean",
            "description": "Whether the engine can evict the KV of one session."
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
              "$ref": "#/components/schemas/ReplicaSet"
            }
          }
        }
      },
      "ReplicaState": {
        "type": "string",
        "description": "`silent`: its agent does not report, so it gets no new dispatch.",
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
            "minimum": 0,
            "description": "How long results and streams are kept after the end."
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
        "description": "One score per document (`inputs[1]` and on), in order; `rerank` only.",
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
            "$ref": "#/components/schemas/Uuid"
          },
          "ttl_ms_remaining": {
            "type": "integer",
            "minimum": 0
          },
          "turns": {
            "type": "integer",
            "minimum": 0,
            "description": "Tasks of the session since its last roll-over."
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
            "minimum": 0,
            "description": "`null` where the engine does not tell."
          },
          "kv_warmth": {
            "type": "boolean",
            "description": "True while a worker holds KV of the session."
          },
          "replica_id": {
            "description": "The last replica that ran a task of the session; `null` before one did, or when it is gone.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/ReplicaId"
              },
              {
                "type": "null"
              }
            ]
          },
          "budgets": {
            "$ref": "#/components/schemas/Budgets"
          }
        }
      },
      "SloSnapshot": {
        "type": "object",
        "description": "Measured over the recent window beside what the config asks for; `null` before anything was measured.",
        "x-req-id": [
          "ORCH-3041"
        ],
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
            "$ref": "#/components/schemas/Priority"
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
            "minimum": 0,
            "description": "Token rate as it came, over the one that the engine itself measured; `null` where it told none."
          },
          "samples": {
            "type": "integer",
            "minimum": 0
          },
          "targets": {
            "$ref": "#/components/schemas/SloTargets"
          },
          "met": {
            "type": [
              "boolean",
              "null"
            ],
            "description": "Whether every measured figure that has a target holds it."
          }
        }
      },
      "SloTargets": {
        "type": "object",
        "description": "`slos` of the config for this class; `null` where the class has no such target.",
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
            "maximum": 1,
            "description": "Least share of the engine's own token rate."
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
            "minimum": 0,
            "description": "Canceled or ended, and not yet seen free."
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
            "description": "The model that guesses; `null` = the engine guesses from the prompt.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/DesiredModel"
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
        "description": "SHA-256 of the UTF-8 text, 64 lower-case hex digits; `null` when canceled.",
        "pattern": "^[0-9a-f]{64}$"
      },
      "StreamEnd": {
        "type": "object",
        "description": "Data of `end`, the terminal event of a task that succeeded or was canceled.",
        "x-req-id": [
          "ORCH-2002",
          "ORCH-2003",
          "ORCH-3023"
        ],
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
            "$ref": "#/components/schemas/FinishReason"
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
            "$ref": "#/components/schemas/StreamDigest"
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
            "minimum": 0,
            "description": "Time lost to failovers."
          },
          "kv_migrated": {
            "type": "boolean",
            "const": false
          },
          "embeddings": {
            "$ref": "#/components/schemas/Embeddings"
          },
          "scores": {
            "$ref": "#/components/schemas/Scores"
          }
        }
      },
      "StreamMetrics": {
        "type": "object",
        "description": "Data of `metrics`; planning signals, at most one a second, never stored.",
        "x-req-id": [
          "ORCH-2002",
          "ORCH-3099",
          "ORCH-3100"
        ],
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
            "minimum": 0,
            "description": "Queued tasks of the lane."
          },
          "on_time_probability": {
            "type": [
              "number",
              "null"
            ],
            "minimum": 0,
            "maximum": 1,
            "description": "`null` without a deadline, or before anything was measured."
          },
          "kv_warmth": {
            "type": [
              "boolean",
              "null"
            ],
            "description": "`null` before the task runs."
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
            "description": "`null` where the session has none.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/Budgets"
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
        "description": "Data of `started`, the first event of a task that runs.",
        "x-req-id": [
          "ORCH-2002",
          "ORCH-3029",
          "ORCH-1102"
        ],
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
            "$ref": "#/components/schemas/Uuid"
          },
          "queue_position": {
            "type": "integer",
            "minimum": 0,
            "description": "As at admission."
          },
          "predicted_start_ms": {
            "type": [
              "integer",
              "null"
            ],
            "minimum": 0,
            "description": "As at admission."
          },
          "engine": {
            "$ref": "#/components/schemas/Engine"
          },
          "engine_version": {
            "type": "string",
            "minLength": 1
          },
          "pool_id": {
            "$ref": "#/components/schemas/PoolId"
          },
          "replica_id": {
            "$ref": "#/components/schemas/ReplicaId"
          },
          "model_digest": {
            "$ref": "#/components/schemas/Digest"
          },
          "sampler_profile_version": {
            "$ref": "#/components/schemas/SamplerProfileVersion"
          },
          "seed": {
            "type": "integer",
            "minimum": 0,
            "maximum": 4294967294
          },
          "kv_warmth": {
            "type": "boolean",
            "description": "True when the worker reuses KV of the session."
          },
          "cpu_carve_out": {
            "type": "boolean",
            "description": "True when the worker runs on the CPU."
          }
        }
      },
      "StreamToken": {
        "type": "object",
        "description": "Data of `token`. An engine may put several model tokens into one event.",
        "x-req-id": [
          "ORCH-2002"
        ],
        "required": [
          "t",
          "i"
        ],
        "properties": {
          "t": {
            "type": "string",
            "minLength": 1,
            "description": "Text; never empty."
          },
          "i": {
            "type": "integer",
            "minimum": 0,
            "description": "Index, counted from 0 without gaps."
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
            "$ref": "#/components/schemas/PoolState"
          },
          "start_count": {
            "type": "integer",
            "minimum": 0
          },
          "last_error": {
            "description": "Of this worker, not of the one it is to follow.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/PoolError"
              },
              {
                "type": "null"
              }
            ]
          },
          "replica": {
            "oneOf": [
              {
                "$ref": "#/components/schemas/ReplicaReport"
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
            "$ref": "#/components/schemas/Uuid"
          },
          "session_id": {
            "$ref": "#/components/schemas/Uuid"
          },
          "queue_position": {
            "type": "integer",
            "minimum": 0,
            "description": "Queued tasks ahead in the class and lane; 0 is next."
          },
          "predicted_start_ms": {
            "type": [
              "integer",
              "null"
            ],
            "minimum": 0,
            "description": "Milliseconds from admission to start; `null` before anything was measured."
          },
          "backoff_ms": {
            "type": "integer",
            "minimum": 0,
            "description": "Advised pause before this client's next task; 0 while the lane is less than half full."
          },
          "effective": {
            "$ref": "#/components/schemas/TaskEffective"
          }
        }
      },
      "TaskEffective": {
        "type": "object",
        "description": "The values in force, defaults filled in.",
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
            "$ref": "#/components/schemas/Engine"
          },
          "model_digest": {
            "$ref": "#/components/schemas/Digest"
          },
          "workload": {
            "$ref": "#/components/schemas/Workload"
          },
          "ctx": {
            "type": "integer",
            "minimum": 1
          },
          "priority": {
            "$ref": "#/components/schemas/Priority"
          },
          "max_tokens": {
            "type": [
              "integer",
              "null"
            ],
            "minimum": 1,
            "description": "`null` for other workloads than `completion`."
          },
          "deadline_ms": {
            "type": [
              "integer",
              "null"
            ],
            "minimum": 1,
            "description": "`null` where the lane has none."
          },
          "seed": {
            "type": "integer",
            "minimum": 0,
            "maximum": 4294967294
          },
          "determinism": {
            "$ref": "#/components/schemas/Determinism"
          },
          "sampler_profile_version": {
            "$ref": "#/components/schemas/SamplerProfileVersion"
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
                "$ref": "#/components/schemas/PoolId"
              },
              {
                "type": "null"
              }
            ]
          },
          "kv_hint": {
            "$ref": "#/components/schemas/KvHint"
          }
        }
      },
      "TaskRequest": {
        "type": "object",
        "description": "One request for inference. A client that sends every field and one that sends two mean the same where the values are equal\nto the defaults.\n",
        "additionalProperties": false,
        "required": [
          "model_ref"
        ],
        "properties": {
          "model_ref": {
            "type": "string",
            "description": "A digest (`sha256:…`) or a name of the catalog.",
            "minLength": 1,
            "maxLength": 256,
            "pattern": "^[^\\x00-\\x1f\\x7f]+$",
            "x-fault": "expected text without control characters"
          },
          "prompt": {
            "type": "string",
            "description": "The text to complete; `completion` only.",
            "minLength": 1,
            "maxLength": 1000000
          },
          "inputs": {
            "type": "array",
            "description": "The texts to embed; for `rerank` the query first, then the documents.",
            "minItems": 1,
            "maxItems": 256,
            "items": {
              "type": "string",
              "minLength": 1,
              "maxLength": 1000000
            }
          },
          "task_id": {
            "$ref": "#/components/schemas/Uuid",
            "description": "Unique per tenant; made by the controller if absent, and then a retry is a new task."
          },
          "session_id": {
            "$ref": "#/components/schemas/Uuid",
            "description": "Default a new session."
          },
          "workload": {
            "$ref": "#/components/schemas/Workload",
            "default": "completion"
          },
          "engine": {
            "$ref": "#/components/schemas/Engine",
            "description": "Default: any engine that serves the model."
          },
          "ctx": {
            "type": "integer",
            "description": "Tokens of context. Default and maximum is the model's limit.",
            "minimum": 1,
            "maximum": 2147483647
          },
          "priority": {
            "$ref": "#/components/schemas/Priority",
            "default": "interactive"
          },
          "max_tokens": {
            "type": "integer",
            "description": "Default 256 or what `ctx` leaves; `completion` only.",
            "minimum": 1,
            "maximum": 2147483647
          },
          "deadline_ms": {
            "type": "integer",
            "description": "Milliseconds from admission. Default the lane's.",
            "minimum": 1,
            "maximum": 2147483647
          },
          "seed": {
            "type": "integer",
            "description": "Default the first 4 bytes of SHA-256(`task_id`), big-endian, modulo 2^32-1.",
            "minimum": 0,
            "maximum": 4294967294
          },
          "determinism": {
            "$ref": "#/components/schemas/Determinism",
            "default": "strict"
          },
          "sampler_profile_version": {
            "$ref": "#/components/schemas/SamplerProfileVersion",
            "description": "Default the lane's."
          },
          "stop": {
            "type": "array",
            "description": "Texts that end the completion. Default none.",
            "maxItems": 8,
            "items": {
              "type": "string",
              "minLength": 1,
              "maxLength": 256
            }
          },
          "pin_pool_id": {
            "$ref": "#/components/schemas/PoolId",
            "description": "Only this pool may run the task."
          },
          "expected_tokens": {
            "type": "integer",
            "description": "A placement hint: how many tokens the answer is likely to have.",
            "minimum": 1,
            "maximum": 2147483647
          },
          "kv_hint": {
            "$ref": "#/components/schemas/KvHint",
            "default": "reuse"
          },
          "label": {
            "type": "string",
            "description": "For operators: a canary of the model that names this label takes the task.",
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
            "$ref": "#/components/schemas/FinishReason"
          },
          "text": {
            "type": [
              "string",
              "null"
            ],
            "description": "The whole text of a completion; `null` for other workloads and when canceled."
          },
          "stream_digest": {
            "$ref": "#/components/schemas/StreamDigest"
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
            "const": false,
            "description": "KV never moves between workers (ORCH-3023)."
          },
          "embeddings": {
            "$ref": "#/components/schemas/Embeddings"
          },
          "scores": {
            "$ref": "#/components/schemas/Scores"
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
            "$ref": "#/components/schemas/Uuid"
          },
          "session_id": {
            "$ref": "#/components/schemas/Uuid"
          },
          "state": {
            "$ref": "#/components/schemas/TaskState"
          },
          "queue_position": {
            "type": [
              "integer",
              "null"
            ],
            "minimum": 0,
            "description": "`null` unless queued."
          },
          "predicted_start_ms": {
            "type": [
              "integer",
              "null"
            ],
            "minimum": 0,
            "description": "`null` unless queued, and before anything was measured."
          },
          "attempts": {
            "type": "integer",
            "minimum": 0,
            "description": "How often the task was dispatched."
          },
          "timings": {
            "$ref": "#/components/schemas/TaskTimings"
          },
          "started": {
            "description": "The data of the `started` event; `null` before it.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/StreamStarted"
              },
              {
                "type": "null"
              }
            ]
          },
          "result": {
            "description": "Set once the task succeeded or was canceled.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/TaskResult"
              },
              {
                "type": "null"
              }
            ]
          },
          "error": {
            "description": "Set once the task failed; the data of its `error` event.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/ErrorEnvelope"
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
            "minimum": 0,
            "description": "From admission to the first dispatch."
          },
          "ttft_ms": {
            "type": [
              "number",
              "null"
            ],
            "minimum": 0,
            "description": "From admission to the first token."
          },
          "decode_ms": {
            "type": [
              "number",
              "null"
            ],
            "minimum": 0,
            "description": "From the first token to the end."
          }
        }
      },
      "TritonAccess": {
        "type": "object",
        "description": "How a triton pool's worker is spoken to.",
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
            "minLength": 1,
            "description": "Name in the model repository."
          },
          "grpc_port": {
            "type": [
              "integer",
              "null"
            ],
            "minimum": 1,
            "maximum": 65535,
            "description": "Of an external server, at the host of its URL; `null` = 8001, or the agent picks it."
          },
          "metrics_port": {
            "type": [
              "integer",
              "null"
            ],
            "minimum": 1,
            "maximum": 65535,
            "description": "Likewise; `null` = 8002."
          }
        }
      },
      "UnauthenticatedError": {
        "allOf": [
          {
            "$ref": "#/components/schemas/ErrorEnvelope"
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
            "$ref": "#/components/schemas/ErrorEnvelope"
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
            "$ref": "#/components/schemas/ErrorEnvelope"
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
        "description": "A UUID of either letter case; compared as it was sent.",
        "x-fault": "expected a UUID",
        "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
        "format": "uuid"
      },
      "WorkerResetError": {
        "allOf": [
          {
            "$ref": "#/components/schemas/ErrorEnvelope"
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
    },
    "securitySchemes": {
      "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key. Only a controller on loopback may be configured without keys (ORCH-3035)."
      }
    }
  }
};

/** As much of the document's form as a program needs that serves or renders it. */
export type OpenapiDocument = {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly [key: string]: unknown };
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [key: string]: unknown;
};
