import * as z from 'zod'
import { durationSchema } from './duration.ts'
import { EngineError } from './errors.ts'
import { limits } from './limits.ts'
import { messagesSchema } from './messages.ts'
import { modelSettingsShape } from './model-settings.ts'
import type {
  CleanOptions,
  CountOptions,
  DescribeOptions,
  DownloadOptions,
  EmbedOptions,
  EngineOptions,
  GenerateOptions,
  LoadOptions,
  LoadProgress,
  PromptProgress,
  TokeniseOptions,
  VerifyOptions,
} from './options.ts'
import { promptShape, responseFormatSchema, samplingShape, servingShape, stopString } from './protocol.ts'
import { toolChoiceSchema, toolsSchema } from './tools.ts'

const signal = z.instanceof(AbortSignal).optional()
const model = z.string().min(1).max(limits.modelCharacters).optional()
const adapter = model

function callback<Argument>() {
  return z.custom<(argument: Argument) => void>((value) => typeof value === 'function').optional()
}

const promptOptions = {
  model,
  prompt: z.string().min(1).optional(),
  messages: messagesSchema.optional(),
  tools: toolsSchema.default([]),
  templateOptions: promptShape.templateOptions,
  volatileLines: promptShape.volatileLines,
}

interface Input {
  prompt?: string | undefined
  messages?: unknown
}

const hasInput = ({ prompt, messages }: Input) => prompt !== undefined || messages !== undefined
const hasOneInput = ({ prompt, messages }: Input) => prompt === undefined || messages === undefined
const noInput = { error: 'Give prompt or messages.' }
const twoInputs = { error: 'Give prompt or messages, not both.' }

export const generateSchema = z
  .strictObject({
    ...promptOptions,
    ...samplingShape,
    stop: z.union([samplingShape.stop, stopString.transform((stop) => [stop])]),
    ...servingShape,
    logprobs: servingShape.logprobs.unwrap().unwrap().optional(),
    responseFormat: z
      .union([z.strictObject({ type: z.literal('text') }), responseFormatSchema])
      .default({ type: 'text' }),
    toolChoice: toolChoiceSchema.default('auto'),
    reasoningTokens: servingShape.reasoningTokens.unwrap().unwrap().optional(),
    deadlineMs: servingShape.deadlineMs.unwrap().unwrap().optional(),
    cacheFile: servingShape.cacheFile.unwrap().unwrap().optional(),
    adapter,
    draftModel: model,
    kvBits: servingShape.kvBits.unwrap().unwrap().optional(),
    seed: samplingShape.seed.unwrap().unwrap().optional(),
    onPromptProgress: callback<PromptProgress>(),
    signal,
  })
  .refine(hasInput, noInput)
  .refine(hasOneInput, twoInputs)
  .refine(({ toolChoice, tools }) => tools.length > 0 || toolChoice === 'auto' || toolChoice === 'none', {
    error: 'toolChoice requires a call, but tools is empty.',
  })
  .refine(
    ({ toolChoice, tools }) =>
      typeof toolChoice === 'string' || tools.some(({ name }) => name === toolChoice.name),
    { error: 'toolChoice names a tool that is not in tools.' },
  )
  .refine(({ kvBits }) => kvBits === undefined || [2, 3, 4, 5, 6, 8].includes(kvBits), {
    error: 'kvBits must be 2, 3, 4, 5, 6 or 8.',
  })
  .refine(({ kvGroupSize }) => [32, 64, 128].includes(kvGroupSize), {
    error: 'kvGroupSize must be 32, 64 or 128.',
  })
  .refine(({ kvBits, draftModel }) => kvBits === undefined || draftModel === undefined, {
    error: 'kvBits and draftModel cannot be combined.',
  })
  .refine(({ cacheFile, ...rest }) => !cacheFile || (!rest.kvBits && !rest.draftModel), {
    error: 'cacheFile cannot be combined with kvBits or draftModel.',
  })

export const countSchema = z
  .strictObject({ ...promptOptions, signal })
  .refine(hasInput, noInput)
  .refine(hasOneInput, twoInputs)

export const embedSchema = z.strictObject({
  model,
  inputs: z.array(z.string().min(1)).min(1).max(limits.embeddingInputs),
  signal,
})

