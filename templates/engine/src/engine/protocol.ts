/**
 * What the engine and its worker say to each other: one JSON object a line, requests on the worker's stdin,
 * events on its stdout. Declared here once; `npm run protocol` of create-mlx-app makes the JSON Schema and
 * the Python types of `mlx_app/protocol.py` from it.
 */
import * as z from 'zod'
import { engineErrorCodes } from './errors.ts'
import { limits } from './limits.ts'

/** Goes up with every change that an older side would misread. The first event of a worker names its own. */
export const protocolVersion = 1

const callId = z.int().min(0).meta({ id: 'CallId' })
const count = z.int().min(0).meta({ id: 'Count' })
const bytes = count
const milliseconds = z.number().min(0).meta({ id: 'Milliseconds' })
const modelName = z.string().min(1).max(limits.modelCharacters).meta({ id: 'ModelName' })
const errorCode = z.enum(engineErrorCodes).meta({ id: 'ErrorCode' })
export const stopString = z.string().min(1).max(limits.stopCharacters).meta({ id: 'StopString' })

const penalty = z.number().min(-limits.penalty).max(limits.penalty).meta({ id: 'Penalty' })
const penaltyContext = z.int().min(1).max(limits.penaltyContext).meta({ id: 'PenaltyContext' })

export const roles = ['system', 'user', 'assistant', 'tool'] as const

export const messageSchema = z
  .strictObject({ role: z.enum(roles), content: z.string() })
  .meta({ id: 'Message', description: 'One turn of a chat.' })

export const samplingShape = {
  maxTokens: z.int().min(1).max(limits.maxTokens).default(1024),
  temperature: z.number().min(0).max(limits.temperature).default(0),
  topP: z.number().gt(0).max(1).default(1),
  topK: count.default(0),
  minP: z.number().min(0).max(1).default(0),
  xtcProbability: z.number().min(0).max(1).default(0),
  xtcThreshold: z.number().min(0).max(0.5).default(0.1),
  repetitionPenalty: z.number().gt(0).max(limits.repetitionPenalty).default(1),
  repetitionContext: penaltyContext.default(20),
  presencePenalty: penalty.default(0),
  presenceContext: penaltyContext.default(20),
  frequencyPenalty: penalty.default(0),
  frequencyContext: penaltyContext.default(20),
  /** By token id, as a string of decimal digits: JSON knows no other keys. */
  logitBias: z
    .record(z.string().regex(/^[0-9]{1,9}$/), z.number().min(-limits.logitBias).max(limits.logitBias))
    .default({}),
  seed: z.int().min(0).max(limits.seed).nullable().default(null),
  stop: z.array(stopString).max(limits.stopStrings).default([]),
}

const load = z
  .strictObject({
    type: z.literal('load'),
    id: callId,
    model: modelName,
    revision: z.string().min(1).nullable().default(null),
    /** Whether a model that is not on disk may be downloaded. */
    download: z.boolean().default(true),
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
    prompt: z.string().min(1).nullable().default(null),
    messages: z.array(messageSchema).min(1).max(limits.messages).nullable().default(null),
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

export const requestSchema = z.discriminatedUnion('type', [load, generate, cancel, unload, status, models])

export const finishReasons = ['stop', 'length'] as const

const ready = z
  .strictObject({
    type: z.literal('ready'),
    protocol: z.int(),
    pid: z.int(),
    python: z.string(),
    mlx: z.string(),
    mlxLm: z.string(),
    device: z.enum(['gpu', 'cpu']),
  })
  .meta({ id: 'Ready', description: 'The first event: the versions and the device at the other end.' })

const progress = z
  .strictObject({
    type: z.literal('progress'),
    id: callId,
    stage: z.enum(['download', 'load']),
    loadedBytes: bytes,
    totalBytes: bytes,
  })
  .meta({
    id: 'Progress',
    description: 'Bytes of a download or of weights; total_bytes is 0 as long as it is unknown.',
  })

export const loadedModelSchema = z
  .strictObject({
    model: modelName,
    /** Where the files lie. */
    path: z.string(),
    /** Weights in memory. */
    memoryBytes: bytes,
    contextTokens: z.int().min(1).nullable(),
  })
  .meta({
    id: 'LoadedModel',
    description: 'A model in memory. context_tokens bounds prompt and answer together; null if unknown.',
  })

const loaded = z
  .strictObject({ type: z.literal('loaded'), id: callId, model: loadedModelSchema })
  .meta({ id: 'Loaded', description: 'The end of a load.' })

const piece = z
  .strictObject({ id: callId, text: z.string() })
  .meta({ id: 'Piece', description: 'New text of one call.' })

const tokens = z
  .strictObject({ type: z.literal('tokens'), pieces: z.array(piece) })
  .meta({ id: 'Tokens', description: 'The text of one step of the batch: at most one piece for each call.' })

export const usageSchema = z
  .strictObject({ promptTokens: z.int().min(0), completionTokens: z.int().min(0) })
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
    text: z.string(),
    finishReason: z.enum(finishReasons),
    usage: usageSchema,
    timings: workerTimings,
  })
  .meta({
    id: 'Done',
    description: 'The end of a call. `text` had been held back as the possible start of a stop string.',
  })

const unloaded = z
  .strictObject({ type: z.literal('unloaded'), id: callId, models: z.array(modelName) })
  .meta({ id: 'Unloaded', description: 'The models that were freed.' })

export const workerStatusShape = {
  models: z.array(loadedModelSchema),
  /** Calls in the batch: prefill and decode. */
  active: count,
  /** Calls that wait for a place in the batch, for tokenising or for their model. */
  queued: count,
  /** MLX's own numbers: in use now, kept for reuse, and the highest since the start. */
  memoryBytes: bytes,
  cacheBytes: bytes,
  peakMemoryBytes: bytes,
  /** Decode steps since the start. */
  steps: count,
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
    /** The project's own folder, or the cache that all Hugging Face tools share. */
    place: z.enum(['project', 'cache']),
  })
  .meta({
    id: 'ModelOnDisk',
    description: 'A model that can be loaded without a download.',
  })

const modelsReport = z
  .strictObject({ type: z.literal('modelsReport'), id: callId, models: z.array(modelOnDiskSchema) })
  .meta({ id: 'ModelsReport', description: 'What lies on disk.' })

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
  tokens,
  done,
  unloaded,
  statusReport,
  modelsReport,
  failure,
  fatal,
])

export type Request = z.input<typeof requestSchema>
export type WorkerEvent = z.output<typeof eventSchema>
export type EventOf<Type extends WorkerEvent['type']> = Extract<WorkerEvent, { type: Type }>
export type Message = z.infer<typeof messageSchema>
export type LoadedModel = z.infer<typeof loadedModelSchema>
export type ModelOnDisk = z.infer<typeof modelOnDiskSchema>
export type FinishReason = (typeof finishReasons)[number]
export type Usage = z.infer<typeof usageSchema>
