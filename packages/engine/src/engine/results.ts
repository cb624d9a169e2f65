import type {
  CleanedFile,
  LoadedModel,
  ModelDefault,
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

/** The timings of a call as its caller sees them. Those in milliseconds start at the call. */
export interface Timings {
  /** Time to first token (TTFT). */
  ttftMs: number
  /** Time until the end of the answer. */
  totalMs: number
  /** The part of `ttftMs` in which the call waited for a place in the batch. */
  queueMs: number
  /** Decode rate: the tokens after the first per second between first and last. 0 for a single token. */
  tokensPerSecond: number
  /** Prefill rate, without the tokens from the prompt cache. */
  promptTokensPerSecond: number
}

/** A piece of a streamed answer. */
export interface Chunk {
  /** New text. It is empty if there is none. */
  text: string
  /** Which of the `n` sequences the piece belongs to, from 0. */
  index: number
  /** New text of what the model thinks before it answers. */
  reasoning?: string
  /** Calls that are complete. */
  toolCalls?: ToolCall[]
  /** Text in the place of a call that can't be parsed as one. */
  toolErrors?: ToolError[]
  /** One entry for each token of this piece, if requested. Text may come later than its token. */
  logprobs?: TokenLogprob[]
  /** Why the sequence ended; only on its last piece. */
  finishReason?: FinishReason
  /** The server's own word for the finish reason `other`. */
  rawFinishReason?: string
  /** The stop string that ended the sequence; beside `finishReason`. Another server does not name it. */
  stopString?: string
  /** Lines of the system prompt that `volatileLines` moved or left out, if any; only with `finishReason`. */
  movedLines?: number
  /** Token counts; only on the last piece of the answer. */
  usage?: Usage
  /** Timings; only on the last piece of the answer. */
  timings?: Timings
  /** The model that answered; only on the last piece of the answer. */
  model?: string
}

/** One complete sequence. */
export interface Choice {
  text: string
  /** What the model thought before it answered. It is empty for a model that doesn't think. */
  reasoning: string
  toolCalls: ToolCall[]
  toolErrors: ToolError[]
  /** One entry for each token, if requested. */
  logprobs: TokenLogprob[]
  finishReason: FinishReason
  /** The server's own word for the finish reason `other`. */
  rawFinishReason?: string
  /** The stop string that ended it. Another server does not name it. */
  stopString?: string
}

/** A complete answer: the first sequence, and all sequences as `choices`. */
export interface Answer extends Choice {
  choices: Choice[]
  usage: Usage
  timings: Timings
  model: string
}

/** An answer that was parsed as a value of a schema. */
export interface ObjectAnswer<Value> extends Answer {
  object: Value
}

/** The answer of `embed`. */
export interface EmbedAnswer {
  /** One vector of length 1 for each input, in the same order. */
  vectors: number[][]
  usage: { promptTokens: number }
  model: string
}

/** A model that can be loaded without a download. */
export interface ModelOnDisk extends Omit<ModelOfWorker, 'place'> {
  /** The project's own folder, the package (for hello), the cache that Hugging Face tools share, or another server. */
  place: ModelOfWorker['place'] | 'server'
}

/** A model whose files are all on disk. */
export interface DownloadedModel {
  model: string
  /** The folder of the files. */
  path: string
  /** Size of the files on disk. */
  bytes: number
  /** The commit on the hub. It is missing for a model of the project or at a path. */
  revision?: string
}

/** The answer of `verifyModel`. */
export interface VerifiedModel {
  model: string
  path: string
  files: VerifiedFile[]
}

/** The answer of `removeModel`. */
export interface RemovedModel {
  model: string
  path: string
  /** The size that the files had on disk. */
  freedBytes: number
}

/** What `cleanModels` deleted, or would delete in a dry run. */
export interface CleanedModels {
  /** Files of interrupted downloads (`partial`), and files that no model refers to (`unreferenced`). */
  removed: CleanedFile[]
  freedBytes: number
}

/** What the hub knows about a model, and how much of it is on disk. */
export interface ModelDescription {
  model: string
  /** The commit. */
  revision: string
  /** Size of all files that a download fetches. */
  downloadBytes: number
  /** Size of the files that are not on disk yet. */
  missingBytes: number
  /** Size of the weights, which is the least memory that the model needs. */
  weightBytes: number
  /** Whether the weights fit into the memory limit. If they don't, `loadModel` fails. */
  fits: boolean
  licence?: string
  /** Whether the owner grants access to each account individually. */
  gated: boolean
}

/** The loaded models, calls in progress and memory of an engine at this moment. */
export interface EngineStatus {
  /** `stopped` after a crash, until the next call restarts the worker; `remote` for another server. */
  worker: 'ready' | 'stopped' | 'remote'
  pid: number | undefined
  device: 'gpu' | 'cpu' | undefined
  versions: { python: string; mlx: string; mlxLm: string } | undefined
  /** Crashes of the worker since the engine was created. */
  crashes: number
  models: LoadedModel[]
  /** Calls that are being prefilled or decoded. */
  active: number
  /** Calls that wait. */
  queued: number
  /** Memory that MLX uses for models and caches. */
  memoryBytes: number
  /** Memory that MLX keeps for reuse. */
  cacheBytes: number
  /** The most memory that MLX has used. */
  peakMemoryBytes: number
  /** The limit for models, caches and calls together. */
  memoryLimitBytes: number
  /** Memory that the prompt caches use. */
  promptCacheBytes: number
  /** Decode steps since the worker started. */
  steps: number
  /** Unix time of the last step in milliseconds, or null before it. */
  lastStepAt: number | null
}

export type { CleanedFile, LoadedModel, ModelDefault, TokenLogprob, ToolCall, ToolError, Usage, VerifiedFile }
