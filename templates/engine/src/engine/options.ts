import * as z from 'zod'
import { EngineError } from './errors.ts'
import { limits } from './limits.ts'
import { messageSchema, samplingShape, stopString } from './protocol.ts'

const signal = z.instanceof(AbortSignal).optional()
const model = z.string().min(1).max(limits.modelCharacters).optional()

const generateSchema = z
  .strictObject({
    model,
    prompt: z.string().min(1).optional(),
    messages: z.array(messageSchema).min(1).max(limits.messages).optional(),
    ...samplingShape,
    stop: z.union([samplingShape.stop, stopString.transform((stop) => [stop])]),
    signal,
  })
  .refine((options) => (options.prompt === undefined) !== (options.messages === undefined), {
    error: 'Give either prompt or messages.',
  })

const loadSchema = z.strictObject({
  model,
  revision: z.string().min(1).optional(),
  download: z.boolean().default(true),
  onProgress: z.custom<(progress: LoadProgress) => void>((value) => typeof value === 'function').optional(),
  signal,
})

const engineSchema = z.strictObject({
  project: z.string().min(1).optional(),
  device: z.enum(['auto', 'gpu', 'cpu']).optional(),
  python: z.string().min(1).optional(),
  onLog: z.custom<(line: string) => void>((value) => typeof value === 'function').optional(),
})

/** Bytes of a download, or of weights read into memory. `totalBytes` is 0 as long as it is unknown. */
export interface LoadProgress {
  stage: 'download' | 'load'
  loadedBytes: number
  totalBytes: number
}

export interface EngineOptions {
  /** A folder inside the project whose mlx.config.json is used; default: the project that this file is in. */
  project?: string
  /** Where MLX computes; default: `device` of mlx.config.json. `gpu` fails where there is none. */
  device?: 'auto' | 'gpu' | 'cpu'
  /** The Python interpreter to run the worker with, in place of the one that `npm run setup` made. */
  python?: string
  /** Gets each line that the worker writes to its standard error. */
  onLog?: (line: string) => void
}

export interface LoadOptions {
  /** A folder under models/, a path that starts with . or /, or a Hugging Face id; default: mlx.config.json. */
  model?: string
  /** Branch, tag or commit of a Hugging Face repository. */
  revision?: string
  /** Whether a model that is not on disk is downloaded; default true. */
  download?: boolean
  onProgress?: (progress: LoadProgress) => void
  signal?: AbortSignal
}

export interface GenerateOptions {
  /** As in `LoadOptions`. A model that is on disk but not loaded is loaded first. */
  model?: string
  /** Raw text that the model goes on with. Either this or `messages`. */
  prompt?: string
  /** A chat, put into the model's own template. */
  messages?: { role: 'system' | 'user' | 'assistant' | 'tool'; content: string }[]
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
  /** An unsigned 32-bit number: the same seed gives the same text, alone and beside other calls. */
  seed?: number
  /** Strings that end the text, and are not part of it. They are found across and inside tokens. */
  stop?: string | string[]
  /** Ends the call with ABORTED. */
  signal?: AbortSignal
}

export type CheckedGenerate = z.output<typeof generateSchema>
export type CheckedLoad = z.output<typeof loadSchema>
export type CheckedEngine = z.output<typeof engineSchema>

/** @throws EngineError INVALID_REQUEST that names each wrong option and its bound. */
export const checkGenerate = (options: GenerateOptions) => check(generateSchema, options, 'generate')

/** @throws EngineError INVALID_REQUEST that names each wrong option and its bound. */
export const checkLoad = (options: LoadOptions) => check(loadSchema, options, 'loadModel')

/** @throws EngineError INVALID_REQUEST that names each wrong option and its bound. */
export const checkEngine = (options: EngineOptions) => check(engineSchema, options, 'createEngine')

function check<Schema extends z.ZodType>(schema: Schema, options: unknown, name: string): z.output<Schema> {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  throw new EngineError('INVALID_REQUEST', `${name}: ${z.prettifyError(parsed.error)}`)
}
