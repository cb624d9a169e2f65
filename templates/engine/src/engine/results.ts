import type { FinishReason, LoadedModel, ModelOnDisk, Usage } from './protocol.ts'

/** Milliseconds, measured from the call to what its caller saw. */
export interface Timings {
  /** Time to first token (TTFT). */
  ttftMs: number
  totalMs: number
  /** Part of `ttftMs`: until the call had a place in the batch. */
  queueMs: number
  /** Decode rate: tokens after the first, by the time between first and last. 0 for a single token. */
  tokensPerSecond: number
  /** Prefill rate. */
  promptTokensPerSecond: number
}

/** A piece of an answer. The last one has all the other fields too. */
export interface Chunk {
  /** Always a string; empty where there is nothing new to show. */
  text: string
  /** `stop`: the model or a stop string ended it; `length`: maxTokens or the context did. */
  finishReason?: FinishReason
  usage?: Usage
  timings?: Timings
  /** The model that answered. */
  model?: string
}

/** A whole answer. */
export interface Answer {
  text: string
  finishReason: FinishReason
  usage: Usage
  timings: Timings
  model: string
}

export interface EngineStatus {
  /** `stopped` after a death, until the next call starts it again. */
  worker: 'ready' | 'stopped'
  pid: number | undefined
  device: 'gpu' | 'cpu'
  versions: { python: string; mlx: string; mlxLm: string }
  /** Deaths of the worker since the engine was created. */
  deaths: number
  models: LoadedModel[]
  /** Calls in the batch, and calls that wait for a place in it. */
  active: number
  queued: number
  /** What MLX holds for models and caches, keeps for reuse, and held at most. */
  memoryBytes: number
  cacheBytes: number
  peakMemoryBytes: number
  /** Decode steps since the worker started. */
  steps: number
}

export type { FinishReason, LoadedModel, ModelOnDisk, Usage }
