import type { Aliases } from './aliases.ts'
import type { EngineError } from './errors.ts'
import type { Message } from './messages.ts'
import type { Tool, ToolChoice } from './tools.ts'

/**
 * Bytes of a download, of files whose hashes are compared, or of weights read into memory. `totalBytes` is 0 as long
 * as it is unknown. A download that is resumed begins at the bytes that are here.
 */
export interface LoadProgress {
  /** What is being done: one after the other, and those that are not needed are left out. */
  stage: 'download' | 'verify' | 'load'
  /** Done of this stage. */
  loadedBytes: number
  /** All of this stage; 0 as long as it is unknown. */
  totalBytes: number
}

/** How much of a prompt was read; `totalTokens` counts those that came from the prompt cache too. */
export interface PromptProgress {
  /** Read so far. */
  processedTokens: number
  /** All of the prompt. */
  totalTokens: number
}

/** What an engine may use. */
export interface ResourceOptions {
  /** Names for models: `{ fast: 'hello' }`, or several by weight for a trial of a new one. */
  aliases?: Aliases | undefined
  /** What models, caches and calls may take together; default: what MLX recommends, or the memory that is free. */
  memoryLimitBytes?: number | undefined
  /** What the prompt cache of one model may take; default 2 GiB, and never more than an eighth of the limit. */
  promptCacheBytes?: number | undefined
  /** Calls that may wait for a place before more are refused with QUEUE_FULL; default 1024. */
  queueLimit?: number | undefined
  /** Unloads models that nobody used for so long; default: never. */
  idleUnloadMs?: number | undefined
}

/** What is not given is taken from mlx.config.json. */
export interface EngineOptions extends ResourceOptions {
  /** A folder in the project whose mlx.config.json and environment are used; default: MLX_PROJECT, else the project of the script that was started, else of the working directory. */
  project?: string
  /** Where MLX computes; default: `device` of mlx.config.json. `gpu` fails where there is none. */
  device?: 'auto' | 'gpu' | 'cpu'
  /** The Python interpreter to run the worker with, in place of the one that the set-up made. */
  python?: string
  /** Gets each line that the worker writes to its standard error. */
  onLog?: (line: string) => void
  /** Hears of each death of the worker that nobody asked for; the next call, `loadModel` among them, starts it again. */
  onWorkerExit?: (error: EngineError) => void
  /** Ends the start with ABORTED; it has no effect on a started engine. */
  signal?: AbortSignal
}

/** Which model to bring into memory, and how. */
export interface LoadOptions {
  /** A folder under models/, a path that starts with . or /, or a Hugging Face id; default: mlx.config.json. */
  model?: string
  /** Branch, tag or commit of a Hugging Face repository. */
  revision?: string
  /** A folder with a LoRA adapter, or the name of one beside the models, as `mlx_lm.lora` makes it. Model and adapter count as a model of their own. */
  adapter?: string
  /** Whether a model that is not on disk is downloaded; default true. */
  download?: boolean
  /** Keeps it in memory when room is needed, and when it is idle; default false. */
  pinned?: boolean
  /** Hears how far it is. */
  onProgress?: (progress: LoadProgress) => void
  /** Ends with ABORTED; what was downloaded stays. */
  signal?: AbortSignal
}

/** Which model to get, and where its files go. */
export interface DownloadOptions {
  /** A Hugging Face id; default: mlx.config.json. A model that is here already is left as it is. */
  model?: string
  /** Branch, tag or commit; default: the one of mlx.config.json for its model, else the main branch. */
  revision?: string
  /** A folder that gets plain files, in place of the cache that Hugging Face tools share. */
  output?: string
  /** Hears how far it is. */
  onProgress?: (progress: LoadProgress) => void
  /** Ends with ABORTED; what was downloaded stays, and the next download goes on from there. */
  signal?: AbortSignal
}

/** Which model to check. */
export interface VerifyOptions {
  /** As in `LoadOptions`. */
  model?: string
  /** As in `DownloadOptions`. */
  revision?: string
  /** Hears how far it is. */
  onProgress?: (progress: LoadProgress) => void
  /** Ends with ABORTED. */
  signal?: AbortSignal
}

/** What to clean up. */
export interface CleanOptions {
  /** Tells what would be deleted, and deletes nothing; default false. */
  dryRun?: boolean
}

/** Which model to ask the hub about. */
export interface DescribeOptions {
  /** As in `LoadOptions`. */
  model?: string
  /** As in `DownloadOptions`. */
  revision?: string
  /** Ends with ABORTED. */
  signal?: AbortSignal
}

/** What the model reads: a prompt or messages, never both. */
export interface PromptOptions {
  /** As in `LoadOptions`, or an alias. A model that is on disk but not loaded is loaded first. */
  model?: string
  /** Raw text that the model goes on with. Either this or `messages`. */
  prompt?: string
  /** A chat, put into the model's own template. */
  messages?: readonly Message[]
  /** Functions that the model may call. */
  tools?: readonly Tool[]
  /** Variables of the model's chat template, as `{ enable_thinking: false }`. */
  templateOptions?: Record<string, unknown>
}

