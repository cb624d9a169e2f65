import type {
  CleanedFile,
  LoadedModel,
  ModelOnDisk as ModelOfWorker,
  TokenLogprob,
  ToolCall,
  ToolError,
  Usage,
  VerifiedFile,
  WorkerFinishReason,
} from './protocol.ts'

/**
 * Why a sequence ended. `stop`: the model or a stop string ended it. `length`: it reached maxTokens or the end of the
 * context. `tool_calls`: it ended with calls. Another server may also give `content_filter`, or a reason of its own,
 * which is `other`.
 */
export type FinishReason = WorkerFinishReason | 'content_filter' | 'other'

/** Milliseconds, measured from the call to what its caller saw. */
export interface Timings {
  /** Time to first token (TTFT). */
  ttftMs: number
  totalMs: number
  /** Part of `ttftMs`: until the call had a place in the batch. */
  queueMs: number
  /** Decode rate: tokens after the first, by the time between first and last. 0 for a single token. */
  tokensPerSecond: number
  /** Prefill rate; tokens from the prompt cache were not read again. */
  promptTokensPerSecond: number
}

/** A piece of an answer. */
export interface Chunk {
  /** Always a string; empty where there is nothing new to show. */
  text: string
  /** Which of the `n` sequences, from 0. */
  index: number
  /** What the model thinks before it answers, for models that do. */
  reasoning?: string
  /** Calls that came to their end. */
  toolCalls?: ToolCall[]
  /** What stood where a call stands and is none. */
  toolErrors?: ToolError[]
  /** One entry for each token of this piece, where they were asked for; text may come later than its token. */
  logprobs?: TokenLogprob[]
  /** Why the sequence ended; only on its last piece. */
  finishReason?: FinishReason
  /** The server's own word for the finish reason `other`. */
  rawFinishReason?: string
  /** The stop string that ended the sequence; beside `finishReason`. Another server does not name it. */
  stopString?: string
  /** On the last piece of all, as are `timings` and `model`. */
  usage?: Usage
  timings?: Timings
  /** The model that answered. */
  model?: string
}

/** One whole sequence. */
export interface Choice {
  text: string
  /** Empty for a model that doesn't think. */
  reasoning: string
  toolCalls: ToolCall[]
  toolErrors: ToolError[]
  /** Empty unless they were asked for. */
  logprobs: TokenLogprob[]
  finishReason: FinishReason
  /** The server's own word for the finish reason `other`. */
  rawFinishReason?: string
  /** The stop string that ended it. Another server does not name it. */
  stopString?: string
}

/** A whole answer: the first sequence, and all of them as `choices`. */
export interface Answer extends Choice {
  choices: Choice[]
  usage: Usage
  timings: Timings
  model: string
}

/** An answer that was read as a value of a schema. */
export interface ObjectAnswer<Value> extends Answer {
  object: Value
}

/** The vectors of `embed`. */
export interface EmbedAnswer {
  /** One for each input, in their order; each has length 1. */
  vectors: number[][]
  usage: { promptTokens: number }
  model: string
}

/** A model that can be loaded without a download. */
export interface ModelOnDisk extends Omit<ModelOfWorker, 'place'> {
  /** The project's own folder, the package itself (hello), the cache that all Hugging Face tools share, or another server. */
  place: ModelOfWorker['place'] | 'server'
}

/** A model whose files are all here. */
export interface DownloadedModel {
  model: string
  /** The folder of its files. */
  path: string
  /** Of its files on disk. */
  bytes: number
  /** The commit on the hub; not there for a model of the project or at a path. */
  revision?: string
}

/** What `verifyModel` found. */
export interface VerifiedModel {
  model: string
  path: string
  files: VerifiedFile[]
}

/** What `removeModel` deleted. */
export interface RemovedModel {
  model: string
  path: string
  /** By what its files took on disk. */
  freedBytes: number
}

/** What `cleanModels` deleted or, as a dry run, would delete. */
export interface CleanedModels {
  /** `partial`: of a download that broke off; `unreferenced`: of no model any more. */
  removed: CleanedFile[]
  freedBytes: number
}

/** What the hub says of a model, beside what is here. */
export interface ModelDescription {
  model: string
  /** The commit. */
  revision: string
  /** Of all files that a download gets, and of those that are not here yet: 0 for a model that is on disk. */
  downloadBytes: number
  missingBytes: number
  /** Of the weights: what the model takes in memory at least. */
  weightBytes: number
  /** Whether they fit into what models, caches and calls may take; where they don't, `loadModel` refuses. */
  fits: boolean
  licence?: string
  /** Whether its owner gives access to each account. */
  gated: boolean
}

/** What an engine has loaded and under way; counts and bytes are those of this moment. */
export interface EngineStatus {
  /** `stopped` after a death, until the next call starts it again; `remote` for another server. */
  worker: 'ready' | 'stopped' | 'remote'
  pid: number | undefined
  device: 'gpu' | 'cpu' | undefined
  versions: { python: string; mlx: string; mlxLm: string } | undefined
  /** Deaths of the worker since the engine was created. */
  crashes: number
  models: LoadedModel[]
  /** Calls in the batch, and calls that wait for a place in it. */
  active: number
  queued: number
  /** What MLX holds for models and caches, keeps for reuse, and held at most. */
  memoryBytes: number
  cacheBytes: number
  peakMemoryBytes: number
  /** What models, caches and calls may take together, and what the prompt caches hold. */
  memoryLimitBytes: number
  promptCacheBytes: number
  /** Decode steps since the worker started. */
  steps: number
}

export type { CleanedFile, LoadedModel, TokenLogprob, ToolCall, ToolError, Usage, VerifiedFile }
