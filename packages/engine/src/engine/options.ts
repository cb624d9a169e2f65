import type { Aliases } from './aliases.ts'
import type { EngineError } from './errors.ts'
import type { Message } from './messages.ts'
import type { Tool, ToolChoice } from './tools.ts'

/** The bytes that one stage of loading or downloading a model has processed so far. */
export interface LoadProgress {
  /** The current stage. Stages follow one another, and those that aren't needed are left out. */
  stage: 'download' | 'verify' | 'load'
  /** Bytes processed in this stage. A resumed download starts with the bytes that are already on disk. */
  loadedBytes: number
  /** All bytes of this stage; 0 as long as they are unknown. */
  totalBytes: number
}

/** How much of a prompt the model has processed (prefill). */
export interface PromptProgress {
  /** Tokens processed so far, including those from the prompt cache. */
  processedTokens: number
  /** All tokens of the prompt. */
  totalTokens: number
}

/** What calls of a model get that leave an option out, and what the model may use. */
export interface ModelOptions {
  /** Sampling. Default: that of the model's generation_config.json, or else the likeliest token each time. */
  sampling?: { [Name in keyof SamplingOptions]?: SamplingOptions[Name] | undefined } | undefined
  /** Variables of the chat template, such as `{ enable_thinking: false }`. */
  templateOptions?: Record<string, unknown> | undefined
  /** The most tokens of prompt and answer together. Default: what the model's config.json says. */
  contextTokens?: number | undefined
}

/** The settings of one model, which take precedence over those of all models. */
export interface SingleModelOptions extends ModelOptions {
  /** Whether the model stays in memory when others need room or when it is idle. Default: false. */
  pinned?: boolean | undefined
  /** Further names for the model. */
  aliases?: string[] | undefined
}

/** Limits of an engine, names for models, and what calls get that leave an option out. */
export interface ResourceOptions extends ModelOptions {
  /** Settings of single models, by name. */
  modelSettings?: Record<string, SingleModelOptions> | undefined
  /** Names for models, such as `{ fast: 'hello' }`. An alias can split its calls between models by weight. */
  aliases?: Aliases | undefined
  /** Memory for models, caches and calls together. Default: what MLX recommends, or the free memory. */
  memoryLimitBytes?: number | undefined
  /** Memory for the prompt cache of one model. Default: 2 GiB, but at most an eighth of the memory limit. */
  promptCacheBytes?: number | undefined
  /** Calls that may wait before further ones fail with QUEUE_FULL. Default: 1024. */
  queueLimit?: number | undefined
  /**
   * Unloads models that have not been used for this long: a time such as `10m`, or a number of seconds. Default: never
   * (-1).
   */
  keepAlive?: string | number | undefined
  /**
   * How long the worker may have work without a step of a model, in milliseconds. Then its calls fail with
   * WORKER_STALLED, and it is replaced. Default: 60,000. Loading and downloading a model have their own progress.
   */
  stallTimeoutMs?: number | undefined
}

/** Options of `createEngine`. Those that are left out come from mlx.config.json. */
export interface EngineOptions extends ResourceOptions {
  /**
   * A folder in the project whose mlx.config.json and Python environment to use. Default: MLX_PROJECT, or the project
   * of the script that was started, or the project of the working directory.
   */
  project?: string
  /** Where MLX computes. `gpu` fails if there is none. Default: `device` of mlx.config.json. */
  device?: 'auto' | 'gpu' | 'cpu'
  /** The Python interpreter that runs the worker. Default: the one from the setup. */
  python?: string
  /**
   * A folder with the Python packages, such as the `_vendor` that `mlx-app vendor` makes. The worker then finds packages
   * only here and in the interpreter itself: it ignores PYTHONPATH, and writes no bytecode. Default: the packages of the
   * interpreter.
   */
  site?: string
  /** Called with each line that the worker writes to standard error. */
  onLog?: (line: string) => void
  /** Called each time the worker exits unexpectedly. The next call restarts it. */
  onWorkerExit?: (error: EngineError) => void
  /**
   * Called with true if the worker has had work for 8 seconds (or half of `stallTimeoutMs`) without a step of a model, and
   * with false when it goes on or has ended.
   */
  onWorkerStall?: (stalled: boolean) => void
  /** Aborts the start with ABORTED. It has no effect once the engine has started. */
  signal?: AbortSignal
}

