// Generated from contracts/openapi/*.yaml by `pnpm xtask regen-openapi`. Do not edit.
export interface paths {
    "/v1/agents/{name}/desired": {
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
                 * @description The name of the agent, as pools name it in `host`.
                 * @example gpu-01
                 */
                name: components["parameters"]["AgentName"];
            };
            cookie?: never;
        };
        /** The pools this agent should run; waits until there is another generation than the one named. */
        get: operations["getDesiredPools"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{name}/status": {
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
                 * @description The name of the agent, as pools name it in `host`.
                 * @example gpu-01
                 */
                name: components["parameters"]["AgentName"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report everything about one host; the first report registers the agent.
         * @description A second instance of one name is refused with 409 until the lease of the first one (3 intervals) has ended.
         */
        post: operations["reportAgentStatus"];
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
        AgentName: string;
        AgentStatus: {
            agent_version: string;
            /** @description The desired generation that is applied; 0 for none. */
            generation: number;
            host: components["schemas"]["AgentHost"];
            instance_id: components["schemas"]["Uuid"];
            /** @description How often this agent reports without a change. */
            interval_ms: number;
            pools: components["schemas"]["PoolStatus"][];
            /** Format: date-time */
            started_at: string;
        };
        AgentStatusAccepted: {
            /** @description The desired generation now; another one than the agent's means there is news. */
            generation: number;
            /** @description How often to report. */
            interval_ms: number;
            lease_ms: number;
        };
        CommandRuntime: {
            /** @description File on the agent's host with the key of the engine. */
            api_key_file?: string;
            /** @description Launch template; the engine's built-in one if absent. */
            command?: string[];
            container?: components["schemas"]["Container"];
            env?: {
                [key: string]: string;
            };
            /** @constant */
            kind: "command";
            /**
             * @description Built-in template of a triton pool.
             * @enum {string}
             */
            server?: "tritonserver" | "trtllm-serve";
        };
        Container: {
            args: string[];
            /** @description Program inside the image; the command's first word if absent. */
            entrypoint?: string;
            image: string;
            /** @enum {string} */
            program: "docker" | "podman";
        };
        DesiredModel: {
            ctx_limit: number;
            digest: components["schemas"]["Digest"];
            /** @description As configured; used where the model's own header does not tell. */
            kv_bytes_per_token?: number | null;
            name: string;
            /** @description Absolute, or below the agent's `models_dir`. */
            path: string;
            quant: string;
        };
        DesiredPool: {
            allow_cpu: boolean;
            ctx: number;
            determinism: components["schemas"]["PoolDeterminism"];
            /** @description Indices or UUIDs. */
            devices: string[];
            engine: components["schemas"]["Engine"];
            /** @description The version expected where `require_same_engine_version` is set; `null` before one is known. */
            expected_engine_version: string | null;
            id: components["schemas"]["PoolId"];
            kv_type: string | null;
            /** @description A worker with a lower `start_count` must be restarted. */
            min_start_count: number;
            model: components["schemas"]["DesiredModel"];
            /** @description Memory for the KV of prompts that have ended; 0 or absent = off. */
            prefix_cache_bytes?: number;
            preload: boolean;
            quant: string;
            require_same_engine_version: boolean;
            runtime: components["schemas"]["DesiredRuntime"];
            sampler_profile_version: components["schemas"]["SamplerProfileVersion"];
            share_devices: boolean;
            slots: number;
            /** @description Speculative decoding; `null` or absent = off. */
            speculative?: components["schemas"]["Speculative"] | null;
            /**
             * @description What the pool is to become: to be started beside its worker, where both fit, and tested; its worker is not touched. Once the pool
             *     itself is desired like that, this worker takes its place and the old one is ended.
             */
            successor?: components["schemas"]["DesiredPool"] | null;
            tensor_split: number[] | null;
            timeouts: {
                probe_interval_ms: number;
                start_ms: number;
                stop_grace_ms: number;
            };
            /** @description Of a triton pool; `null` or absent for the others. */
            triton?: components["schemas"]["TritonAccess"] | null;
            workloads: components["schemas"]["Workload"][];
        };
        DesiredRuntime: components["schemas"]["EmbeddedRuntime"] | components["schemas"]["CommandRuntime"] | components["schemas"]["ExternalRuntime"];
        DesiredState: {
            generation: number;
            pools: components["schemas"]["DesiredPool"][];
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
        EmbeddedRuntime: {
            /** @constant */
            kind: "embedded";
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
        ExternalRuntime: {
            /** @description File on the agent's host with the key of the engine. */
            api_key_file?: string;
            /** @description The declared digest of the model it serves. */
            digest: components["schemas"]["Digest"];
            /** @constant */
            kind: "external";
            /**
             * @description Program of a triton pool.
             * @enum {string}
             */
            server?: "tritonserver" | "trtllm-serve";
            /** Format: uri */
            url: string;
        };
        /** @description One fault of a request. */
        Fault: {
            expected?: string;
            message: string;
            /** @description JSON pointer into the body; empty for the body as a whole. */
            path: string;
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
        /**
         * @description What a pool declares (ORCH-3061).
         * @enum {string}
         */
        PoolDeterminism: "single_slot" | "batch_invariant" | "none";
        PoolError: {
            /** Format: date-time */
            at: string;
            /** @description The last lines of the worker's standard error. */
            cause: string | null;
            code: components["schemas"]["ErrorCode"];
            /** @description Finer than `code`, for operators: `device-oom`, `host-oom`, `driver-error`, `start-timeout` … */
            kind: string;
            message: string;
        };
        /** @description The id of a configured pool. */
        PoolId: string;
        /**
         * @description `refused`: the agent will not start it until its desired state changes (no device, CPU not allowed, wrong checksum).
         * @enum {string}
         */
        PoolState: "stopped" | "starting" | "ready" | "unready" | "stopping" | "refused";
        PoolStatus: {
            /** @description Slots a worker is started with: the configured ones, or fewer after a device ran out of memory. */
            capacity_slots?: number;
            driver_reset_events: number;
            /** @description Workers that ended of an uncorrectable memory error of a device; not among `driver_reset_events`. */
            ecc_events?: number;
            last_error: components["schemas"]["PoolError"] | null;
            /** @description Milliseconds until the next start is tried. */
            next_retry_ms: number | null;
            oom_events: {
                device: number;
                host: number;
            };
            pool_id: components["schemas"]["PoolId"];
            preload: components["schemas"]["Preload"] | null;
            /** @description The live worker; `null` while there is none that answers. */
            replica: components["schemas"]["ReplicaReport"] | null;
            restarts: number;
            /** @description Workers started for this pool so far, over all instances of the agent. */
            start_count: number;
            state: components["schemas"]["PoolState"];
            /** @description The worker of the desired `successor`; absent or `null` where there is none. */
            successor?: components["schemas"]["SuccessorStatus"] | null;
        };
        Preload: {
            load_ms: number | null;
            outcome: components["schemas"]["PreloadOutcome"];
        };
        /** @enum {string} */
        PreloadOutcome: "ok" | "failed";
        /** @description `pool_id/start_count` */
        ReplicaId: string;
        ReplicaReport: {
            cpu_carve_out: boolean;
            ctx: number;
            engine: components["schemas"]["Engine"];
            engine_version: string;
            gpu_utilization_ratio: number | null;
            kv_cache_usage_ratio: number | null;
            model_digest: components["schemas"]["Digest"];
            numerics: components["schemas"]["Digest"];
            /** @description `null` for an external worker. */
            pid: number | null;
            /** @description Further ports it listens on, at the host of `url`. */
            ports?: {
                grpc: number | null;
                metrics: number | null;
            };
            quant: string;
            replica_id: components["schemas"]["ReplicaId"];
            sampler_profile_version: components["schemas"]["SamplerProfileVersion"];
            slots_free: number | null;
            slots_total: number;
            /** Format: date-time */
            started_at: string;
            /** @description How the devices of its mask lie to each other; breaks ties of placement (ORCH-3013). */
            topology?: {
                /** @description NUMA nodes of its devices, each once; empty where the host does not tell. */
                numa_nodes: number[];
                /** @description The slowest link within the mask; `null` for one device, or where the driver does not tell. */
                worst_link: string | null;
            };
            trtllm_version: string | null;
            /**
             * Format: uri
             * @description Where the controller reaches the worker.
             */
            url: string;
            vram_used_bytes: number | null;
            workloads: components["schemas"]["Workload"][];
        };
        SamplerProfileVersion: string;
        Speculative: {
            /** @description The model that guesses; `null` = the engine guesses from the prompt. */
            draft_model: components["schemas"]["DesiredModel"] | null;
            draft_tokens: number;
        };
        SuccessorStatus: {
            /** @description Of this worker, not of the one it is to follow. */
            last_error: components["schemas"]["PoolError"] | null;
            replica: components["schemas"]["ReplicaReport"] | null;
            start_count: number;
            state: components["schemas"]["PoolState"];
        };
        /** @description How a triton pool's worker is spoken to. */
        TritonAccess: {
            /** @description Of an external server, at the host of its URL; `null` = 8001, or the agent picks it. */
            grpc_port: number | null;
            /** @description Likewise; `null` = 8002. */
            metrics_port: number | null;
            /** @description Name in the model repository. */
            model_name: string;
            /** @enum {string} */
            protocol: "grpc" | "http" | "trtllm-serve";
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
        /** @description The id is taken: this `task_id` was used with another body, or another live instance holds this agent name. */
        Conflict: {
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
    };
    parameters: {
        /**
         * @description The name of the agent, as pools name it in `host`.
         * @example gpu-01
         */
        AgentName: components["schemas"]["AgentName"];
        /**
         * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
         * @example req-2f1c
         */
        CorrelationId: string;
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
    getDesiredPools: {
        parameters: {
            query?: {
                /**
                 * @description The generation the agent has; 0 for none.
                 * @example 2
                 */
                generation?: number;
                /**
                 * @description How long to wait for another generation.
                 * @example 30000
                 */
                wait_ms?: number;
            };
            header?: {
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The name of the agent, as pools name it in `host`.
                 * @example gpu-01
                 */
                name: components["parameters"]["AgentName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Another generation than the one named. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DesiredState"];
                };
            };
            /** @description Nothing changed within `wait_ms`. */
            204: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    reportAgentStatus: {
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
                 * @description The name of the agent, as pools name it in `host`.
                 * @example gpu-01
                 */
                name: components["parameters"]["AgentName"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AgentStatus"];
            };
        };
        responses: {
            /** @description Taken; the lease is renewed. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentStatusAccepted"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
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
export const commandRuntimeServerValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["CommandRuntime"]["server"]> = ["tritonserver", "trtllm-serve"];
export const containerProgramValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Container"]["program"]> = ["docker", "podman"];
export const determinismValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Determinism"]> = ["strict", "best_effort"];
export const engineValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Engine"]> = ["llamacpp", "vllm", "tgi", "triton"];
export const errorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["ErrorCode"]> = ["INVALID_PARAMS", "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "ADMISSION_REJECT", "QUEUE_FULL_DROP_LRU", "MODEL_DEPRECATED", "UNTRUSTED_ARTIFACT", "POOL_UNREADY", "POOL_UNAVAILABLE", "REPLICA_EXHAUSTED", "DEADLINE_UNMET", "WORKER_RESET", "DECODE_TIMEOUT", "INTERNAL"];
export const externalRuntimeServerValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["ExternalRuntime"]["server"]> = ["tritonserver", "trtllm-serve"];
export const forbiddenErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["ForbiddenError"]["code"]> = ["FORBIDDEN"];
export const fullPolicyValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["FullPolicy"]> = ["reject", "drop-lru", "shed-low-priority"];
export const internalErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["InternalError"]["code"]> = ["INTERNAL"];
export const invalidParamsErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["InvalidParamsError"]["code"]> = ["INVALID_PARAMS"];
export const poolDeterminismValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["PoolDeterminism"]> = ["single_slot", "batch_invariant", "none"];
export const poolStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["PoolState"]> = ["stopped", "starting", "ready", "unready", "stopping", "refused"];
export const preloadOutcomeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["PreloadOutcome"]> = ["ok", "failed"];
export const tritonAccessProtocolValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["TritonAccess"]["protocol"]> = ["grpc", "http", "trtllm-serve"];
export const unauthenticatedErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["UnauthenticatedError"]["code"]> = ["UNAUTHENTICATED"];
export const unavailableErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["UnavailableError"]["code"]> = ["POOL_UNREADY", "POOL_UNAVAILABLE", "REPLICA_EXHAUSTED", "DEADLINE_UNMET", "INTERNAL"];
export const workloadValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Workload"]> = ["completion", "embedding", "rerank"];
