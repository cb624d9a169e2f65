/**
 * The protocol between the engine and its worker: one JSON object a line, with requests on the worker's stdin and events
 * on its stdout. `npm run protocol` of create-mlx-app generates the JSON Schema, the Python types and the documentation
 * from this file.
 */
import * as z from 'zod'
import { engineErrorCodes } from './errors.ts'
import { limits } from './limits.ts'

/** Increases with every change that an older side would misunderstand. The first event of a worker names its version. */
export const protocolVersion = 6

const callId = z.int().min(0).meta({ id: 'CallId' })
const count = z.int().min(0).meta({ id: 'Count' })
const bytes = count
const milliseconds = z.number().min(0).meta({ id: 'Milliseconds' })
const modelName = z.string().min(1).max(limits.modelCharacters).meta({ id: 'ModelName' })
const errorCode = z.enum(engineErrorCodes).meta({ id: 'ErrorCode' })
export const stopString = z.string().min(1).max(limits.stopCharacters).meta({ id: 'StopString' })

const penalty = z.number().min(-limits.penalty).max(limits.penalty).meta({ id: 'Penalty' })
const penaltyContext = z.int().min(1).max(limits.penaltyContext).meta({ id: 'PenaltyContext' })

/** Any JSON object. Its content depends on the model's template, or is checked where it is used. */
const jsonObject = z.record(z.string(), z.unknown())

export const roles = ['system', 'user', 'assistant', 'tool'] as const

const textPart = z
  .strictObject({ type: z.literal('text'), text: z.string() })
  .meta({ id: 'TextPart', description: 'Text in a message.' })

const imagePart = z
  .strictObject({ type: z.literal('image'), data: z.string().min(1) })
  .meta({ id: 'ImagePart', description: 'A PNG, JPEG or WebP file in base64, for a vision model.' })

const toolName = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{1,64}$/)
  .meta({ id: 'ToolName' })

export const messageSchema = z
  .strictObject({
    role: z.enum(roles),
    content: z.union([z.string(), z.array(z.discriminatedUnion('type', [textPart, imagePart]))]),
    reasoning: z
      .string()
      .nullable()
      .default(null)
      .describe('What the assistant thought before it answered. Templates keep it or drop it.'),
    toolCalls: z
      .array(
        z
          .strictObject({ id: z.string(), name: toolName, arguments: jsonObject })
          .meta({ id: 'PastCall', description: 'A call that the assistant made in an earlier turn.' }),
      )
      .max(limits.tools)
      .default([]),
    toolCallId: z.string().nullable().default(null).describe('For the role `tool`: the id of its call.'),
    name: z.string().nullable().default(null).describe('For the role `tool`: the name of the tool.'),
  })
  .meta({ id: 'Message', description: 'One turn of a chat.' })

export const toolGrammarSchema = z
  .strictObject({
    syntax: z.enum(['lark', 'regex']),
    definition: z.string().min(1).max(limits.grammarCharacters),
  })
  .meta({ id: 'ToolGrammar', description: 'The grammar of a text, in Lark or as a regular expression.' })

export const toolSchema = z
  .strictObject({
    name: toolName,
    description: z.string().default(''),
    parameters: jsonObject,
    grammar: toolGrammarSchema
      .nullable()
      .default(null)
      .describe('For a tool whose only parameter is the text `input`: its grammar, which each call follows.'),
  })
  .meta({ id: 'Tool', description: 'A function that the model may call. `parameters` is a JSON Schema.' })

const toolChoices = ['auto', 'none', 'required'] as const

export const responseFormatSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({ type: z.literal('json_object') })
      .meta({ id: 'JsonObjectFormat', description: 'Any JSON object.' }),
    z
      .strictObject({ type: z.literal('json_schema'), schema: jsonObject })
      .meta({ id: 'JsonSchemaFormat', description: 'JSON that matches a JSON Schema.' }),
    z
      .strictObject({ type: z.literal('regex'), pattern: z.string().min(1).max(limits.grammarCharacters) })
      .meta({ id: 'RegexFormat', description: 'Text that a regular expression matches as a whole.' }),
    z
      .strictObject({ type: z.literal('grammar'), grammar: z.string().min(1).max(limits.grammarCharacters) })
      .meta({
        id: 'GrammarFormat',
        description: "Text of a grammar in llguidance's variant of Lark, or in GBNF.",
      }),
  ])
  .meta({ id: 'ResponseFormat' })