/** Options of `loadModel`. */
export interface LoadOptions {
  /** A folder under models/, a path that starts with . or /, or a Hugging Face ID. Default: `model` of mlx.config.json. */
  model?: string
  /** A branch, tag or commit of a Hugging Face repository. */
  revision?: string
  /**
   * A folder with a LoRA adapter as `mlx_lm.lora` makes it, or the name of one next to the models. A model with an
   * adapter counts as a model of its own.
   */
  adapter?: string
  /** Whether to download a model that is not on disk. Default: true. */
  download?: boolean
  /** Whether the model stays in memory when others need room or when it is idle. Default: false. */
  pinned?: boolean
  /** Called with the progress of the download and of loading. */
  onProgress?: (progress: LoadProgress) => void
  /** Aborts the call with ABORTED. The part that was downloaded is kept. */
  signal?: AbortSignal
}

/** Options of `downloadModel`. */
export interface DownloadOptions {
  /** A Hugging Face ID. A model that is on disk is left as it is. Default: `model` of mlx.config.json. */
  model?: string
  /** A branch, tag or commit. Default: the one in mlx.config.json for its model, otherwise the main branch. */
  revision?: string
  /** A folder for plain files, instead of the cache that all Hugging Face tools share. */
  output?: string
  /** Called with the progress of the download. */
  onProgress?: (progress: LoadProgress) => void
  /** Aborts the call with ABORTED. The part that was downloaded is kept, and the next download resumes there. */
  signal?: AbortSignal
}

/** Options of `verifyModel`. */
export interface VerifyOptions {
  /** The model, as in `LoadOptions`. */
  model?: string
  /** The revision, as in `DownloadOptions`. */
  revision?: string
  /** Called with the progress of the check. */
  onProgress?: (progress: LoadProgress) => void
  /** Aborts the call with ABORTED. */
  signal?: AbortSignal
}

/** Options of `cleanModels`. */
export interface CleanOptions {
  /** Whether to only list what would be deleted. Default: false. */
  dryRun?: boolean
}

/** Options of `describeModel`. */
export interface DescribeOptions {
  /** The model, as in `LoadOptions`. */
  model?: string
  /** The revision, as in `DownloadOptions`. */
  revision?: string
  /** Aborts the call with ABORTED. */
  signal?: AbortSignal
}

/** The input of the model: either a prompt or messages. */
export interface PromptOptions {
  /** The model, as in `LoadOptions`, or an alias. A model that is on disk is loaded if necessary. */
  model?: string
  /** Raw text that the model continues. Give either this or `messages`. */
  prompt?: string
  /** A chat, which the model's own template turns into a prompt. */
  messages?: readonly Message[]
  /** Functions that the model may call. */
  tools?: readonly Tool[]
  /** Variables of the model's chat template, such as `{ enable_thinking: false }`. */
  templateOptions?: Record<string, unknown>
  /**
   * Where lines of the system prompt that change between requests stand, such as the time, a token count or the state of
   * git. With `move`, they follow the last message, so that the prefix before them stays cached. Default: `keep`.
   */
  volatileLines?: 'keep' | 'move'
}

/** The form that an answer must have. */
export type ResponseFormat =
  | { type: 'text' }
  /** Any JSON object. */
  | { type: 'json_object' }
  /** JSON that matches a JSON Schema. */
  | { type: 'json_schema'; schema: Record<string, unknown> }
  /** Text that a regular expression matches as a whole. */
  | { type: 'regex'; pattern: string }
  /** Text of a context-free grammar in llguidance's variant of Lark. */
  | { type: 'grammar'; grammar: string }

/** The options of sampling that a model may have defaults for. */
export interface SamplingOptions {
  /** Randomness, up to 2. With 0, the likeliest token is always taken. Default: the model's own, or 0. */
  temperature?: number
  /** Samples from the likeliest tokens that together have this probability, above 0 up to 1. Default: the model's own, or 1. */
  topP?: number
  /** Samples from this many of the likeliest tokens. Default: the model's own, or 0, which means all. */
  topK?: number
  /** Leaves out tokens with less than this share of the likeliest one's probability, 0 to 1. Default: the model's own, or 0. */
  minP?: number
  /** The chance, 0 to 1, of leaving out all likely tokens except the least likely of them (XTC). Default: 0. */
  xtcProbability?: number
  /** The probability from which XTC counts a token as likely, 0 to 0.5. Default: 0.1. */
  xtcThreshold?: number
  /** Divides the score of tokens that occurred before, up to 10. Above 1, they become rarer. Default: the model's own, or 1. */
  repetitionPenalty?: number
  /** The number of last tokens, including the prompt's, that `repetitionPenalty` considers. Default: 20. */
  repetitionContext?: number
  /** Subtracted once from the score of each token that occurred before, -2 to 2. Default: 0. */
  presencePenalty?: number
  /** The number of last tokens that `presencePenalty` considers. Default: 20. */
  presenceContext?: number
  /** Subtracted from the score of a token for each time that it occurred before, -2 to 2. Default: 0. */
  frequencyPenalty?: number
  /** The number of last tokens that `frequencyPenalty` considers. Default: 20. */
  frequencyContext?: number
}

