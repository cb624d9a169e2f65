export { createEngine, type Engine } from './engine.ts'
export { EngineError, type EngineErrorCode, engineErrorCodes } from './errors.ts'
export { limits } from './limits.ts'
export type { EngineOptions, GenerateOptions, LoadOptions, LoadProgress } from './options.ts'
export type { Message } from './protocol.ts'
export type {
  Answer,
  Chunk,
  EngineStatus,
  FinishReason,
  LoadedModel,
  ModelOnDisk,
  Timings,
  Usage,
} from './results.ts'