export const tokeniseSchema = z.strictObject({ model, signal })

const revision = z.string().min(1).optional()
const onProgress = callback<LoadProgress>()

export const loadSchema = z.strictObject({
  model,
  revision,
  adapter,
  download: z.boolean().default(true),
  pinned: z.boolean().default(false),
  onProgress,
  signal,
})

export const downloadSchema = z.strictObject({
  model,
  revision,
  output: z.string().min(1).optional(),
  onProgress,
  signal,
})

export const verifySchema = z.strictObject({ model, revision, onProgress, signal })

export const cleanSchema = z.strictObject({ dryRun: z.boolean().default(false) })

export const describeSchema = z.strictObject({ model, revision, signal })

const bytes = z.int().min(0)

/** The options that both mlx.config.json and createEngine have. Those of createEngine take precedence. */
export const resourceShape = {
  ...modelSettingsShape,
  memoryLimitBytes: bytes.optional(),
  promptCacheBytes: bytes.optional(),
  queueLimit: z.int().min(1).max(limits.queue).optional(),
  keepAlive: durationSchema.optional(),
  stallTimeoutMs: z.int().min(1).optional(),
}

export const engineSchema = z.strictObject({
  project: z.string().min(1).optional(),
  device: z.enum(['auto', 'gpu', 'cpu']).optional(),
  python: z.string().min(1).optional(),
  site: z.string().min(1).optional(),
  ...resourceShape,
  onLog: callback<string>(),
  onWorkerExit: callback<EngineError>(),
  onWorkerStall: callback<boolean>(),
  signal,
})

export type CheckedGenerate = z.output<typeof generateSchema>
export type CheckedLoad = z.output<typeof loadSchema>

/** @throws EngineError INVALID_REQUEST, which names each invalid option and its limit. */
export const checkGenerate = (options: GenerateOptions) => check(generateSchema, options, 'generate')

/** @throws EngineError INVALID_REQUEST, which names each invalid option and its limit. */
export const checkCount = (options: CountOptions) => check(countSchema, options, 'countTokens')

/** @throws EngineError INVALID_REQUEST, which names each invalid option and its limit. */
export const checkTokenise = (options: TokeniseOptions, name: 'tokenise' | 'detokenise') =>
  check(tokeniseSchema, options, name)

/** @throws EngineError INVALID_REQUEST, which names each invalid option and its limit. */
export const checkEmbed = (options: EmbedOptions) => check(embedSchema, options, 'embed')

/** @throws EngineError INVALID_REQUEST, which names each invalid option and its limit. */
export const checkLoad = (options: LoadOptions) => check(loadSchema, options, 'loadModel')

/** @throws EngineError INVALID_REQUEST, which names each invalid option and its limit. */
export const checkDownload = (options: DownloadOptions) => check(downloadSchema, options, 'downloadModel')

/** @throws EngineError INVALID_REQUEST, which names each invalid option and its limit. */
export const checkVerify = (options: VerifyOptions) => check(verifySchema, options, 'verifyModel')

/** @throws EngineError INVALID_REQUEST, which names each invalid option and its limit. */
export const checkClean = (options: CleanOptions) => check(cleanSchema, options, 'cleanModels')

/** @throws EngineError INVALID_REQUEST, which names each invalid option and its limit. */
export const checkDescribe = (options: DescribeOptions) => check(describeSchema, options, 'describeModel')

/** @throws EngineError INVALID_REQUEST, which names each invalid option and its limit. */
export const checkEngine = (options: EngineOptions) => check(engineSchema, options, 'createEngine')

function check<Schema extends z.ZodType>(schema: Schema, options: unknown, name: string): z.output<Schema> {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(mostSpecificIssue)
  throw new EngineError('INVALID_REQUEST', `${name}: ${z.prettifyError({ issues })}`)
}

/** Returns the issue of the form that fits best, for a value that fits none of several forms. */
function mostSpecificIssue(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue
  const inner = issue.errors.flat().map(mostSpecificIssue)
  const deepest = inner.toSorted((one, other) => other.path.length - one.path.length)[0]
  if (deepest === undefined || deepest.path.length === 0) return issue
  return { ...deepest, path: [...issue.path, ...deepest.path] }
}