export const volatileLines = ['keep', 'move'] as const

/** The fields that become the tokens of a prompt, for generating as well as for counting. */
export const promptShape = {
  messages: z
    .array(messageSchema)
    .min(1)
    .max(limits.messages)
    .nullable()
    .default(null)
    .describe('A chat, which the template of the model turns into a prompt.'),
  tools: z.array(toolSchema).max(limits.tools).default([]),
  templateOptions: jsonObject
    .default({})
    .describe('Variables of the chat template, such as `{"enable_thinking": false}`.'),
  volatileLines: z
    .enum(volatileLines)
    .default('keep')
    .describe(
      'Where lines of the system prompt that change between requests stand, such as the time: `move` puts them behind the last message, so that the prefix before them stays cached.',
    ),
}

const priorities = ['interactive', 'normal', 'batch'] as const
const truncations = ['none', 'middle'] as const

/** The fields that say how to serve a call. */
export const servingShape = {
  n: z.int().min(1).max(limits.sequences).default(1).describe('Sequences to generate from the prompt.'),
  logprobs: z
    .int()
    .min(0)
    .max(limits.logprobs)
    .nullable()
    .default(null)
    .describe('Alternatives for each token, next to its own log-probability; null for no log-probabilities.'),
  responseFormat: responseFormatSchema
    .nullable()
    .default(null)
    .describe('The form that the text of the answer must have. With tools, the model may call one instead.'),
  parallelToolCalls: z.boolean().default(true).describe('Whether an answer may have several calls.'),
  reasoningTokens: z
    .int()
    .min(0)
    .max(limits.maxTokens)
    .nullable()
    .default(null)
    .describe('Tokens of reasoning after which the model must begin its answer; null for no limit.'),
  truncation: z
    .enum(truncations)
    .default('none')
    .describe('For a prompt that is too long: `none` fails, and `middle` cuts out its middle.'),
  priority: z.enum(priorities).default('normal').describe('Which calls go first.'),
  caller: z
    .string()
    .max(limits.callerCharacters)
    .default('')
    .describe('A name for whoever makes the call. Callers of the same priority take turns.'),
  deadlineMs: z
    .number()
    .gt(0)
    .nullable()
    .default(null)
    .describe('Milliseconds after which the call fails with DEADLINE_EXCEEDED.'),
  promptCache: z.boolean().default(true).describe('Whether the prompt cache is used for this call.'),
  cacheFile: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'A .safetensors file with the KV cache of the prompt. It is read if it exists, and otherwise written.',
    ),
  adapter: z
    .string()
    .min(1)
    .max(limits.modelCharacters)
    .nullable()
    .default(null)
    .describe('A folder with a LoRA adapter, as in `load`.'),
  draftModel: modelName
    .nullable()
    .default(null)
    .describe('A smaller model with the same vocabulary that proposes tokens.'),
  draftTokens: z
    .int()
    .min(1)
    .max(limits.draftTokens)
    .default(3)
    .describe('Tokens that the draft model proposes at a time.'),
  kvBits: z
    .int()
    .min(2)
    .max(8)
    .nullable()
    .default(null)
    .describe('Bits of a value in a quantised KV cache, which needs less memory and is never batched.'),
  kvGroupSize: z
    .int()
    .min(32)
    .max(128)
    .default(64)
    .describe('Values that share a scale in a quantised KV cache.'),
}

/** Options of sampling that a model may have defaults for. A call that leaves one out gets the model's. */
export const modelSamplingShape = z
  .strictObject({
    temperature: z
      .number()
      .min(0)
      .max(limits.temperature)
      .describe('Randomness. With 0, the likeliest token is always taken.'),
    topP: z.number().gt(0).max(1).describe('Keeps the likeliest tokens that together have this probability.'),
    topK: count.describe('Keeps this many of the likeliest tokens; 0 keeps all.'),
    minP: z
      .number()
      .min(0)
      .max(1)
      .describe("Keeps tokens with at least this share of the likeliest one's probability."),
    xtcProbability: z
      .number()
      .min(0)
      .max(1)
      .describe('The chance of leaving out all likely tokens except the least likely of them (XTC).'),
    xtcThreshold: z
      .number()
      .min(0)
      .max(0.5)
      .describe('The probability from which XTC counts a token as likely.'),
    repetitionPenalty: z
      .number()
      .gt(0)
      .max(limits.repetitionPenalty)
      .describe('Divides the logits of tokens that occurred before; 1 for no penalty.'),
    repetitionContext: penaltyContext.describe('Last tokens that repetitionPenalty considers.'),
    presencePenalty: penalty.describe('Subtracted once from the logit of each token that occurred before.'),
    presenceContext: penaltyContext.describe('Last tokens that presencePenalty considers.'),
    frequencyPenalty: penalty.describe(
      'Subtracted from the logit of a token for each time that it occurred before.',
    ),
    frequencyContext: penaltyContext.describe('Last tokens that frequencyPenalty considers.'),
  })
  .partial().shape

