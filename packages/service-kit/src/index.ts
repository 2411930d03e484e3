/**
 * Public surface: what every service shares before it is itself.
 */
export { anonymousPrincipal, createKeyring, digestKey, type Keyring, newKey, type Principal } from './api-key.ts';
export { type CommandSpec, parseFlags, type ParsedFlags, type ServiceFlags } from './command-line.ts';
export { type DataDirLock, lockDataDir } from './data-dir-lock.ts';
export { type ConfiguredPool, toConfiguredPool, toDesiredPool } from './desired-pool.ts';
export {
  errorHandler,
  type GuardEnv,
  guardRequests,
  type HonoGuardOptions,
  notFoundHandler,
  principalOf,
  requireScope,
} from './hono-guard.ts';
export { assertSafeListen, isLoopbackHost, type ListenAddress, parseListenAddress, toUrl } from './listen-address.ts';
export { listenOn } from './listen-on.ts';
export { type LoadedAgent, type LoadedController, loadAgentConfig, loadControllerConfig, type LoadOptions } from './load-config.ts';
export { createLogger, type Logger, type LogOptions, wantsPrettyLog } from './log.ts';
export { identityOf, isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';
export { type RenderedError, renderError } from './render-error.ts';
export {
  type Admitted,
  checkScope,
  createRequestGuard,
  type GuardOptions,
  headerReader,
  type Opened,
  type Refused,
  type RequestGuard,
  type RequestHead,
  type RequestTrace,
} from './request-guard.ts';
export { type Environment, readSecret, readSecretFile, type SecretResult } from './secret.ts';
export { onShutdown, type Shutdown, type ShutdownOptions, type SignalSource } from './shutdown.ts';
export { ExitCode, StartError } from './start-error.ts';
