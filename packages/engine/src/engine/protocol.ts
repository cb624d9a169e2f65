/**
 * What the engine and its worker say to each other: one JSON object a line, requests on the worker's stdin,
 * events on its stdout. Declared here once; `npm run protocol` of create-mlx-app makes the JSON Schema and
 * the Python types of `mlx_app/protocol.py` from it.
 */
import * as z from 'zod'
import { engineErrorCodes } from './errors.ts'
import { limits } from './limits.ts'

/** Goes up with every change that an older side would misread. The first event of a worker names its own. */
export const protocolVersion = 4

const callId = z.int().min(0).meta({ id: 'CallId' })
const count = z.int().min(0).meta({ id: 'Count' })
const bytes = count
const milliseconds = z.number().min(0).meta({ id: 'Milliseconds' })
const modelName = z.string().min(1).max(limits.modelCharacters).meta({ id: 'ModelName' })
const errorCode = z.enum(engineErrorCodes).meta({ id: 'ErrorCode' })
export const stopString = z.string().min(1).max(limits.stopCharacters).meta({ id: 'StopString' })

const penalty = z.number().min(-limits.penalty).max(limits.penalty).meta({ id: 'Penalty' })
const penaltyContext = z.int().min(1).max(limits.penaltyContext).meta({ id: 'PenaltyContext' })

/** Any JSON object; what may stand in it is up to the model's template, or checked where it is used. */
const jsonObject = z.record(z.string(), z.unknown())

export const roles = ['system', 'user', 'assistant', 'tool'] as const

const textPart = z
  .strictObject({ type: z.literal('text'), text: z.string() })
  .meta({ id: 'TextPart', description: 'Words in a message.' })

const imagePart = z
  .strictObject({ type: z.literal('image'), data: z.string().min(1) })
  .meta({ id: 'ImagePart', description: 'A PNG, JPEG or WebP file in base64, for a model that sees.' })

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
      .describe('What the assistant thought before it answered; templates keep it or drop it.'),
    /** The calls of an assistant's turn. */
    toolCalls: z
      .array(
        z
          .strictObject({ id: z.string(), name: toolName, arguments: jsonObject })
          .meta({ id: 'PastCall', description: 'A call that the assistant made in an earlier turn.' }),
      )
      .max(limits.tools)
      .default([]),
    toolCallId: z.string().nullable().default(null).describe('For role `tool`: the call that it answers.'),
    name: z.string().nullable().default(null).describe('For role `tool`: the name of its tool.'),
  })
  .meta({ id: 'Message', description: 'One turn of a chat.' })

export const toolSchema = z
  .strictObject({ name: toolName, description: z.string().default(''), parameters: jsonObject })
  .meta({ id: 'Tool', description: 'A function that the model may call; `parameters` is a JSON Schema.' })

export const toolChoices = ['auto', 'none', 'required'] as const

export const responseFormatSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({ type: z.literal('json_object') })
      .meta({ id: 'JsonObjectFormat', description: 'Any JSON object.' }),
    z
      .strictObject({ type: z.literal('json_schema'), schema: jsonObject })
      .meta({ id: 'JsonSchemaFormat', description: 'JSON that a schema allows.' }),
    z
      .strictObject({ type: z.literal('regex'), pattern: z.string().min(1).max(limits.grammarCharacters) })
      .meta({ id: 'RegexFormat', description: 'Text that a regular expression matches as a whole.' }),
    z
      .strictObject({ type: z.literal('grammar'), grammar: z.string().min(1).max(limits.grammarCharacters) })
      .meta({ id: 'GrammarFormat', description: "Text of a grammar in llguidance's variant of Lark." }),
  ])
  .meta({ id: 'ResponseFormat' })

/** What becomes the tokens of a prompt: the same for a call and for counting. */
export const promptShape = {
  messages: z
    .array(messageSchema)
    .min(1)
    .max(limits.messages)
    .nullable()
    .default(null)
    .describe('A chat, which the template of the model makes a prompt.'),
  tools: z.array(toolSchema).max(limits.tools).default([]),
  templateOptions: jsonObject
    .default({})
    .describe('Passed to the chat template, as `{"enable_thinking": false}`.'),
}

export const priorities = ['interactive', 'normal', 'batch'] as const
export const truncations = ['none', 'middle'] as const