export const samplingShape = {
  maxTokens: z.int().min(1).max(limits.maxTokens).default(1024).describe('The most tokens to generate.'),
  ...modelSamplingShape,
  logitBias: z
    .record(z.string().regex(/^[0-9]{1,9}$/), z.number().min(-limits.logitBias).max(limits.logitBias))
    .default({})
    .describe('Added to the logits of tokens, by token id as a string of digits.'),
  seed: z
    .int()
    .min(0)
    .max(limits.seed)
    .nullable()
    .default(null)
    .describe('The same seed gives the same text; null for a random one.'),
  stop: z
    .array(stopString)
    .max(limits.stopStrings)
    .default([])
    .describe('Strings that end the answer and are not part of it.'),
}

const modelRevision = z
  .string()
  .min(1)
  .nullable()
  .default(null)
  .describe('A branch, tag or commit on the hub.')

const load = z
  .strictObject({
    type: z.literal('load'),
    id: callId,
    model: modelName,
    revision: modelRevision,
    adapter: z
      .string()
      .min(1)
      .max(limits.modelCharacters)
      .nullable()
      .default(null)
      .describe('A folder with a LoRA adapter.'),
    download: z.boolean().default(true).describe('Whether a model that is not on disk may be downloaded.'),
    pinned: z
      .boolean()
      .default(false)
      .describe('Whether the model stays in memory when others need room or when it is idle.'),
  })
  .meta({
    id: 'Load',
    description: 'Loads a model into memory, and downloads it first if necessary.',
  })

const generate = z
  .strictObject({
    type: z.literal('generate'),
    id: callId,
    model: modelName,
    prompt: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('Raw text that the model continues, instead of messages.'),
    ...promptShape,
    toolChoice: z
      .enum(toolChoices)
      .default('auto')
      .describe('Whether the model may, must not or must call tools.'),
    toolName: toolName
      .nullable()
      .default(null)
      .describe('The one tool that must be called, once. toolChoice must then be `required`.'),
    promptProgress: z.boolean().default(false).describe('Whether to send promptProgress.'),
    ...servingShape,
    ...samplingShape,
  })
  .meta({
    id: 'Generate',
    description: 'Generates an answer to either a raw prompt or a chat.',
  })

const cancel = z.strictObject({ type: z.literal('cancel'), id: callId }).meta({
  id: 'Cancel',
  description: 'Ends the request with this id, which then gets no more events.',
})

const unload = z
  .strictObject({ type: z.literal('unload'), id: callId, model: modelName.nullable().default(null) })
  .meta({
    id: 'Unload',
    description: 'Unloads a model, or all of them. Calls that use it fail with ABORTED.',
  })

const status = z
  .strictObject({ type: z.literal('status'), id: callId })
  .meta({ id: 'Status', description: 'Asks for the state of the worker.' })
const models = z
  .strictObject({ type: z.literal('models'), id: callId })
  .meta({ id: 'Models', description: 'Asks for the models on disk.' })

const embed = z
  .strictObject({
    type: z.literal('embed'),
    id: callId,
    model: modelName,
    inputs: z.array(z.string().min(1)).min(1).max(limits.embeddingInputs),
  })
  .meta({ id: 'Embed', description: 'Asks for the embeddings of texts.' })

const tokenise = z
  .strictObject({
    type: z.literal('tokenise'),
    id: callId,
    model: modelName,
    prompt: z.string().nullable().default(null).describe('Raw text, instead of messages.'),
    ...promptShape,
    special: z
      .boolean()
      .default(true)
      .describe(
        'Whether to add the tokens that the model expects at the start of a prompt, as `generate` does.',
      ),
    countOnly: z
      .boolean()
      .default(false)
      .describe('Leaves the ids out of the answer, because a million ids take longer to send than to count.'),
  })
  .meta({ id: 'Tokenise', description: 'Asks for the token ids of a prompt.' })

