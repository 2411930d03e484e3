/**
 * Makes the adapter of one pool's worker: Triton over HTTP or gRPC, or `trtllm-serve`. It owns that choice and the addresses
 * of the ports; what is spoken there is the adapters'.
 */
import type { AdapterOptions, CreateAdapter } from '@llama-orch/adapter-api';
import { GrpcFront } from './grpc-front.ts';
import { HttpFront } from './http-front.ts';
import { createMetricsHttp, KserveAdapter } from './kserve-adapter.ts';
import { TrtllmServeAdapter } from './trtllm-adapter.ts';

const defaultGrpcPort = 8001;
const defaultMetricsPort = 8002;

/** A canceled RPC: seen within 100 ms, acted on between two steps, shown within another 100 ms. */
const grpcCancelBoundMs = 2_000;
/** A closed connection: only seen while responses are under way, so a request in prefill runs to its first token. */
const httpCancelBoundMs = 30_000;

/**
 * By `access.protocol`, gRPC by default: only there a cancel and the end of an answer are sure things for every kind of model.
 *
 * @req ORCH-3057, ORCH-3113
 */
export const createTritonAdapter: CreateAdapter = (options) => {
  switch (options.access?.protocol ?? 'grpc') {
    case 'trtllm-serve':
      return new TrtllmServeAdapter(options);
    case 'http':
      return createKserve(options, new HttpFront(options), httpCancelBoundMs);
    case 'grpc':
      return createKserve(
        options,
        new GrpcFront(withPort(options.baseUrl, options.access?.grpcPort ?? defaultGrpcPort), options),
        grpcCancelBoundMs,
      );
  }
};

const createKserve = (options: AdapterOptions, front: HttpFront | GrpcFront, cancelBoundMs: number): KserveAdapter => {
  const { origin } = withPort(options.baseUrl, options.access?.metricsPort ?? defaultMetricsPort);
  const { declared, nowMs } = options;
  return new KserveAdapter({
    front,
    metrics: createMetricsHttp({ ...options, baseUrl: origin }),
    modelName: declared?.modelName ?? 'ensemble',
    ctxTokens: declared?.ctxTokens ?? null,
    cancelBoundMs,
    nowMs,
  });
};

const withPort = (baseUrl: string, port: number): URL => {
  const url = new URL(baseUrl);
  url.port = String(port);
  return url;
};