/** How a call is served, beside what is sampled. */
export const servingShape = {
  n: z.int().min(1).max(limits.sequences).default(1).describe('Sequences that go on from the same prompt.'),
  logprobs: z
    .int()
    .min(0)
    .max(limits.logprobs)
    .nullable()
    .default(null)
    .describe('Alternatives to tell for each token beside its own log-probability; null tells none.'),
  responseFormat: responseFormatSchema.nullable().default(null).describe('What the answer is kept to.'),
  parallelToolCalls: z.boolean().default(true).describe('Whether an answer may have more than one call.'),
  reasoningTokens: z
    .int()
    .min(0)
    .max(limits.maxTokens)
    .nullable()
    .default(null)
    .describe('Tokens of reasoning after which the model must begin its answer.'),
  truncation: z
    .enum(truncations)
    .default('none')
    .describe('`middle` cuts the middle out of a prompt that is too long, `none` refuses it.'),
  priority: z.enum(priorities).default('normal').describe('Which calls go first while others wait.'),
  caller: z
    .string()
    .max(limits.callerCharacters)
    .default('')
    .describe('Who asks: those who wait take turns.'),
  deadlineMs: z
    .number()
    .gt(0)
    .nullable()
    .default(null)
    .describe('Milliseconds after which the call fails with DEADLINE_EXCEEDED.'),
  promptCache: z
    .boolean()
    .default(true)
    .describe('Whether what was read of this prompt is kept for others, and used.'),
  cacheFile: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'A .safetensors file that what was read of the prompt is taken from, or written to if it is not there.',
    ),
  adapter: z.string().min(1).max(limits.modelCharacters).nullable().default(null).describe('As in `load`.'),
  draftModel: modelName
    .nullable()
    .default(null)
    .describe('A smaller model with the same vocabulary that proposes tokens.'),
  draftTokens: z
    .int()
    .min(1)
    .max(limits.draftTokens)
    .default(3)
    .describe('Tokens that it proposes at a time.'),
  kvBits: z
    .int()
    .min(2)
    .max(8)
    .nullable()
    .default(null)
    .describe('Bits of a number in the KV cache: less memory, and not in a batch.'),
  kvGroupSize: z.int().min(32).max(128).default(64).describe('Numbers that share a scale, with kvBits.'),
}

export const samplingShape = {
  maxTokens: z.int().min(1).max(limits.maxTokens).default(1024).describe('Most tokens of the answer.'),
  temperature: z
    .number()
    .min(0)
    .max(limits.temperature)
    .default(0)
    .describe('0 always takes the likeliest token.'),
  topP: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('Leaves the likeliest tokens that together have this probability.'),
  topK: count.default(0).describe('Leaves so many of the likeliest tokens; 0 leaves all.'),
  minP: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Leaves tokens with at least this share of the likeliest one's probability."),
  xtcProbability: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('How often the likeliest tokens are left out (XTC).'),
  xtcThreshold: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.1)
    .describe('Of the tokens above this probability only the least likely stays.'),
  repetitionPenalty: z
    .number()
    .gt(0)
    .max(limits.repetitionPenalty)
    .default(1)
    .describe('Divides the logits of tokens that were there; 1 is none.'),
  repetitionContext: penaltyContext.default(20).describe('Last tokens that it looks at.'),
  presencePenalty: penalty.default(0).describe('Taken from the logits of tokens that were there.'),
  presenceContext: penaltyContext.default(20).describe('Last tokens that it looks at.'),
  frequencyPenalty: penalty
    .default(0)
    .describe('Taken from the logits of tokens for each time that they were there.'),
  frequencyContext: penaltyContext.default(20).describe('Last tokens that it looks at.'),
  logitBias: z
    .record(z.string().regex(/^[0-9]{1,9}$/), z.number().min(-limits.logitBias).max(limits.logitBias))
    .default({})
    .describe('Added to logits, by token id as a string of digits.'),
  seed: z.int().min(0).max(limits.seed).nullable().default(null).describe('Makes the random numbers repeat.'),
  stop: z
    .array(stopString)
    .max(limits.stopStrings)
    .default([])
    .describe('Texts that end the answer; they are not part of it.'),
}

const modelRevision = z.string().min(1).nullable().default(null).describe('A commit or a branch on the hub.')

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
      .describe('A folder with a LoRA adapter that goes over the weights.'),
    download: z.boolean().default(true).describe('Whether a model that is not on disk may be downloaded.'),
    pinned: z.boolean().default(false).describe('Never unloaded to make room, nor for being idle.'),
  })
  .meta({
    id: 'Load',
    description: 'Reads a model into memory, from disk or, where that is allowed, from the hub.',
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
      .describe('A prompt as the model reads it, in place of messages.'),
    ...promptShape,
    toolChoice: z
      .enum(toolChoices)
      .default('auto')
      .describe('Whether the model may call, must not, or must.'),
    toolName: toolName
      .nullable()
      .default(null)
      .describe('The one tool that must be called; then toolChoice is `required`.'),
    promptProgress: z.boolean().default(false).describe('Whether PromptProgress is sent.'),
    ...servingShape,
    ...samplingShape,
  })
  .meta({
    id: 'Generate',
    description: 'One text from a raw prompt, or from a chat by the template of the model: one of the two.',
  })