const detokenise = z
  .strictObject({
    type: z.literal('detokenise'),
    id: callId,
    model: modelName,
    tokens: z.array(count).max(limits.maxTokens),
  })
  .meta({ id: 'Detokenise', description: 'Asks for the text of token ids.' })

const download = z
  .strictObject({
    type: z.literal('download'),
    id: callId,
    model: modelName,
    revision: modelRevision,
    output: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('A folder for plain files, instead of the cache that Hugging Face tools share.'),
  })
  .meta({
    id: 'Download',
    description: 'Downloads the files of a model and checks them, without loading it.',
  })

const verify = z
  .strictObject({ type: z.literal('verify'), id: callId, model: modelName, revision: modelRevision })
  .meta({ id: 'Verify', description: 'Compares the files of a model with the hashes of the hub.' })

const remove = z
  .strictObject({ type: z.literal('remove'), id: callId, model: modelName })
  .meta({ id: 'Remove', description: 'Deletes a model from the cache or the folder of models.' })

const clean = z
  .strictObject({
    type: z.literal('clean'),
    id: callId,
    dryRun: z.boolean().default(false).describe('Whether to only list what would be deleted.'),
  })
  .meta({
    id: 'Clean',
    description: 'Deletes interrupted downloads, and cached files that no model refers to.',
  })

const describe = z
  .strictObject({ type: z.literal('describe'), id: callId, model: modelName, revision: modelRevision })
  .meta({
    id: 'Describe',
    description: 'Asks the hub about a model, and checks how much of it is missing on disk.',
  })

export const requestSchema = z.discriminatedUnion('type', [
  load,
  generate,
  cancel,
  unload,
  status,
  models,
  embed,
  tokenise,
  detokenise,
  download,
  verify,
  remove,
  clean,
  describe,
])

export const finishReasons = ['stop', 'length', 'tool_calls'] as const

const ready = z
  .strictObject({
    type: z.literal('ready'),
    protocol: z.int().describe('The version of the protocol that the worker speaks.'),
    pid: z.int(),
    python: z.string(),
    mlx: z.string(),
    mlxLm: z.string(),
    mlxApp: z
      .string()
      .nullable()
      .default(null)
      .describe('The version of the Python package; null if its code is run from the sources.'),
    device: z.enum(['gpu', 'cpu']).describe('The device that MLX computes on.'),
  })
  .meta({ id: 'Ready', description: 'The first event, with the versions and the device of the worker.' })

const progress = z
  .strictObject({
    type: z.literal('progress'),
    id: callId,
    stage: z.enum(['download', 'verify', 'load']),
    loadedBytes: bytes,
    totalBytes: bytes,
  })
  .meta({
    id: 'Progress',
    description: 'Bytes processed in a stage. The total is 0 as long as it is unknown.',
  })

export const capabilities = ['tools', 'reasoning', 'images', 'embeddings'] as const

export const defaultSources = ['settings', 'generation_config.json', 'config.json', 'library'] as const

const modelDefault = z
  .strictObject({
    value: z.union([z.number(), jsonObject]),
    source: z
      .enum(defaultSources)
      .describe("`settings` are those of the engine, such as mlx.config.json. The files are the model's."),
  })
  .meta({ id: 'ModelDefault', description: 'A default of a model, and where it comes from.' })

const loadedModelSchema = z
  .strictObject({
    model: modelName,
    adapter: z.string().nullable(),
    /** The folder of the files. */
    path: z.string().describe('The folder of the files.'),
    /** Memory that the weights use. */
    memoryBytes: bytes.describe(
      'Memory that the weights use. On x86-64 CPUs, half precision is kept as float32.',
    ),
    contextTokens: z
      .int()
      .min(1)
      .nullable()
      .describe('The most tokens of prompt and answer together; null if unknown.'),
    capabilities: z.array(z.enum(capabilities)),
    pinned: z.boolean(),
    defaults: z
      .record(z.string(), modelDefault)
      .describe(
        "What a call gets that leaves out an option of sampling or templateOptions, by the option's name.",
      ),
    /** Calls that use the model now. */
    active: count.describe('Calls that use the model now.'),
  })
  .meta({
    id: 'LoadedModel',
    description: 'A model in memory.',
  })

