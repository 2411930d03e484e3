// Generated from contracts/openapi/*.yaml by `pnpm xtask regen-openapi`. Do not edit.
export interface paths {
    "/v1/sessions/{id}": {
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
                 * @description The `session_id`.
                 * @example 5f0f4b0e-2f63-4a41-8d53-0b1f6f1f5a11
                 */
                id: components["parameters"]["SessionId"];
            };
            cookie?: never;
        };
        /** What remains of a session. */
        get: operations["getSession"];
        put?: never;
        post?: never;
        /** End the session and evict its KV cache on the worker. */
        delete: operations["deleteSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description W3C trace context, passed on to engines that take it; a malformed one is ignored.
                 * @example 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
                 */
                traceparent?: components["parameters"]["Traceparent"];
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
        /**
         * Admit or refuse one task.
         * @description The task runs whether or not anybody reads its stream. A repeated `task_id` with the same body gets the first answer
         *     again, byte for byte, and starts nothing; with another body it is 409.
         */
        post: operations["submitTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{id}": {
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
                 * @description The `task_id`.
                 * @example 0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10
                 */
                id: components["parameters"]["TaskId"];
            };
            cookie?: never;
        };
        /** State, timings and, once it has ended, the result of a task. */
        get: operations["getTask"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{id}/cancel": {
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
                 * @description The `task_id`.
                 * @example 0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10
                 */
                id: components["parameters"]["TaskId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a task, in whatever state it is; idempotent.
         * @description No token of the task is written to any socket after this answer. A canceled stream ends with `end` and
         *     `finish_reason` `canceled`. For a task that has ended it is 204 without effect.
         */
        post: operations["cancelTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{id}/stream": {
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
                 * @description The `task_id`.
                 * @example 0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10
                 */
                id: components["parameters"]["TaskId"];
            };
            cookie?: never;
        };
        /**
         * The task's events as Server-Sent Events, from its start or from `Last-Event-ID`.
         * @description One `started` before any token (none for a task that never ran), `token` events in order with `i` from 0 without gaps and
         *     never with empty text, exactly one terminal event (`end` or `error`), nothing after it. `metrics` comes at most once a
         *     second, may precede `started` and is never stored. A comment keeps an idle stream open every 15 s. A connection that closes
         *     without a terminal event is resumed by sending the last `id` received. Open streams are bounded, of one tenant
         *     (`max_open_streams`) and of all (`max_subscribers`): beyond that it is 429.
         */
        get: operations["streamTask"];
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
        /** @description `policy_label` is that of the lane's queue; `details.limit` names the limit that refused. */
        BackpressureError: {
            /** @enum {unknown} */
            code?: "ADMISSION_REJECT" | "QUEUE_FULL_DROP_LRU";
        } & WithRequired<components["schemas"]["ErrorEnvelope"], "policy_label" | "retry_after_ms">;
        /** @description What remains of a session's budgets, less what its unfinished tasks may use at most; `null` where there is no such budget. */
        Budgets: {
            /** @description In the units of the models' prices. */
            cost_remaining: number | null;
            /** @description Slot time. */
            time_ms_remaining: number | null;
            tokens_remaining: number | null;
        };
        DecodeTimeoutError: {
            /** @enum {unknown} */
            code?: "DECODE_TIMEOUT";
            /** @constant */
            retriable?: true;
        } & components["schemas"]["ErrorEnvelope"];
        /**
         * @description `strict` asks for byte-identical text within a replica set.
         * @enum {string}
         */
        Determinism: "strict" | "best_effort";
        /** @description `sha256:` and 64 lower-case hex digits. */
        Digest: string;
        /** @description One vector per input, in order; `embedding` only. */
        Embeddings: number[][];
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
        /** @enum {string} */
        FinishReason: "stop" | "length" | "canceled";
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
        /** @enum {string} */
        KvHint: "reuse" | "cold";
        ModelDeprecatedError: {
            /** @enum {unknown} */
            code?: "MODEL_DEPRECATED";
            /** @constant */
            retriable?: false;
        } & components["schemas"]["ErrorEnvelope"];
        NotFoundError: {
            /** @enum {unknown} */
            code?: "NOT_FOUND";
            /** @constant */
            retriable?: false;
        } & components["schemas"]["ErrorEnvelope"];
        /**
         * @description What a pool declares (ORCH-3061).
         * @enum {string}
         */
        PoolDeterminism: "single_slot" | "batch_invariant" | "none";
        /** @description The id of a configured pool. */
        PoolId: string;
        /** @enum {string} */
        Priority: "interactive" | "batch";
        /** @description `pool_id/start_count` */
        ReplicaId: string;
        SamplerProfileVersion: string;
        /** @description One score per document (`inputs[1]` and on), in order; `rerank` only. */
        Scores: number[];
        Session: {
            budgets: components["schemas"]["Budgets"];
            /** @description `null` where the engine does not tell. */
            kv_bytes: number | null;
            /** @description True while a worker holds KV of the session. */
            kv_warmth: boolean;
            /** @description The last replica that ran a task of the session; `null` before one did, or when it is gone. */
            replica_id: components["schemas"]["ReplicaId"] | null;
            session_id: components["schemas"]["Uuid"];
            ttl_ms_remaining: number;
            /** @description Tasks of the session since its last roll-over. */
            turns: number;
            turns_max: number;
        };
        /** @description SHA-256 of the UTF-8 text, 64 lower-case hex digits; `null` when canceled. */
        StreamDigest: string | null;
        /** @description Data of `end`, the terminal event of a task that succeeded or was canceled. */
        StreamEnd: {
            decode_ms: number | null;
            embeddings?: components["schemas"]["Embeddings"];
            /** @description Time lost to failovers. */
            failover_ms: number | null;
            failovers: number;
            finish_reason: components["schemas"]["FinishReason"];
            /** @constant */
            kv_migrated: false;
            queue_ms: number | null;
            scores?: components["schemas"]["Scores"];
            stream_digest: components["schemas"]["StreamDigest"];
            tokens_in: number | null;
            tokens_out: number | null;
            ttft_ms: number | null;
        };
        /** @description Data of `metrics`; planning signals, at most one a second, never stored. */
        StreamMetrics: {
            /** @description `null` where the session has none. */
            budget: components["schemas"]["Budgets"] | null;
            /** @description `null` before the task runs. */
            kv_warmth: boolean | null;
            /** @description `null` without a deadline, or before anything was measured. */
            on_time_probability: number | null;
            /** @description Queued tasks of the lane. */
            queue_depth: number;
            tokens_out: number;
            tokens_per_s: number | null;
        };
        /** @description Data of `started`, the first event of a task that runs. */
        StreamStarted: {
            /** @description True when the worker runs on the CPU. */
            cpu_carve_out: boolean;
            engine: components["schemas"]["Engine"];
            engine_version: string;
            /** @description True when the worker reuses KV of the session. */
            kv_warmth: boolean;
            model_digest: components["schemas"]["Digest"];
            pool_id: components["schemas"]["PoolId"];
            /** @description As at admission. */
            predicted_start_ms: number | null;
            /** @description As at admission. */
            queue_position: number;
            replica_id: components["schemas"]["ReplicaId"];
            sampler_profile_version: components["schemas"]["SamplerProfileVersion"];
            seed: number;
            task_id: components["schemas"]["Uuid"];
        };
        /** @description Data of `token`. An engine may put several model tokens into one event. */
        StreamToken: {
            /** @description Index, counted from 0 without gaps. */
            i: number;
            /** @description Text; never empty. */
            t: string;
        };
        TaskAccepted: {
            /** @description Advised pause before this client's next task; 0 while the lane is less than half full. */
            backoff_ms: number;
            effective: components["schemas"]["TaskEffective"];
            /** @description Milliseconds from admission to start; `null` before anything was measured. */
            predicted_start_ms: number | null;
            /** @description Queued tasks ahead in the class and lane; 0 is next. */
            queue_position: number;
            session_id: components["schemas"]["Uuid"];
            task_id: components["schemas"]["Uuid"];
        };
        /** @description The values in force, defaults filled in. */
        TaskEffective: {
            ctx: number;
            /** @description `null` where the lane has none. */
            deadline_ms: number | null;
            determinism: components["schemas"]["Determinism"];
            engine: components["schemas"]["Engine"];
            kv_hint: components["schemas"]["KvHint"];
            /** @description `null` for other workloads than `completion`. */
            max_tokens: number | null;
            model_digest: components["schemas"]["Digest"];
            model_ref: string;
            pin_pool_id: components["schemas"]["PoolId"] | null;
            priority: components["schemas"]["Priority"];
            sampler_profile_version: components["schemas"]["SamplerProfileVersion"];
            seed: number;
            stop: string[];
            workload: components["schemas"]["Workload"];
        };
        /**
         * @description One request for inference. A client that sends every field and one that sends two mean the same where the values are equal
         *     to the defaults.
         */
        TaskRequest: {
            /** @description Tokens of context. Default and maximum is the model's limit. */
            ctx?: number;
            /** @description Milliseconds from admission. Default the lane's. */
            deadline_ms?: number;
            /** @default strict */
            determinism?: components["schemas"]["Determinism"];
            /** @description Default: any engine that serves the model. */
            engine?: components["schemas"]["Engine"];
            /** @description A placement hint: how many tokens the answer is likely to have. */
            expected_tokens?: number;
            /** @description The texts to embed; for `rerank` the query first, then the documents. */
            inputs?: string[];
            /** @default reuse */
            kv_hint?: components["schemas"]["KvHint"];
            /** @description For operators: a canary of the model that names this label takes the task. */
            label?: string;
            /** @description Default 256 or what `ctx` leaves; `completion` only. */
            max_tokens?: number;
            /** @description A digest (`sha256:…`) or a name of the catalog. */
            model_ref: string;
            /** @description Only this pool may run the task. */
            pin_pool_id?: components["schemas"]["PoolId"];
            /** @default interactive */
            priority?: components["schemas"]["Priority"];
            /** @description The text to complete; `completion` only. */
            prompt?: string;
            /** @description Default the lane's. */
            sampler_profile_version?: components["schemas"]["SamplerProfileVersion"];
            /** @description Default the first 4 bytes of SHA-256(`task_id`), big-endian, modulo 2^32-1. */
            seed?: number;
            /** @description Default a new session. */
            session_id?: components["schemas"]["Uuid"];
            /** @description Texts that end the completion. Default none. */
            stop?: string[];
            /** @description Unique per tenant; made by the controller if absent, and then a retry is a new task. */
            task_id?: components["schemas"]["Uuid"];
            /** @default completion */
            workload?: components["schemas"]["Workload"];
        };
        TaskResult: {
            embeddings?: components["schemas"]["Embeddings"];
            failover_ms: number | null;
            failovers: number;
            finish_reason: components["schemas"]["FinishReason"];
            /**
             * @description KV never moves between workers (ORCH-3023).
             * @constant
             */
            kv_migrated: false;
            scores?: components["schemas"]["Scores"];
            stream_digest: components["schemas"]["StreamDigest"];
            /** @description The whole text of a completion; `null` for other workloads and when canceled. */
            text: string | null;
            usage: {
                tokens_in: number | null;
                tokens_out: number | null;
            };
        };
        /** @enum {string} */
        TaskState: "queued" | "running" | "succeeded" | "failed" | "canceled";
        TaskStatus: {
            /** @description How often the task was dispatched. */
            attempts: number;
            /** @description Set once the task failed; the data of its `error` event. */
            error: components["schemas"]["ErrorEnvelope"] | null;
            /** @description `null` unless queued, and before anything was measured. */
            predicted_start_ms: number | null;
            /** @description `null` unless queued. */
            queue_position: number | null;
            /** @description Set once the task succeeded or was canceled. */
            result: components["schemas"]["TaskResult"] | null;
            session_id: components["schemas"]["Uuid"];
            /** @description The data of the `started` event; `null` before it. */
            started: components["schemas"]["StreamStarted"] | null;
            state: components["schemas"]["TaskState"];
            task_id: components["schemas"]["Uuid"];
            timings: components["schemas"]["TaskTimings"];
        };
        TaskTimings: {
            /** @description From the first token to the end. */
            decode_ms: number | null;
            /** Format: date-time */
            enqueued_at: string;
            /** @description From admission to the first dispatch. */
            queue_ms: number | null;
            /** @description From admission to the first token. */
            ttft_ms: number | null;
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
        WorkerResetError: {
            /** @enum {unknown} */
            code?: "WORKER_RESET";
        } & components["schemas"]["ErrorEnvelope"];
        /** @enum {string} */
        Workload: "completion" | "embedding" | "rerank";
    };
    responses: {
        /** @description A full queue, a rate limit, a quota or a budget; wait as advised, then send it again. A spent session budget is not `retriable`: the wait is for the same task in a new session. */
        Backpressure: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                "X-Backoff-Ms": components["headers"]["BackoffMs"];
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                "X-Queue-ETA-Ms": components["headers"]["QueueEtaMs"];
                "X-Queue-Position": components["headers"]["QueuePosition"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["BackpressureError"];
            };
        };
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
        /** @description The engine did not answer in time while it counted the prompt's tokens. */
        DecodeTimeout: {
            headers: {
                "Retry-After": components["headers"]["RetryAfterHint"];
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["DecodeTimeoutError"];
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
        /** @description The path exists, the method does not. Every path may answer it. */
        MethodNotAllowed: {
            headers: {
                Allow: components["headers"]["Allow"];
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidParamsError"];
            };
        };
        /** @description The lifecycle state of the model refuses it. */
        ModelDeprecated: {
            headers: {
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ModelDeprecatedError"];
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
        /** @description The worker died while it counted the prompt's tokens. */
        WorkerReset: {
            headers: {
                "Retry-After": components["headers"]["RetryAfterHint"];
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["WorkerResetError"];
            };
        };
    };
    parameters: {
        /**
         * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
         * @example req-2f1c
         */
        CorrelationId: string;
        /**
         * @description The `session_id`.
         * @example 5f0f4b0e-2f63-4a41-8d53-0b1f6f1f5a11
         */
        SessionId: components["schemas"]["Uuid"];
        /**
         * @description The `task_id`.
         * @example 0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10
         */
        TaskId: components["schemas"]["Uuid"];
        /**
         * @description W3C trace context, passed on to engines that take it; a malformed one is ignored.
         * @example 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
         */
        Traceparent: string;
    };
    requestBodies: never;
    headers: {
        /** @description The methods of this path. */
        Allow: string;
        /** @description The same wait in milliseconds. */
        BackoffMs: number;
        /** @description Cost units left in the session's budget; sent only where it has one. */
        BudgetCost: number;
        /** @description Milliseconds of slot time left in the session's budget; sent only where it has one. */
        BudgetTime: number;
        /** @description Tokens left in the session's budget; sent only where it has one. */
        BudgetTokens: number;
        /** @description The caller's correlation id, or a new one. */
        CorrelationId: string;
        /** @description Milliseconds until a task at that position would have started. */
        QueueEtaMs: number;
        /** @description The position the task would have had. */
        QueuePosition: number;
        /** @description Whole seconds to wait, rounded up, from the measured drain rate (or the limit's refill). */
        RetryAfter: number;
        /** @description Whole seconds to wait, rounded up, where a wait is known. */
        RetryAfterHint: number;
        /** @description Path of the task. */
        TaskLocation: string;
        /** @description Always `Bearer`. */
        WwwAuthenticate: "Bearer";
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getSession: {
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
                 * @description The `session_id`.
                 * @example 5f0f4b0e-2f63-4a41-8d53-0b1f6f1f5a11
                 */
                id: components["parameters"]["SessionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteSession: {
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
                 * @description The `session_id`.
                 * @example 5f0f4b0e-2f63-4a41-8d53-0b1f6f1f5a11
                 */
                id: components["parameters"]["SessionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended. */
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
            404: components["responses"]["NotFound"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    submitTask: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description W3C trace context, passed on to engines that take it; a malformed one is ignored.
                 * @example 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
                 */
                traceparent?: components["parameters"]["Traceparent"];
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
                "application/json": components["schemas"]["TaskRequest"];
            };
        };
        responses: {
            /** @description Admitted, and on stable storage. */
            202: {
                headers: {
                    Location: components["headers"]["TaskLocation"];
                    "X-Budget-Cost-Remaining": components["headers"]["BudgetCost"];
                    "X-Budget-Time-Remaining-Ms": components["headers"]["BudgetTime"];
                    "X-Budget-Tokens-Remaining": components["headers"]["BudgetTokens"];
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskAccepted"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            410: components["responses"]["ModelDeprecated"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UntrustedArtifact"];
            429: components["responses"]["Backpressure"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            502: components["responses"]["WorkerReset"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["DecodeTimeout"];
        };
    };
    getTask: {
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
                 * @description The `task_id`.
                 * @example 0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10
                 */
                id: components["parameters"]["TaskId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is known of the task now. */
            200: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskStatus"];
                };
            };
            400: components["responses"]["InvalidParams"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    cancelTask: {
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
                 * @description The `task_id`.
                 * @example 0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10
                 */
                id: components["parameters"]["TaskId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cancel is committed, or the task had ended before. */
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
            404: components["responses"]["NotFound"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    streamTask: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The last `id` received, unchanged. The stream goes on with exactly the text after it.
                 * @example 7.31.2d1f02aa
                 */
                "Last-Event-ID"?: string;
                /**
                 * @description Names this request in answers, logs and traces. One that is not 1 to 128 visible ASCII characters is replaced.
                 * @example req-2f1c
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /**
                 * @description The `task_id`.
                 * @example 0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10
                 */
                id: components["parameters"]["TaskId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream. Its lines are `id`, `event` and `data` as in the HTML standard; `data` is one line of JSON. */
            200: {
                headers: {
                    /** @description Always `no-store`. */
                    "Cache-Control"?: "no-store";
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description `Last-Event-ID` is that of the terminal event: nothing follows it. */
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
            404: components["responses"]["NotFound"];
            429: components["responses"]["Backpressure"];
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
export const backpressureErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["BackpressureError"]["code"]> = ["ADMISSION_REJECT", "QUEUE_FULL_DROP_LRU"];
type WithRequired<T, K extends keyof T> = T & {
    [P in K]-?: T[P];
};
export const decodeTimeoutErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["DecodeTimeoutError"]["code"]> = ["DECODE_TIMEOUT"];
export const determinismValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Determinism"]> = ["strict", "best_effort"];
export const engineValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Engine"]> = ["llamacpp", "vllm", "tgi", "triton"];
export const errorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["ErrorCode"]> = ["INVALID_PARAMS", "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "ADMISSION_REJECT", "QUEUE_FULL_DROP_LRU", "MODEL_DEPRECATED", "UNTRUSTED_ARTIFACT", "POOL_UNREADY", "POOL_UNAVAILABLE", "REPLICA_EXHAUSTED", "DEADLINE_UNMET", "WORKER_RESET", "DECODE_TIMEOUT", "INTERNAL"];
export const finishReasonValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["FinishReason"]> = ["stop", "length", "canceled"];
export const forbiddenErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["ForbiddenError"]["code"]> = ["FORBIDDEN"];
export const fullPolicyValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["FullPolicy"]> = ["reject", "drop-lru", "shed-low-priority"];
export const internalErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["InternalError"]["code"]> = ["INTERNAL"];
export const invalidParamsErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["InvalidParamsError"]["code"]> = ["INVALID_PARAMS"];
export const kvHintValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["KvHint"]> = ["reuse", "cold"];
export const modelDeprecatedErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["ModelDeprecatedError"]["code"]> = ["MODEL_DEPRECATED"];
export const notFoundErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["NotFoundError"]["code"]> = ["NOT_FOUND"];
export const poolDeterminismValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["PoolDeterminism"]> = ["single_slot", "batch_invariant", "none"];
export const priorityValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Priority"]> = ["interactive", "batch"];
export const taskStateValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["TaskState"]> = ["queued", "running", "succeeded", "failed", "canceled"];
export const unauthenticatedErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["UnauthenticatedError"]["code"]> = ["UNAUTHENTICATED"];
export const unavailableErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["UnavailableError"]["code"]> = ["POOL_UNREADY", "POOL_UNAVAILABLE", "REPLICA_EXHAUSTED", "DEADLINE_UNMET", "INTERNAL"];
export const untrustedArtifactErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["UntrustedArtifactError"]["code"]> = ["UNTRUSTED_ARTIFACT"];
export const workerResetErrorCodeValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["WorkerResetError"]["code"]> = ["WORKER_RESET"];
export const workloadValues: ReadonlyArray<FlattenedDeepRequired<components>["schemas"]["Workload"]> = ["completion", "embedding", "rerank"];