const cancel = z.strictObject({ type: z.literal('cancel'), id: callId }).meta({
  id: 'Cancel',
  description: 'Ends the call of that id wherever it is. It gets no more events.',
})

const unload = z
  .strictObject({ type: z.literal('unload'), id: callId, model: modelName.nullable().default(null) })
  .meta({
    id: 'Unload',
    description: 'Frees a model, or all of them. Calls that still use it fail with ABORTED.',
  })

const status = z
  .strictObject({ type: z.literal('status'), id: callId })
  .meta({ id: 'Status', description: 'Asks for a StatusReport.' })
const models = z
  .strictObject({ type: z.literal('models'), id: callId })
  .meta({ id: 'Models', description: 'Asks for a ModelsReport.' })

const embed = z
  .strictObject({
    type: z.literal('embed'),
    id: callId,
    model: modelName,
    inputs: z.array(z.string().min(1)).min(1).max(limits.embeddingInputs),
  })
  .meta({ id: 'Embed', description: 'Asks for Embeddings of texts, one vector each.' })

const tokenise = z
  .strictObject({
    type: z.literal('tokenise'),
    id: callId,
    model: modelName,
    prompt: z.string().nullable().default(null).describe('Either this or messages.'),
    ...promptShape,
    special: z
      .boolean()
      .default(true)
      .describe(
        'Whether a prompt gets the tokens that the model wants at its start, as `generate` adds them.',
      ),
    countOnly: z
      .boolean()
      .default(false)
      .describe('Leaves the ids out of the answer: millions of them take longer to send than to count.'),
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
      .describe('A folder for plain files, in place of the cache that Hugging Face tools share.'),
  })
  .meta({ id: 'Download', description: 'Gets the files of a model and checks them; loads nothing.' })

const verify = z
  .strictObject({ type: z.literal('verify'), id: callId, model: modelName, revision: modelRevision })
  .meta({ id: 'Verify', description: 'Compares the files of a model with the hashes that the hub has.' })

const remove = z
  .strictObject({ type: z.literal('remove'), id: callId, model: modelName })
  .meta({ id: 'Remove', description: 'Deletes a model of the cache or of the folder of models.' })

const clean = z
  .strictObject({
    type: z.literal('clean'),
    id: callId,
    dryRun: z.boolean().default(false).describe('Tells what would be deleted, and deletes nothing.'),
  })
  .meta({
    id: 'Clean',
    description: 'Deletes broken-off downloads, and files of the cache that no model refers to.',
  })

const describe = z
  .strictObject({ type: z.literal('describe'), id: callId, model: modelName, revision: modelRevision })
  .meta({ id: 'Describe', description: 'Asks the hub what a model is and how much of it is missing here.' })

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
    device: z.enum(['gpu', 'cpu']).describe('What MLX computes on.'),
  })
  .meta({ id: 'Ready', description: 'The first event: the versions and the device at the other end.' })

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
    description: 'Bytes of a download, of a check or of weights; the total is 0 as long as it is unknown.',
  })

export const capabilities = ['tools', 'reasoning', 'images', 'embeddings'] as const

export const loadedModelSchema = z
  .strictObject({
    model: modelName,
    adapter: z.string().nullable(),
    /** Where the files lie. */
    path: z.string(),
    /** Weights in memory. */
    memoryBytes: bytes,
    contextTokens: z.int().min(1).nullable().describe('Bounds prompt and answer together; null if unknown.'),
    capabilities: z.array(z.enum(capabilities)),
    pinned: z.boolean(),
    /** Calls that use it now. */
    active: count,
  })
  .meta({
    id: 'LoadedModel',
    description: 'A model in memory.',
  })

const loaded = z
  .strictObject({ type: z.literal('loaded'), id: callId, model: loadedModelSchema })
  .meta({ id: 'Loaded', description: 'The end of a load.' })

const alternative = z
  .strictObject({ token: z.string(), tokenId: count, logprob: z.number() })
  .meta({ id: 'Alternative', description: 'A token that could have stood there; natural logarithm.' })

export const tokenLogprobSchema = z
  .strictObject({ token: z.string(), tokenId: count, logprob: z.number(), top: z.array(alternative) })
  .meta({
    id: 'TokenLogprob',
    description: 'A sampled token and the likeliest ones, after penalties, biases and grammar.',
  })