const loaded = z
  .strictObject({ type: z.literal('loaded'), id: callId, model: loadedModelSchema })
  .meta({ id: 'Loaded', description: 'A model that is now in memory.' })

const tokenShape = {
  token: z.string(),
  bytes: z
    .array(z.int().min(0).max(255))
    .describe('The UTF-8 bytes that the token adds to the text, which may be a part of a character.'),
  tokenId: count,
  logprob: z.number(),
}

const alternative = z.strictObject(tokenShape).meta({
  id: 'Alternative',
  description: 'A token that was likely in this place, with its log-probability.',
})

const tokenLogprobSchema = z.strictObject({ ...tokenShape, top: z.array(alternative) }).meta({
  id: 'TokenLogprob',
  description: 'A sampled token and the likeliest ones. Penalties, biases and grammar apply.',
})

export const toolCallSchema = z
  .strictObject({ id: z.string(), name: z.string(), arguments: jsonObject })
  .meta({ id: 'ToolCall', description: 'A complete call that the model made.' })

const toolErrorSchema = z.strictObject({ raw: z.string(), message: z.string() }).meta({
  id: 'ToolError',
  description: "Text in the place of a call that can't be parsed as one, and the reason.",
})

const piece = z
  .strictObject({
    id: callId,
    index: count.default(0).describe("Which of the call's `n` sequences the piece belongs to."),
    text: z.string().default(''),
    reasoning: z.string().default(''),
    logprobs: z.array(tokenLogprobSchema).default([]),
    toolCalls: z.array(toolCallSchema).default([]),
    toolErrors: z.array(toolErrorSchema).default([]),
  })
  .meta({ id: 'Piece', description: 'The new part of one sequence of a call.' })

const promptProgress = z
  .strictObject({
    type: z.literal('promptProgress'),
    id: callId,
    processedTokens: count,
    totalTokens: count,
  })
  .meta({
    id: 'PromptProgress',
    description: 'Progress of the prefill of a prompt, including cached tokens.',
  })

const tokens = z
  .strictObject({ type: z.literal('tokens'), pieces: z.array(piece) })
  .meta({ id: 'Tokens', description: 'The new pieces of all calls that took part in one step of a model.' })

export const usageSchema = z
  .strictObject({
    promptTokens: z.int().min(0),
    cachedTokens: z.int().min(0).describe('The part of promptTokens that came from the prompt cache.'),
    completionTokens: z.int().min(0),
    reasoningTokens: z.int().min(0).describe('The part of completionTokens that was reasoning.'),
    draftTokens: z.int().min(0).describe('The part of completionTokens that the draft model proposed.'),
  })
  .meta({ id: 'Usage', description: 'Token counts of a call.' })

const workerTimings = z
  .strictObject({ queueMs: milliseconds, promptMs: milliseconds, generationMs: milliseconds })
  .meta({
    id: 'WorkerTimings',
    description: 'Time of waiting, of the prefill up to the first token, and of decoding.',
  })

const done = z
  .strictObject({
    type: z.literal('done'),
    id: callId,
    index: count.default(0),
    finishReason: z
      .enum(finishReasons)
      .describe(
        '`stop`: by the model or a stop string; `length`: by maxTokens or the context; `tool_calls`: with calls.',
      ),
    stopString: stopString
      .nullable()
      .default(null)
      .describe('The stop string that ended the sequence, if any.'),
    usage: usageSchema,
    movedLines: count.default(0).describe('Lines that `volatileLines` moved or left out.'),
    timings: workerTimings,
  })
  .meta({
    id: 'Done',
    description: 'The end of one sequence. The call ends with the last of its `n` sequences.',
  })

const embeddings = z
  .strictObject({
    type: z.literal('embeddings'),
    id: callId,
    vectors: z.array(z.array(z.number())),
    promptTokens: count,
  })
  .meta({ id: 'Embeddings', description: 'One vector of length 1 for each input, in the same order.' })

const tokenised = z
  .strictObject({ type: z.literal('tokenised'), id: callId, tokens: z.array(count), count })
  .meta({ id: 'Tokenised', description: 'The token ids of a prompt, and their number.' })

const detokenised = z
  .strictObject({ type: z.literal('detokenised'), id: callId, text: z.string() })
  .meta({ id: 'Detokenised', description: 'The text of token ids.' })