/** What an answer must look like. */
export type ResponseFormat =
  | { type: 'text' }
  /** Any JSON object. */
  | { type: 'json_object' }
  /** JSON that a JSON Schema allows. */
  | { type: 'json_schema'; schema: Record<string, unknown> }
  /** Text that a regular expression matches as a whole. */
  | { type: 'regex'; pattern: string }
  /** Text of a context-free grammar in llguidance's variant of Lark. */
  | { type: 'grammar'; grammar: string }

/** What to generate, and how. All but the prompt or the messages is optional. */
export interface GenerateOptions extends PromptOptions {
  /** Most tokens to generate, 1 to 1,048,576; default 1024, and never more than the model's context holds. */
  maxTokens?: number
  /** 0 (default) takes the likeliest token each time; up to 2. */
  temperature?: number
  /** Samples among the likeliest tokens that together have this probability, above 0 up to 1; default 1. */
  topP?: number
  /** Samples among this many likeliest tokens; default 0, all. */
  topK?: number
  /** Leaves out tokens less likely than this share of the likeliest, 0 to 1; default 0. */
  minP?: number
  /** Chance of leaving out all likely tokens but the least likely of them (XTC), 0 to 1; default 0. */
  xtcProbability?: number
  /** What XTC calls likely, 0 to 0.5; default 0.1. */
  xtcThreshold?: number
  /** Divides the score of tokens that came before; above 1 makes them rarer, up to 10; default 1. */
  repetitionPenalty?: number
  /** How many of the last tokens, the prompt's too, `repetitionPenalty` looks at; default 20. */
  repetitionContext?: number
  /** Taken off the score of tokens that came before, once each, -2 to 2; default 0. */
  presencePenalty?: number
  /** As `repetitionContext`. */
  presenceContext?: number
  /** Taken off the score of tokens for each time that they came before, -2 to 2; default 0. */
  frequencyPenalty?: number
  /** As `repetitionContext`. */
  frequencyContext?: number
  /** Added to the score of a token, -100 to 100, by its id. */
  logitBias?: Record<number, number>
  /**
   * An unsigned 32-bit number: the same seed gives the same text, alone and beside other calls. On a GPU a batch may
   * round differently, and then two tokens that are as good as equal may change places.
   */
  seed?: number
  /** Strings that end the text, and are not part of it. They are found across and inside tokens. */
  stop?: string | string[]
  /** Sequences to generate from one reading of the prompt, 1 (default) to 32; each gets a seed of its own. */
  n?: number
  /**
   * Tells the log-probability of each token and of so many alternatives, 0 to 20: after penalties, biases and
   * grammar, before temperature and what leaves tokens out.
   */
  logprobs?: number
  /** What the answer must look like; tokens that don't fit are never sampled. Default: any text. */
  responseFormat?: ResponseFormat
  /** Default `auto`. */
  toolChoice?: ToolChoice
  /** Whether several calls may come in one answer; default true. */
  parallelToolCalls?: boolean
  /** Ends the model's thinking after so many tokens, so that the answer begins. Default: no limit. */
  reasoningTokens?: number
  /** What happens to a prompt over the context: `none` (default) is an error, `middle` takes out its middle. */
  truncation?: 'none' | 'middle'
  /** `interactive` goes before `normal` (default), that before `batch`; none of them starves. */
  priority?: 'interactive' | 'normal' | 'batch'
  /** Whoever asks, as a name: callers of one priority take turns. */
  caller?: string
  /** Ends the call with DEADLINE_EXCEEDED after so many milliseconds, wherever it is. */
  deadlineMs?: number
  /** Whether what was read of the prompt is kept for calls that begin alike, and taken from there; default true. */
  promptCache?: boolean
  /**
   * A file that keeps what was read of the prompt: taken from there if it exists, written after reading otherwise.
   * For a long document that is asked about more than once.
   */
  cacheFile?: string
  /** As in `LoadOptions`. */
  adapter?: string
  /** A small model of the same vocabulary that proposes tokens (speculative decoding). */
  draftModel?: string
  /** How many tokens the draft model proposes at once, 1 to 32; default 3. */
  draftTokens?: number
  /** Keeps the KV cache of this call quantised to so many bits; default: not. */
  kvBits?: number
  /** Numbers that share one scale in a quantised KV cache: 32, 64 (default) or 128. */
  kvGroupSize?: number
  /** Hears how much of the prompt was read. */
  onPromptProgress?: (progress: PromptProgress) => void
  /** Ends the call with ABORTED. */
  signal?: AbortSignal
}

/** What to count the tokens of. */
export interface CountOptions extends PromptOptions {
  /** Ends with ABORTED. */
  signal?: AbortSignal
}

/** Texts to give vectors for. */
export interface EmbedOptions {
  /** As in `LoadOptions`. */
  model?: string
  /** 1 to 2048 texts. */
  inputs: string[]
  /** Ends with ABORTED. */
  signal?: AbortSignal
}

/** Whose tokens are meant. */
export interface TokeniseOptions {
  /** As in `LoadOptions`. */
  model?: string
  /** Ends with ABORTED. */
  signal?: AbortSignal
}
