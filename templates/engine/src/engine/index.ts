export type { Aliases } from './aliases.ts'
export { collect } from './collect.ts'
export { createEngine } from './create-engine.ts'
export type { Engine } from './engine.ts'
export { EngineError, type EngineErrorCode, engineErrorCodes } from './errors.ts'
export { limits } from './limits.ts'
export type { ContentPart, Message } from './messages.ts'
export type {
  CountOptions,
  EmbedOptions,
  EngineOptions,
  GenerateOptions,
  LoadOptions,
  LoadProgress,
  PromptOptions,
  PromptProgress,
  ResponseFormat,
  TokeniseOptions,
} from './options.ts'
export type { RemoteOptions } from './remote/options.ts'
export type {
  Answer,
  Choice,
  Chunk,
  EmbedAnswer,
  EngineStatus,
  FinishReason,
  LoadedModel,
  ModelOnDisk,
  ObjectAnswer,
  Timings,
  TokenLogprob,
  ToolCall,
  ToolError,
  Usage,
} from './results.ts'
export type { Tool, ToolChoice } from './tools.ts'