const unloaded = z
  .strictObject({ type: z.literal('unloaded'), id: callId.nullable(), models: z.array(modelName) })
  .meta({
    id: 'Unloaded',
    description: 'The models that were unloaded. Without an id, to make room or because they were idle.',
  })

const workerStatusShape = {
  models: z.array(loadedModelSchema),
  active: count.describe('Calls that are being prefilled or decoded.'),
  queued: count.describe('Calls that wait for a place in the batch, for tokenisation or for their model.'),
  memoryBytes: bytes.describe('Memory that MLX uses now.'),
  cacheBytes: bytes.describe('Memory that MLX keeps for reuse.'),
  peakMemoryBytes: bytes.describe('The most memory that MLX has used since the start.'),
  memoryLimitBytes: bytes.describe('The limit for models, caches and calls together.'),
  promptCacheBytes: bytes.describe('Memory that the prompt caches use.'),
  steps: count.describe('Decode steps since the start.'),
  lastStepAt: z.number().nullable().describe('Unix time of the last step in milliseconds; null before it.'),
}

const statusReport = z
  .strictObject({ type: z.literal('statusReport'), id: callId, ...workerStatusShape })
  .meta({
    id: 'StatusReport',
    description: 'The loaded models, the calls in progress and the memory of the worker.',
  })

const modelOnDiskSchema = z
  .strictObject({
    model: modelName,
    path: z.string(),
    bytes,
    place: z
      .enum(['project', 'path', 'package', 'cache'])
      .describe(
        "The project's own folder, a path in the settings, the package `mlx-app`, or the cache that all Hugging Face tools share.",
      ),
  })
  .meta({
    id: 'ModelOnDisk',
    description: 'A model that can be loaded without a download.',
  })

const modelsReport = z
  .strictObject({ type: z.literal('modelsReport'), id: callId, models: z.array(modelOnDiskSchema) })
  .meta({ id: 'ModelsReport', description: 'The models on disk.' })

const downloadedModel = z
  .strictObject({
    model: modelName,
    path: z.string(),
    bytes: bytes.describe('Size of the files on disk.'),
    revision: z.string().nullable().describe('The commit; null for a model that is not from the hub.'),
  })
  .meta({ id: 'DownloadedModel', description: 'A model whose files are on disk and have the right hashes.' })

const downloaded = z
  .strictObject({ type: z.literal('downloaded'), id: callId, model: downloadedModel })
  .meta({ id: 'Downloaded', description: 'A model that is now on disk.' })

const verifiedFileSchema = z
  .strictObject({
    /** Relative to the folder of the model. */
    path: z.string(),
    bytes,
    state: z
      .enum(['ok', 'missing', 'differs', 'unknown'])
      .describe('`unknown` if neither the disk nor the hub has its hash.'),
  })
  .meta({ id: 'VerifiedFile', description: 'A file of a model, and whether it has the hash of the hub.' })

const verified = z
  .strictObject({
    type: z.literal('verified'),
    id: callId,
    model: modelName,
    path: z.string(),
    files: z.array(verifiedFileSchema),
  })
  .meta({ id: 'Verified', description: 'The checked files of a model.' })

const removed = z
  .strictObject({
    type: z.literal('removed'),
    id: callId,
    model: modelName,
    path: z.string(),
    freedBytes: bytes.describe('The size that the files had on disk.'),
  })
  .meta({ id: 'Removed', description: 'A model that is deleted.' })

const cleanedFileSchema = z
  .strictObject({ path: z.string(), bytes, reason: z.enum(['partial', 'unreferenced']) })
  .meta({
    id: 'CleanedFile',
    description: 'A file of an interrupted download, or one that no model refers to.',
  })

const cleaned = z
  .strictObject({
    type: z.literal('cleaned'),
    id: callId,
    removed: z.array(cleanedFileSchema),
    freedBytes: bytes,
  })
  .meta({ id: 'Cleaned', description: 'The deleted files.' })

const modelDescription = z
  .strictObject({
    model: modelName,
    revision: z.string().describe('The commit.'),
    downloadBytes: bytes.describe('Size of all files that a download fetches.'),
    missingBytes: bytes.describe('Size of the files that are not on disk yet.'),
    weightBytes: bytes.describe('Size of the weights, which is the least memory that the model needs.'),
    fits: z.boolean().describe('Whether the weights fit into the memory limit.'),
    licence: z.string().nullable(),
    gated: z.boolean().describe('Whether the owner grants access to each account individually.'),
  })
  .meta({
    id: 'ModelDescription',
    description: 'What the hub knows about a model, and how much of it is on disk.',
  })

