// Generated from contracts/openapi/*.yaml by `pnpm xtask regen-openapi`. Do not edit.
export interface paths {
    "/docs": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** The same document as a page that needs no other host. */
        get: operations["getDocs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** 200 while the process works. The agent has it too. */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** Prometheus text. The agent has it too. */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** These documents as one, without planned operations. */
        get: operations["getOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** 200 while work is taken, else 503. The agent has it too. */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** Every agent that reported, and every host that the config names. */
        get: operations["listAgents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/canaries": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** The canaries of the config, with the figures of both arms side by side. */
        get: operations["listCanaries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/canaries/{id}/abort": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a canary of the config.
                 * @example llama-next
                 */
                id: components["parameters"]["CanaryId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send no more task to the canary's pools; its sessions go back to the base. A new generation of the config. */
        post: operations["abortCanary"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/canaries/{id}/promote": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a canary of the config.
                 * @example llama-next
                 */
                id: components["parameters"]["CanaryId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send every task of the model to the canary's pools from now on; a new generation of the config. */
        post: operations["promoteCanary"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/capabilities": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** What can be asked of this controller, and within which limits. */
        get: operations["getCapabilities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/catalog/models": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** Every model of the catalog. */
        get: operations["listCatalogModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/catalog/models/{name}": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The name of a model in the catalog.
                 * @example haiku-tiny
                 */
                name: components["parameters"]["CatalogName"];
            };
            cookie?: never;
        };
        /** One model of the catalog. */
        get: operations["getCatalogModel"];
        /** Record a model; its tag is resolved to a digest once, and the resolution kept. */
        put: operations["putCatalogModel"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/catalog/models/{name}/state": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The name of a model in the catalog.
                 * @example haiku-tiny
                 */
                name: components["parameters"]["CatalogName"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Move a model to another lifecycle state. */
        post: operations["setCatalogModelState"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/config": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** The active generation of the config, secrets removed. */
        get: operations["getConfig"];
        put?: never;
        /**
         * Apply a new config atomically, or refuse it whole.
         * @description The config is checked whole before anything changes. Pools that are not named in `diff` are not touched; of changed ones only those
         *     whose worker must be another are replaced, each by an operation that verifies the new worker before the old one is let go. Fields
         *     under `restart_required` count from the next start on. `[removed]` in place of a secret means the one in force.
         */
        post: operations["applyConfig"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/config/rollback": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Apply the previous generation again, as a new one; said again, it undoes itself. */
        post: operations["rollbackConfig"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** Operations that run, and those that ended lately. */
        get: operations["listOperations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{id}": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The `operation_id`.
                 * @example 3c1bd5f6-1f0e-4b2a-8f6f-0a4bb2cf2c70
                 */
                id: components["schemas"]["Uuid"];
            };
            cookie?: never;
        };
        /** The progress of a drain, reload or rollback. */
        get: operations["getOperation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/pools/{id}/drain": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a configured pool.
                 * @example llama-a
                 */
                id: components["parameters"]["PoolId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop new dispatch at once; at the deadline abort what still runs and place it again.
         * @description The pool stays drained, also over a restart of the controller, until it is resumed. `strict` tasks that are aborted go on
         *     elsewhere byte for byte; `best_effort` ones that have sent tokens end with `WORKER_RESET`. Said again while the pool drains, the
         *     new deadline counts and the operation is the same; said again later, it answers the operation that drained the pool.
         */
        post: operations["drainPool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/pools/{id}/health": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a configured pool.
                 * @example llama-a
                 */
                id: components["parameters"]["PoolId"];
            };
            cookie?: never;
        };
        /** Whether a pool lives and serves, its last error with its cause, and a metrics snapshot. */
        get: operations["getPoolHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/pools/{id}/reload": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a configured pool.
                 * @example llama-a
                 */
                id: components["parameters"]["PoolId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Swap the model atomically, or leave the old one serving and report why.
         * @description The agent starts a worker with the new model beside the old one, verifies and self-tests it; then the controller switches: new tasks
         *     go to the new worker, the old one finishes what it has and is stopped. Where both do not fit the devices, the pool is drained
         *     first (`controller.rollout.strategy`). A failure changes nothing: the operation ends as `failed` with the cause, and the old
         *     model serves. Said again with the same model while it goes on, the operation is the same; once the model serves, nothing is done.
         */
        post: operations["reloadPool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/pools/{id}/resume": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a configured pool.
                 * @example llama-a
                 */
                id: components["parameters"]["PoolId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a drained pool take tasks again; of a pool that is not drained it changes nothing. */
        post: operations["resumePool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/pools/{id}/rollback": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a configured pool.
                 * @example llama-a
                 */
                id: components["parameters"]["PoolId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Return a pool to its previous model or config generation.
         * @description The pool's own section goes back to what it was before its last change; the rest of the config stays. It is done like a reload, and
         *     may itself be rolled back. While a reload of the pool goes on, rolling back ends it.
         */
        post: operations["rollbackPool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/replicasets": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        /** Each replica set with its pins, replicas, slots, load and SLO snapshot. */
        get: operations["listReplicaSets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AgentHost: {
            /** @description `ORCH_ALLOW_CPU=1` is set in the agent's environment. */
            allow_cpu: boolean;
            devices: components["schemas"]["Device"][];
            hostname: string;
            /** @description Why the devices could not be read. */
            inventory_error: components["schemas"]["InventoryError"] | null;
            ram_available_bytes: number;
            ram_total_bytes: number;
        };
        AgentInfo: {
            agent_version: string | null;
            /** @description Its lease has not ended. */
            connected: boolean;
            generation_applied: number;
            generation_desired: number;
            /** @description `null` before the first report. */
            host: components["schemas"]["AgentHost"] | null;
            instance_id: components["schemas"]["Uuid"] | null;
            /** Format: date-time */
            last_seen_at: string | null;
            lease_ms_remaining: number;
            name: components["schemas"]["AgentName"];
            pools: components["schemas"]["AgentPool"][];
        };
        AgentList: {
            agents: components["schemas"]["AgentInfo"][];
        };
        AgentName: string;
        AgentPool: {
            pool_id: components["schemas"]["PoolId"];
            state: components["schemas"]["PoolState"];
        };
        /** @description Counts since this controller saw the canary first; times and ratios over the recent window. */
        ArmFigures: {
            admitted: number;
            canceled: number;
            error_ratio: number | null;
            failed: number;
            /** @description Tasks meant for the canary that ran here because no pool of it could serve. */
            fallbacks: number;
            first_token_p95_ms: number | null;
            samples: number;
            succeeded: number;
            tokens_64_p95_ms: number | null;
        };
        /** @description Circuit breaker of the pool and of the worker it has; where both are not closed, the pool's. */
        Breaker: {
            /**
             * @description `faults`: attempts failed; `slo`: first tokens were late while those of other replicas were not; `null` while closed.
             * @enum {string|null}
             */
            cause: "faults" | "slo" | null;
            /** @description Until it lets one task through; `null` unless open. */
            retry_ms: number | null;
            /**
             * @description Whose it is.
             * @enum {string}
             */
            scope: "replica" | "pool";
            state: components["schemas"]["BreakerState"];
        };
        /**
         * @description `open`: no task gets there; `half_open`: one at a time, to see whether it works again.
         * @enum {string}
         */
        BreakerState: "closed" | "open" | "half_open";
        Canary: {
            base: components["schemas"]["ArmFigures"];
            canary: components["schemas"]["ArmFigures"];
            id: components["schemas"]["CanaryId"];
            /** @description Tasks with this `label` always go to the canary. */
            label: string | null;
            /** @description The model whose tasks are split. */
            model: string;
            /** @description Share of its sessions. */
            percent: number;
            pools: components["schemas"]["PoolId"][];
        };
        CanaryId: string;
        CanaryList: {
            canaries: components["schemas"]["Canary"][];
        };
        Capabilities: {
            /** @description `info.version` of the OpenAPI document. */
            api_version: string;
            limits: components["schemas"]["RequestLimits"];
            /** @description The `operationId`s that are served. */
            operations: string[];
            /** @description Of the calling tenant; empty where there is none. */
            rate_limits: components["schemas"]["RateLimit"][];
            replica_sets: components["schemas"]["ReplicaSetCapabilities"][];
        };
        CatalogModel: {
            ctx_limit: number;
            digest: components["schemas"]["Digest"];
            format: string;
            name: components["schemas"]["CatalogName"];
            provenance: string;
            quant: string;
            /** Format: date-time */
            resolved_at: string;
            source: string;
            state: components["schemas"]["CatalogState"];
        };
        CatalogModelList: {
            models: components["schemas"]["CatalogModel"][];
        };
        CatalogModelRequest: {
            ctx_limit: number;
            digest: components["schemas"]["Digest"];
            format: string;
            provenance: string;
            quant: string;
            source: string;
        };
        /** @description Like `vendor/name:tag`; never like a digest. */
        CatalogName: string;
        /** @enum {string} */
        CatalogState: "Draft" | "Active" | "Canary" | "Deprecated" | "Retired";
        CatalogStateRequest: {
            state: components["schemas"]["CatalogState"];
        };
        ConfigApplied: {
            /** @description Pool ids by what happened to them, and JSON pointers of the other sections that differ. */
            diff: {
                added: string[];
                changed: string[];
                removed: string[];
                settings: string[];
            };
            dry_run: boolean;
            /** @description The active one; unchanged where nothing differs, or by a dry run. */
            generation: number;
            /** @description One for each pool whose worker is replaced. */
            operations: components["schemas"]["Uuid"][];
            previous_generation: number | null;
            restart_required: string[];
        };
        ConfigGeneration: {
            /** Format: date-time */
            applied_at: string;
            /** @description Secrets are removed. */
            config: {
                [key: string]: unknown;
            };
            /** @description Counts up with every change, over restarts too. */
            generation: number;
            /** @description Pools whose worker is not yet the one of this config. */
            pending_pools: components["schemas"]["PoolId"][];
            /** @description What a rollback goes back to. */
            previous_generation: number | null;
            /** @description Fields that count from the next start of the controller on. */
            restart_required: string[];
            /**
             * @description What made it.
             * @enum {string}
             */
            source: "file" | "signal" | "api" | "reload" | "rollback" | "canary";
        };
        ConfigRequest: {
            /** @description Fits `contracts/schemas/config.schema.json`; as written, defaults may be left out. */
            config: {
                [key: string]: unknown;
            };
            /**
             * @description Check and tell the diff; change nothing.
             * @default false
             */
            dry_run?: boolean;
            /** @description Refuse with 409 where another generation is active. */
            expected_generation?: number;
        };
        /**
         * @description `strict` asks for byte-identical text within a replica set.
         * @enum {string}
         */
        Determinism: "strict" | "best_effort";
        Device: {
            compute_capability: string | null;
            driver_version?: string | null;
            /** @description Since the driver was loaded; `null` without ECC. */
            ecc_uncorrected_errors?: number | null;
            /** @description Why nothing can run on it, in the driver's words. */
            fault?: string | null;
            index: number;
            /** @description How this GPU reaches the others of its host; empty where the driver does not tell. */
            links?: components["schemas"]["DeviceLink"][];
            memory_total_bytes: number;
            memory_used_bytes: number;
            /** @description MIG mode is on: only the slices of this GPU run anything. `null` where the device does not tell. */
            mig_enabled?: boolean | null;
            name: string;
            numa_node: number | null;
            /** @description The GPU that this MIG slice is a part of; `null` for a whole GPU. */
            parent_uuid?: string | null;
            utilization_ratio: number | null;
            uuid: string;
        };
        DeviceLink: {
            /** @description As `nvidia-smi topo -m` names it: `NV18`, `PIX`, `PXB`, `PHB`, `NODE`, `SYS`. */
            kind: string;
            uuid: string;
        };
        /** @description `sha256:` and 64 lower-case hex digits. */
        Digest: string;
        DrainRequest: {
            deadline_ms: number;
        };
        /**
         * @description A serving stack.
         * @enum {string}
         */
        Engine: "llamacpp" | "vllm" | "tgi" | "triton";
        /**
         * @description The table of the spec's section 2.
         * @enum {string}
         */
        ErrorCode: "INVALID_PARAMS" | "UNAUTHENTICATED" | "FORBIDDEN" | "NOT_FOUND" | "ADMISSION_REJECT" | "QUEUE_FULL_DROP_LRU" | "MODEL_DEPRECATED" | "UNTRUSTED_ARTIFACT" | "POOL_UNREADY" | "POOL_UNAVAILABLE" | "REPLICA_EXHAUSTED" | "DEADLINE_UNMET" | "WORKER_RESET" | "DECODE_TIMEOUT" | "INTERNAL";
        /** @description More about an error; which fields there are depends on its code. */
        ErrorDetails: {
            accepted_determinism?: components["schemas"]["Determinism"][];
            faults?: components["schemas"]["Fault"][];
            /** @description The limit that refused the request. */
            limit?: {
                name: string;
                value: number;
            };
            required_scope?: string;
        } & {
            [key: string]: unknown;
        };
        /** @description Every non-2xx body and every `error` event. */
        ErrorEnvelope: {
            code: components["schemas"]["ErrorCode"];
            correlation_id: string;
            details?: components["schemas"]["ErrorDetails"];
            engine?: components["schemas"]["Engine"];
            message: string;
            policy_label?: components["schemas"]["FullPolicy"];
            pool_id?: components["schemas"]["PoolId"];
            /** @description True where the same request may pass later. */
            retriable: boolean;
            retry_after_ms?: number;
        };
        /** @description One fault of a request. */
        Fault: {
            expected?: string;
            message: string;
            /** @description JSON pointer into the body; empty for the body as a whole. */
            path: string;
        };
        Features: {
            cpu_carve_out: boolean;
            /** @description `strict` tasks may reuse KV too (ORCH-3045). */
            kv_reuse_verified: boolean;
            /** @description Tokens are counted by the engine's own tokenizer. */
            tokenize: boolean;
        };
        ForbiddenError: {
            /** @enum {unknown} */
            code?: "FORBIDDEN";
            /** @constant */
            retriable?: false;
        } & components["schemas"]["ErrorEnvelope"];
        /**
         * @description The policy of a full queue.
         * @enum {string}
         */
        FullPolicy: "reject" | "drop-lru" | "shed-low-priority";
        InternalError: {
            /** @enum {unknown} */
            code?: "INTERNAL";
            /** @constant */
            retriable?: false;
        } & components["schemas"]["ErrorEnvelope"];
        InvalidParamsError: {
            /** @enum {unknown} */
            code?: "INVALID_PARAMS";
            /** @constant */
            retriable?: false;
        } & components["schemas"]["ErrorEnvelope"];
        InventoryError: {
            code: string;
            message: string;
        };
        Liveness: {
            /** @constant */
            status: "ok";
        };
        Load: {
            queue_depth: number;
            running: number;
            tokens_per_s: number | null;
        };
        NotFoundError: {
            /** @enum {unknown} */
            code?: "NOT_FOUND";
            /** @constant */
            retriable?: false;
        } & components["schemas"]["ErrorEnvelope"];
        Operation: {
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When what still runs on the old worker is aborted and placed again.
             */
            deadline_at: string | null;
            /** Format: date-time */
            ended_at: string | null;
            error: components["schemas"]["ErrorEnvelope"] | null;
            /** @description The config generation it made or belongs to. */
            generation: number | null;
            /**
             * @description `replace`: a new config wants another worker.
             * @enum {string}
             */
            kind: "drain" | "resume" | "reload" | "rollback" | "replace";
            /** @description Of a reload. */
            new_model_ref: string | null;
            operation_id: components["schemas"]["Uuid"];
            phase: components["schemas"]["OperationPhase"];
            pool_id: components["schemas"]["PoolId"];
            /** @description Of the worker that is to become idle. */
            progress: {
                /** @description Tasks aborted there and placed again. */
                replaced: number;
                /** @description Tasks that still run there. */
                running: number;
                /** @description Tasks that wait for nothing else. */
                waiting: number;
            };
            /** @enum {string} */
            state: "running" | "succeeded" | "failed";
        };
        OperationList: {
            operations: components["schemas"]["Operation"][];
        };
        /**
         * @description `waiting` for other operations; `starting`: the new worker is started, verified and self-tested; `draining`: the old one finishes;
         *     `restoring`: the new one failed where the old one had to go first, and the old one is started again.
         * @enum {string}
         */
        OperationPhase: "waiting" | "starting" | "draining" | "restoring" | "done";
        /**
         * @description What a pool declares (ORCH-3061).
         * @enum {string}
         */
        PoolDeterminism: "single_slot" | "batch_invariant" | "none";
        PoolHealth: {
            breaker?: components["schemas"]["Breaker"];
            cpu_carve_out: boolean;
            draining: boolean;
            engine: components["schemas"]["Engine"];
            host: components["schemas"]["AgentName"];
            last_error: components["schemas"]["PoolHealthError"] | null;
            /** @description A worker runs and its agent reports. */
            live: boolean;
            metrics: components["schemas"]["PoolMetrics"];
            next_retry_ms: number | null;
            pool_id: components["schemas"]["PoolId"];
            /** @description It takes new tasks. */
            ready: boolean;
            replica: components["schemas"]["PoolReplica"] | null;
            restarts: number;
            start_count: number;
            state: components["schemas"]["PoolState"];
        };
        PoolHealthError: {
            /** Format: date-time */
            at: string;
            cause: string | null;
            code: components["schemas"]["ErrorCode"];
            message: string;
        };
        /** @description The id of a configured pool. */
        PoolId: string;
        PoolMetrics: {
            /** @description Slots its next worker is started with: fewer than configured after a device ran out of memory. `null` before its agent said. */
            capacity_slots?: number | null;
            driver_reset_events: number;
            /** @description Workers that ended of an uncorrectable memory error of a device. */
            ecc_events?: number;
            gpu_utilization_ratio: number | null;
            /** @description Of `oom_events`, those for lack of the host's memory; the others for lack of a device's. */
            host_oom_events?: number;
            kv_cache_usage_ratio: number | null;
            /** @description Workers that ended for lack of memory. */
            oom_events: number;
            /** @description Of the pool's lane. */
            queue_depth: number;
            running: number;
            tokens_per_s: number | null;
            vram_used_bytes: number | null;
        };
        PoolReplica: {
            engine_version: string;
            model_digest: components["schemas"]["Digest"];
            numerics: components["schemas"]["Digest"];
            replica_id: components["schemas"]["ReplicaId"];
            slots: components["schemas"]["Slots"];
            trtllm_version: string | null;
        };
        /**
         * @description `refused`: the agent will not start it until its desired state changes (no device, CPU not allowed, wrong checksum).
         * @enum {string}
         */
        PoolState: "stopped" | "starting" | "ready" | "unready" | "stopping" | "refused";
        /** @enum {string} */
        Priority: "interactive" | "batch";
        RateLimit: {
            burst: number;
            /** @description `null` for the tenant as a whole. */
            priority: components["schemas"]["Priority"] | null;
            requests_per_s: number;
        };
        Readiness: {
            /** @constant */
            status: "ready";
        };
        ReloadRequest: {
            new_model_ref: string;
        };
        Replica: {
            breaker?: components["schemas"]["BreakerState"];
            host: components["schemas"]["AgentName"];
            pool_id: components["schemas"]["PoolId"];
            replica_id: components["schemas"]["ReplicaId"];
            slots: components["schemas"]["Slots"];
            state: components["schemas"]["ReplicaState"];
        };
        /** @description `pool_id/start_count` */
        ReplicaId: string;
        ReplicaSet: {
            ctx: number;
            determinism: components["schemas"]["PoolDeterminism"];
            engine: components["schemas"]["Engine"];
            engine_version: string;
            /** @description The digest of the pins. */
            id: components["schemas"]["Digest"];
            load: components["schemas"]["Load"];
            model_digest: components["schemas"]["Digest"];
            /** @description Names of the catalog that mean this digest. */
            models: string[];
            numerics: components["schemas"]["Digest"];
            quant: string;
            replicas: components["schemas"]["Replica"][];
            sampler_profile_version: components["schemas"]["SamplerProfileVersion"];
            slo: components["schemas"]["SloSnapshot"][];
            trtllm_version: string | null;
            workloads: components["schemas"]["Workload"][];
        };
        ReplicaSetCapabilities: {
            ctx_max: number;
            determinism: components["schemas"]["PoolDeterminism"];
            engine: components["schemas"]["Engine"];
            engine_version: string;
            /** @description Whether the engine can evict the KV of one session. */
            evict: boolean;
            features: components["schemas"]["Features"];
            id: components["schemas"]["Digest"];
            model_digest: components["schemas"]["Digest"];
            models: string[];
            sampler_profile_versions: components["schemas"]["SamplerProfileVersion"][];
            workloads: components["schemas"]["Workload"][];
        };
        ReplicaSetList: {
            replica_sets: components["schemas"]["ReplicaSet"][];
        };
        /**
         * @description `silent`: its agent does not report, so it gets no new dispatch.
         * @enum {string}
         */
        ReplicaState: "ready" | "unready" | "draining" | "silent";
        RequestLimits: {
            max_body_bytes: number;
            max_inputs: number;
            max_prompt_chars: number;
            max_stop: number;
            /** @description How long results and streams are kept after the end. */
            retention_ms: number;
        };
        SamplerProfileVersion: string;
        /** @description Measured over the recent window beside what the config asks for; `null` before anything was measured. */
        SloSnapshot: {
            error_ratio: number | null;
            first_token_p95_ms: number | null;
            /** @description Whether every measured figure that has a target holds it. */
            met: boolean | null;
            priority: components["schemas"]["Priority"];
            samples: number;
            targets: components["schemas"]["SloTargets"];
            /** @description Token rate as it came, over the one that the engine itself measured; `null` where it told none. */
            token_rate_ratio?: number | null;
            tokens_64_p95_ms: number | null;
        };
        /** @description `slos` of the config for this class; `null` where the class has no such target. */
        SloTargets: {
            error_ratio: number;
            first_token_p95_ms: number | null;
            /** @description Least share of the engine's own token rate. */
            token_rate_ratio: number | null;
            tokens_64_p95_ms: number | null;
        };
        Slots: {
            busy: number;
            free: number;
            /** @description Canceled or ended, and not yet seen free. */
            releasing: number;
            total: number;
        };
        UnauthenticatedError: {
            /** @enum {unknown} */
            code?: "UNAUTHENTICATED";
            /** @constant */
            retriable?: false;
        } & components["schemas"]["ErrorEnvelope"];
        UnavailableError: {
            /** @enum {unknown} */
            code?: "POOL_UNREADY" | "POOL_UNAVAILABLE" | "REPLICA_EXHAUSTED" | "DEADLINE_UNMET" | "INTERNAL";
            /** @constant */
            retriable?: true;
        } & components["schemas"]["ErrorEnvelope"];
        UntrustedArtifactError: {
            /** @enum {unknown} */
            code?: "UNTRUSTED_ARTIFACT";
            /** @constant */
            retriable?: false;
        } & components["schemas"]["ErrorEnvelope"];
        /**
         * Format: uuid
         * @description A UUID of either letter case; compared as it was sent.
         */
        Uuid: string;
        /** @enum {string} */
        Workload: "completion" | "embedding" | "rerank";
    };
    responses: {
        /** @description The body is above the limit. */
        BodyTooLarge: {
            headers: {
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidParamsError"];
            };
        };
        /** @description A key without the right. */
        Forbidden: {
            headers: {
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ForbiddenError"];
            };
        };
        /** @description The request head is above the limit. */
        HeadersTooLarge: {
            headers: {
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidParamsError"];
            };
        };
        /** @description Our fault. */
        Internal: {
            headers: {
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InternalError"];
            };
        };
        /** @description The request is wrong; `details.faults` lists each fault with its path. */
        InvalidParams: {
            headers: {
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidParamsError"];
            };
        };
        /** @description Unknown, already forgotten, or another tenant's. */
        NotFound: {
            headers: {
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["NotFoundError"];
            };
        };
        /** @description Begun, or already going on; watch the operation. */
        OperationAccepted: {
            headers: {
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Operation"];
            };
        };
        /** @description Another change of the same pool or config goes on. */
        OperationConflict: {
            headers: {
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidParamsError"];
            };
        };
        /** @description No valid key. */
        Unauthenticated: {
            headers: {
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnauthenticatedError"];
            };
        };
        /** @description Nothing can serve this now, the deadline cannot be met, or the journal cannot be written. */
        Unavailable: {
            headers: {
                "Retry-After": components["headers"]["RetryAfterHint"];
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnavailableError"];
            };
        };
        /** @description The body is not `application/json`. */
        UnsupportedMediaType: {
            headers: {
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidParamsError"];
            };
        };
        /** @description The checksum or the trust check of the model failed. */
        UntrustedArtifact: {
            headers: {
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UntrustedArtifactError"];
            };
        };
    };
    parameters: {
        /**
         * @description The id of a canary of the config.
         * @example llama-next
         */
        CanaryId: components["schemas"]["CanaryId"];
        /**
         * @description The name of a model in the catalog.
         * @example haiku-tiny
         */
        CatalogName: components["schemas"]["CatalogName"];
        /**
         * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
         * @example req-2f1c
         */
        CorrelationId: string;
        /**
         * @description The id of a configured pool.
         * @example llama-a
         */
        PoolId: components["schemas"]["PoolId"];
    };
    requestBodies: never;
    headers: {
        /** @description The caller's correlation id, or a new one. */
        CorrelationId: string;
        /** @description Whole seconds to wait, rounded up, where a wait is known. */
        RetryAfterHint: number;
        /** @description Always `Bearer`. */
        WwwAuthenticate: "Bearer";
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getDocs: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    getLiveness: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Alive. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Liveness"];
                };
            };
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics of `specs/metrics/otel-prom.md`. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    getOpenApi: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An OpenAPI 3.1 document. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ready. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAgents: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The agents, by name. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentList"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    listCanaries: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The canaries, in the order of the config. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CanaryList"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    abortCanary: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a canary of the config.
                 * @example llama-next
                 */
                id: components["parameters"]["CanaryId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Applied, or so already. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigApplied"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["OperationConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    promoteCanary: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a canary of the config.
                 * @example llama-next
                 */
                id: components["parameters"]["CanaryId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Applied, or so already. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigApplied"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["OperationConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getCapabilities: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Capabilities as of now. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Capabilities"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    listCatalogModels: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The models, by name. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogModelList"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    getCatalogModel: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The name of a model in the catalog.
                 * @example haiku-tiny
                 */
                name: components["parameters"]["CatalogName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The model. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogModel"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UntrustedArtifact"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    putCatalogModel: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The name of a model in the catalog.
                 * @example haiku-tiny
                 */
                name: components["parameters"]["CatalogName"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CatalogModelRequest"];
            };
        };
        responses: {
            /** @description The model. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogModel"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UntrustedArtifact"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    setCatalogModelState: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The name of a model in the catalog.
                 * @example haiku-tiny
                 */
                name: components["parameters"]["CatalogName"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CatalogStateRequest"];
            };
        };
        responses: {
            /** @description The model. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogModel"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UntrustedArtifact"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getConfig: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The active generation. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigGeneration"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    applyConfig: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfigRequest"];
            };
        };
        responses: {
            /** @description Applied; unchanged pools were not touched. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigApplied"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["OperationConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    rollbackConfig: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Applied; unchanged pools were not touched. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigApplied"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["OperationConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listOperations: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The operations, newest first. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationList"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    getOperation: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The `operation_id`.
                 * @example 3c1bd5f6-1f0e-4b2a-8f6f-0a4bb2cf2c70
                 */
                id: components["schemas"]["Uuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The operation. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    drainPool: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a configured pool.
                 * @example llama-a
                 */
                id: components["parameters"]["PoolId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DrainRequest"];
            };
        };
        responses: {
            202: components["responses"]["OperationAccepted"];
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["OperationConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UntrustedArtifact"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getPoolHealth: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a configured pool.
                 * @example llama-a
                 */
                id: components["parameters"]["PoolId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pool as last reported by its agent. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolHealth"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
    reloadPool: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a configured pool.
                 * @example llama-a
                 */
                id: components["parameters"]["PoolId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReloadRequest"];
            };
        };
        responses: {
            202: components["responses"]["OperationAccepted"];
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["OperationConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UntrustedArtifact"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    resumePool: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a configured pool.
                 * @example llama-a
                 */
                id: components["parameters"]["PoolId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["OperationAccepted"];
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["OperationConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UntrustedArtifact"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    rollbackPool: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The id of a configured pool.
                 * @example llama-a
                 */
                id: components["parameters"]["PoolId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: components["responses"]["OperationAccepted"];
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["OperationConflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UntrustedArtifact"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    listReplicaSets: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The replica sets, by id. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplicaSetList"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
        };
    };
}
type FlattenedDeepRequired<T> = {
    [K in keyof T]-?: FlattenedDeepRequired<T[K] extends unknown[] | undefined | null ? Extract<T[K], unknown[]>[number] : T[K]>;
};
type ReadonlyArray<T> = [
    Exclude<T, undefined>
] extends [
    unknown[]
] ? Readonly<Exclude<T, undefined>> : Readonly<Exclude<T, undefined>[]>;
export const breakerScopeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Breaker"]["scope"]> = ["replica", "pool"];
export const breakerStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["BreakerState"]> = ["closed", "open", "half_open"];
export const catalogStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["CatalogState"]> = ["Draft", "Active", "Canary", "Deprecated", "Retired"];
export const configGenerationSourceValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["ConfigGeneration"]["source"]> = ["file", "signal", "api", "reload", "rollback", "canary"];
export const determinismValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Determinism"]> = ["strict", "best_effort"];
export const engineValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Engine"]> = ["llamacpp", "vllm", "tgi", "triton"];
export const errorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["ErrorCode"]> = ["INVALID_PARAMS", "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "ADMISSION_REJECT", "QUEUE_FULL_DROP_LRU", "MODEL_DEPRECATED", "UNTRUSTED_ARTIFACT", "POOL_UNREADY", "POOL_UNAVAILABLE", "REPLICA_EXHAUSTED", "DEADLINE_UNMET", "WORKER_RESET", "DECODE_TIMEOUT", "INTERNAL"];
export const forbiddenErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["ForbiddenError"]["code"]> = ["FORBIDDEN"];
export const fullPolicyValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["FullPolicy"]> = ["reject", "drop-lru", "shed-low-priority"];
export const internalErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["InternalError"]["code"]> = ["INTERNAL"];
export const invalidParamsErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["InvalidParamsError"]["code"]> = ["INVALID_PARAMS"];
export const notFoundErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["NotFoundError"]["code"]> = ["NOT_FOUND"];
export const operationKindValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Operation"]["kind"]> = ["drain", "resume", "reload", "rollback", "replace"];
export const operationStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Operation"]["state"]> = ["running", "succeeded", "failed"];
export const operationPhaseValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["OperationPhase"]> = ["waiting", "starting", "draining", "restoring", "done"];
export const poolDeterminismValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["PoolDeterminism"]> = ["single_slot", "batch_invariant", "none"];
export const poolStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["PoolState"]> = ["stopped", "starting", "ready", "unready", "stopping", "refused"];
export const priorityValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Priority"]> = ["interactive", "batch"];
export const replicaStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["ReplicaState"]> = ["ready", "unready", "draining", "silent"];
export const unauthenticatedErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["UnauthenticatedError"]["code"]> = ["UNAUTHENTICATED"];
export const unavailableErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["UnavailableError"]["code"]> = ["POOL_UNREADY", "POOL_UNAVAILABLE", "REPLICA_EXHAUSTED", "DEADLINE_UNMET", "INTERNAL"];
export const untrustedArtifactErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["UntrustedArtifactError"]["code"]> = ["UNTRUSTED_ARTIFACT"];
export const workloadValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Workload"]> = ["completion", "embedding", "rerank"];
