/**
 * An HTTP server for MLX models that is compatible with OpenAI's and Anthropic's clients. `runServer` runs it as a
 * program, `startServer` inside another program. `createServices` and `createApp` build an app to serve yourself.
 */
export { createApp } from './app.ts'
export type { Authenticate, Caller } from './caller.ts'
export type { Api, ApiEnv, Services } from './context.ts'
export type { EngineService } from './engine-service.ts'
export { ApiError, type ApiErrorOptions, type ErrorStatus } from './errors.ts'
export type { GenerationLimiter, GenerationRecord } from './generation-limiter.ts'
export { KeyError } from './keys/records.ts'
export { StartError } from './listen-errors.ts'
export type { Metrics } from './operations/metrics.ts'
export { runServer } from './run.ts'
export type { ServedModel, ServedModels } from './served-models.ts'
export type { State } from './server-state.ts'
export { createServices, type ServicesOptions } from './services.ts'
export { readSettings, SettingError, type Settings } from './settings.ts'
export {
  type ListeningServer,
  listen,
  type RunningServer,
  type ServedApp,
  type StartOptions,
  startServer,
} from './start.ts'