const described = z
  .strictObject({ type: z.literal('described'), id: callId, model: modelDescription })
  .meta({ id: 'Described', description: 'The description of a model.' })

const heartbeat = z
  .strictObject({
    type: z.literal('heartbeat'),
    stalledMs: milliseconds.describe('How long there has been work without a step.'),
    lastStepAt: z.number().nullable().describe('As in StatusReport.'),
  })
  .meta({
    id: 'Heartbeat',
    description: 'Sent regularly while the worker has work, also in the middle of a long step.',
  })

const failure = z
  .strictObject({
    type: z.literal('error'),
    id: callId.nullable(),
    code: errorCode,
    message: z.string(),
    hint: z.string().nullable().default(null),
  })
  .meta({
    id: 'Failure',
    description: 'The error that ends a call. Without an id, a line could not be understood.',
  })

const fatal = z
  .strictObject({
    type: z.literal('fatal'),
    code: errorCode,
    message: z.string(),
    hint: z.string().nullable().default(null),
  })
  .meta({
    id: 'Fatal',
    description: 'The worker ends. Before Ready, the setup is incomplete; afterwards, it is a bug.',
  })

export const eventSchema = z.discriminatedUnion('type', [
  ready,
  progress,
  loaded,
  promptProgress,
  tokens,
  done,
  embeddings,
  tokenised,
  detokenised,
  unloaded,
  statusReport,
  modelsReport,
  downloaded,
  verified,
  removed,
  cleaned,
  described,
  heartbeat,
  failure,
  fatal,
])

export type Request = z.input<typeof requestSchema>
export type WorkerEvent = z.output<typeof eventSchema>
export type EventOf<Type extends WorkerEvent['type']> = Extract<WorkerEvent, { type: Type }>

/** The event that answers each request. `generate` gets one for each of its sequences, and `cancel` gets none. */
export const answerTypes = {
  load: 'loaded',
  generate: 'done',
  unload: 'unloaded',
  status: 'statusReport',
  models: 'modelsReport',
  embed: 'embeddings',
  tokenise: 'tokenised',
  detokenise: 'detokenised',
  download: 'downloaded',
  verify: 'verified',
  remove: 'removed',
  clean: 'cleaned',
  describe: 'described',
} as const satisfies Record<Exclude<Request['type'], 'cancel'>, WorkerEvent['type']>

/** The type of a request that gets an answer. */
export type RequestType = keyof typeof answerTypes
export type AnswerTo<Type extends RequestType> = EventOf<(typeof answerTypes)[Type]>
export type AnswerEvent = AnswerTo<RequestType>

/** Whether an event is the answer to a request of this type. */
export function isAnswerTo<Type extends RequestType>(
  type: Type,
  event: WorkerEvent,
): event is AnswerTo<Type> {
  return event.type === answerTypes[type]
}

export type RequestMessage = z.input<typeof messageSchema>
/** A call of a tool that the model asks for. */
export type ToolCall = z.infer<typeof toolCallSchema>
/** Text in the place of a call that can't be parsed as one. */
export type ToolError = z.infer<typeof toolErrorSchema>
/** A token with its log-probability (natural logarithm) and its likeliest alternatives. */
export type TokenLogprob = z.infer<typeof tokenLogprobSchema>
/** A model that is in memory. */
export type LoadedModel = z.infer<typeof loadedModelSchema>
/** A model that the worker can load without a download. */
export type ModelOnDisk = z.infer<typeof modelOnDiskSchema>
/** A file of a model, and whether it has the hash of the hub. */
export type VerifiedFile = z.infer<typeof verifiedFileSchema>
/** A file that `cleanModels` deleted, and the reason. */
export type CleanedFile = z.infer<typeof cleanedFileSchema>
/** Why the worker ended a sequence. */
export type WorkerFinishReason = (typeof finishReasons)[number]
/** A default of a model, and where it comes from. */
export type ModelDefault = z.infer<typeof modelDefault>
/** The token counts of a call: its prompt, the part from the prompt cache, and its answer. */
export type Usage = z.infer<typeof usageSchema>