/** Options of `generate` and `complete`. Only the prompt or the messages are required. */
export interface GenerateOptions extends PromptOptions, SamplingOptions {
  /** The most tokens to generate, 1 to 1,048,576; the model's context may allow fewer. Default: 1024. */
  maxTokens?: number
  /** Added to the scores of tokens, -100 to 100, by token id. */
  logitBias?: Record<number, number>
  /**
   * An unsigned 32-bit number. The same seed gives the same text, whether or not other calls run at the same time. On
   * a GPU, a batch may round differently, so two almost equally likely tokens may change places.
   */
  seed?: number
  /** Strings that end the text and are not part of it. They are found across and inside tokens. */
  stop?: string | string[]
  /** The number of sequences to generate from the prompt, 1 to 32. Each gets its own seed. Default: 1. */
  n?: number
  /**
   * Returns the log-probability of each token and of this many alternatives, 0 to 20. They are taken after penalties,
   * biases and grammar, but before temperature and the options that leave tokens out.
   */
  logprobs?: number
  /** The form that the answer must have. Tokens that don't fit are never sampled. Default: any text. */
  responseFormat?: ResponseFormat
  /** Whether the model may or must call tools. Default: `auto`. */
  toolChoice?: ToolChoice
  /** Whether one answer may have several calls. Default: true. */
  parallelToolCalls?: boolean
  /** The number of tokens after which the model must stop thinking and begin its answer. Default: no limit. */
  reasoningTokens?: number
  /** What to do with a prompt that exceeds the context: fail (`none`, the default), or cut out its `middle`. */
  truncation?: 'none' | 'middle'
  /** Which calls go first: `interactive`, then `normal` (the default), then `batch`. None waits forever. */
  priority?: 'interactive' | 'normal' | 'batch'
  /** A name for whoever makes the call. Callers of the same priority take turns. */
  caller?: string
  /** The time after which the call fails with DEADLINE_EXCEEDED, in milliseconds. */
  deadlineMs?: number
  /** Whether to use the prompt cache: the work on a prompt is kept for later calls that begin alike. Default: true. */
  promptCache?: boolean
  /**
   * A file that keeps the processed prompt, for a long document with more than one question. It is read if it exists,
   * and otherwise written once the prompt has been processed.
   */
  cacheFile?: string
  /** A LoRA adapter, as in `LoadOptions`. */
  adapter?: string
  /** A small model with the same vocabulary that proposes tokens (speculative decoding). */
  draftModel?: string
  /** The number of tokens that the draft model proposes at a time, 1 to 32. Default: 3. */
  draftTokens?: number
  /** Quantises the KV cache of this call to this many bits. Default: no quantisation. */
  kvBits?: number
  /** The number of values that share one scale in a quantised KV cache: 32, 64 (the default) or 128. */
  kvGroupSize?: number
  /** Called with the progress of the prompt. */
  onPromptProgress?: (progress: PromptProgress) => void
  /** Aborts the call with ABORTED. */
  signal?: AbortSignal
}

/** Options of `countTokens`. */
export interface CountOptions extends PromptOptions {
  /** Aborts the call with ABORTED. */
  signal?: AbortSignal
}

/** Options of `embed`. */
export interface EmbedOptions {
  /** The model, as in `LoadOptions`. */
  model?: string
  /** The texts, 1 to 2048. */
  inputs: string[]
  /** Aborts the call with ABORTED. */
  signal?: AbortSignal
}

/** Options of `tokenise` and `detokenise`. */
export interface TokeniseOptions {
  /** The model, as in `LoadOptions`. */
  model?: string
  /** Aborts the call with ABORTED. */
  signal?: AbortSignal
}