export const toolCallSchema = z
  .strictObject({ id: z.string(), name: z.string(), arguments: jsonObject })
  .meta({ id: 'ToolCall', description: 'A call that the model made, whole.' })

export const toolErrorSchema = z
  .strictObject({ raw: z.string(), message: z.string() })
  .meta({ id: 'ToolError', description: 'Text that stood where a call stands, and why it is none.' })

const piece = z
  .strictObject({
    id: callId,
    index: count.default(0).describe("Which of the call's `n` sequences."),
    text: z.string().default(''),
    reasoning: z.string().default(''),
    logprobs: z.array(tokenLogprobSchema).default([]),
    toolCalls: z.array(toolCallSchema).default([]),
    toolErrors: z.array(toolErrorSchema).default([]),
  })
  .meta({ id: 'Piece', description: 'What is new of one sequence of a call.' })

const promptProgress = z
  .strictObject({
    type: z.literal('promptProgress'),
    id: callId,
    processedTokens: count,
    totalTokens: count,
  })
  .meta({ id: 'PromptProgress', description: 'How much of a prompt was read, cached tokens included.' })

const tokens = z
  .strictObject({ type: z.literal('tokens'), pieces: z.array(piece) })
  .meta({ id: 'Tokens', description: 'What one step of a model brought, of all calls that took part in it.' })

export const usageSchema = z
  .strictObject({
    promptTokens: z.int().min(0),
    cachedTokens: z.int().min(0).describe('Of promptTokens: taken from the prompt cache.'),
    completionTokens: z.int().min(0),
    reasoningTokens: z.int().min(0).describe('Of completionTokens: thought.'),
    draftTokens: z.int().min(0).describe('Of completionTokens: proposed by the draft model and accepted.'),
  })
  .meta({ id: 'Usage', description: 'Tokens that were read and written.' })

const workerTimings = z
  .strictObject({ queueMs: milliseconds, promptMs: milliseconds, generationMs: milliseconds })
  .meta({
    id: 'WorkerTimings',
    description: 'Waiting for a place; prefill up to the first token; first to last token.',
  })

const done = z
  .strictObject({
    type: z.literal('done'),
    id: callId,
    index: count.default(0),
    finishReason: z
      .enum(finishReasons)
      .describe('The model or a stop string ended it, maxTokens or the context did, or it made calls.'),
    stopString: stopString
      .nullable()
      .default(null)
      .describe('The stop string that ended it; null if none did.'),
    usage: usageSchema,
    timings: workerTimings,
  })
  .meta({
    id: 'Done',
    description: 'The end of one sequence of a call; the call ends with the last of its `n`.',
  })

const embeddings = z
  .strictObject({
    type: z.literal('embeddings'),
    id: callId,
    vectors: z.array(z.array(z.number())),
    promptTokens: count,
  })
  .meta({ id: 'Embeddings', description: 'One vector of length 1 for each input, in their order.' })

const tokenised = z
  .strictObject({ type: z.literal('tokenised'), id: callId, tokens: z.array(count), count })
  .meta({ id: 'Tokenised', description: 'The token ids of a prompt, and how many there are.' })

const detokenised = z
  .strictObject({ type: z.literal('detokenised'), id: callId, text: z.string() })
  .meta({ id: 'Detokenised', description: 'The text of token ids.' })

const unloaded = z
  .strictObject({ type: z.literal('unloaded'), id: callId.nullable(), models: z.array(modelName) })
  .meta({
    id: 'Unloaded',
    description: 'The models that were freed; without an id to make room, or for being idle.',
  })

export const workerStatusShape = {
  models: z.array(loadedModelSchema),
  active: count.describe('Calls that are read or answered now.'),
  queued: count.describe('Calls that wait for a place in the batch, for tokenising or for their model.'),
  memoryBytes: bytes.describe('In use now, as MLX counts it.'),
  cacheBytes: bytes.describe('Kept by MLX for reuse.'),
  peakMemoryBytes: bytes.describe('The most in use since the start, as MLX counts it.'),
  memoryLimitBytes: bytes.describe('What models, caches and calls may take together.'),
  promptCacheBytes: bytes.describe('What the prompt caches hold.'),
  steps: count.describe('Decode steps since the start.'),
}

const statusReport = z
  .strictObject({ type: z.literal('statusReport'), id: callId, ...workerStatusShape })
  .meta({
    id: 'StatusReport',
    description: 'Calls in the batch (active) and in front of it (queued), memory as MLX counts it.',
  })

