export type { Aliases } from './aliases.ts'
export { collect } from './collect.ts'
export { createEngine } from './create-engine.ts'
export { isDuration } from './duration.ts'
export type { Engine } from './engine.ts'
export { EngineError, type EngineErrorCode, engineErrorCodes } from './errors.ts'
export { limits } from './limits.ts'
export type { ContentPart, Message } from './messages.ts'
export type {
  CleanOptions,
  CountOptions,
  DescribeOptions,
  DownloadOptions,
  EmbedOptions,
  EngineOptions,
  GenerateOptions,
  LoadOptions,
  LoadProgress,
  ModelOptions,
  PromptOptions,
  PromptProgress,
  ResponseFormat,
  SamplingOptions,
  SingleModelOptions,
  TokeniseOptions,
  VerifyOptions,
} from './options.ts'
export type { RemoteOptions } from './remote/options.ts'
export type {
  Answer,
  Choice,
  Chunk,
  CleanedFile,
  CleanedModels,
  DownloadedModel,
  EmbedAnswer,
  EngineStatus,
  FinishReason,
  LoadedModel,
  ModelDefault,
  ModelDescription,
  ModelOnDisk,
  ObjectAnswer,
  RemovedModel,
  Timings,
  TokenLogprob,
  ToolCall,
  ToolError,
  Usage,
  VerifiedFile,
  VerifiedModel,
} from './results.ts'
export type { Tool, ToolChoice, ToolGrammar } from './tools.ts'