export const modelOnDiskSchema = z
  .strictObject({
    model: modelName,
    path: z.string(),
    bytes,
    place: z
      .enum(['project', 'package', 'cache'])
      .describe(
        "The project's own folder, the package `mlx-app` itself, or the cache that all Hugging Face tools share.",
      ),
  })
  .meta({
    id: 'ModelOnDisk',
    description: 'A model that can be loaded without a download.',
  })

const modelsReport = z
  .strictObject({ type: z.literal('modelsReport'), id: callId, models: z.array(modelOnDiskSchema) })
  .meta({ id: 'ModelsReport', description: 'What lies on disk.' })

const downloadedModel = z
  .strictObject({
    model: modelName,
    path: z.string(),
    bytes: bytes.describe('Of its files on disk.'),
    revision: z.string().nullable().describe('The commit; null for a model that is not of the hub.'),
  })
  .meta({ id: 'DownloadedModel', description: 'A model whose files are on disk and have their hashes.' })

const downloaded = z
  .strictObject({ type: z.literal('downloaded'), id: callId, model: downloadedModel })
  .meta({ id: 'Downloaded', description: 'The end of a download.' })

export const verifiedFileSchema = z
  .strictObject({
    /** From the folder of the model. */
    path: z.string(),
    bytes,
    state: z
      .enum(['ok', 'missing', 'differs', 'unknown'])
      .describe('`unknown` where neither the disk nor the hub tells its hash.'),
  })
  .meta({ id: 'VerifiedFile', description: 'A file of a model, and whether it is what the hub has.' })

const verified = z
  .strictObject({
    type: z.literal('verified'),
    id: callId,
    model: modelName,
    path: z.string(),
    files: z.array(verifiedFileSchema),
  })
  .meta({ id: 'Verified', description: 'What a check of files found.' })

const removed = z
  .strictObject({
    type: z.literal('removed'),
    id: callId,
    model: modelName,
    path: z.string(),
    freedBytes: bytes.describe('By what the files took on disk.'),
  })
  .meta({ id: 'Removed', description: 'A model that is gone from disk.' })

export const cleanedFileSchema = z
  .strictObject({ path: z.string(), bytes, reason: z.enum(['partial', 'unreferenced']) })
  .meta({
    id: 'CleanedFile',
    description: 'A file that was of no use: of a broken-off download, or of no model.',
  })

const cleaned = z
  .strictObject({
    type: z.literal('cleaned'),
    id: callId,
    removed: z.array(cleanedFileSchema),
    freedBytes: bytes,
  })
  .meta({ id: 'Cleaned', description: 'What was deleted.' })

const modelDescription = z
  .strictObject({
    model: modelName,
    revision: z.string().describe('The commit.'),
    downloadBytes: bytes.describe('Of all files that are downloaded.'),
    missingBytes: bytes.describe('Of those that are not here yet; 0 for a model that is on disk.'),
    weightBytes: bytes.describe('Of the weights, which is what the model takes in memory at least.'),
    fits: z.boolean().describe('Whether the weights fit into what models, caches and calls may take.'),
    licence: z.string().nullable(),
    gated: z.boolean().describe('Whether its owner gives access to each account.'),
  })
  .meta({ id: 'ModelDescription', description: 'What the hub says of a model, beside what is here.' })

const described = z
  .strictObject({ type: z.literal('described'), id: callId, model: modelDescription })
  .meta({ id: 'Described', description: 'The answer to Describe.' })

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
    description: 'The end of a call that failed or, without an id, a line that could not be understood.',
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
    description: 'The worker ends: before Ready a set-up that lacks something, later a bug.',
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
/** A call of a function that the model asks for. */
export type ToolCall = z.infer<typeof toolCallSchema>
/** Text that stands where a call stands and can't be read as one. */
export type ToolError = z.infer<typeof toolErrorSchema>
/** A token with its natural logarithm of probability, and its likeliest alternatives. */
export type TokenLogprob = z.infer<typeof tokenLogprobSchema>
/** A model that is in memory. */
export type LoadedModel = z.infer<typeof loadedModelSchema>
export type ModelOnDisk = z.infer<typeof modelOnDiskSchema>
/** A file of a model, and whether it has the hash that the hub tells. */
export type VerifiedFile = z.infer<typeof verifiedFileSchema>
/** A file that `cleanModels` deleted, and why. */
export type CleanedFile = z.infer<typeof cleanedFileSchema>
/** Why the worker ended a sequence. */
export type WorkerFinishReason = (typeof finishReasons)[number]
/** Tokens that a call read, took from the prompt cache, and generated. */
export type Usage = z.infer<typeof usageSchema>
