import type * as z from 'zod'
import type { CountOptions, EmbedOptions, GenerateOptions, LoadOptions, TokeniseOptions } from './options.ts'
import type {
  Answer,
  Chunk,
  EmbedAnswer,
  EngineStatus,
  LoadedModel,
  ModelOnDisk,
  ObjectAnswer,
} from './results.ts'

/** Language models on MLX: any number of calls at once, decoded together in one worker process. */
export interface Engine extends AsyncDisposable {
  /**
   * Brings a model into memory, downloading it if it is not on disk; a download that broke off goes on. Where room
   * is needed, models that were idle longest go.
   *
   * @throws EngineError MODEL_NOT_FOUND, MODEL_GATED, MODEL_CORRUPT, UNSUPPORTED, DOWNLOAD_FAILED, OUT_OF_MEMORY,
   * ABORTED.
   */
  loadModel(options?: LoadOptions): Promise<LoadedModel>

  /**
   * Streams an answer. The call starts when the result is iterated; leaving the loop cancels it, and so does
   * `signal`, both within a step of the model.
   *
   * @throws EngineError, once, from the iteration: INVALID_REQUEST, MODEL_NOT_FOUND, CONTEXT_LENGTH_EXCEEDED,
   * QUEUE_FULL, OUT_OF_MEMORY, DEADLINE_EXCEEDED, UNSUPPORTED, ABORTED, WORKER_EXITED, ...
   * @example
   * for await (const chunk of engine.generate({ prompt: 'Hello!' })) process.stdout.write(chunk.text)
   */
  generate(options: GenerateOptions): AsyncIterable<Chunk>

  /** The whole answer of `generate`. */
  complete(options: GenerateOptions): Promise<Answer>

  /**
   * An answer that is a value of a zod schema: only tokens that fit are sampled.
   *
   * @throws EngineError INVALID_OUTPUT where maxTokens cut it off, or a refinement of the schema refuses it; else as
   * `generate`.
   * @example
   * const { object } = await engine.generateObject({ prompt: 'A cat.', schema: z.object({ name: z.string() }) })
   */
  generateObject<Schema extends z.ZodType>(
    options: Omit<GenerateOptions, 'responseFormat'> & { schema: Schema },
  ): Promise<ObjectAnswer<z.output<Schema>>>

  /** Tokens that a prompt or a chat has for the model, as `usage.promptTokens` would count them. */
  countTokens(options: CountOptions): Promise<number>

  /** Token ids of a text, without the ones that a model wants at the start of a prompt. */
  tokenise(text: string, options?: TokeniseOptions): Promise<number[]>

  /** The text of token ids; the way back from `tokenise`. */
  detokenise(tokens: readonly number[], options?: TokeniseOptions): Promise<string>

  /**
   * Vectors that tell how near texts are to each other: their dot product is the cosine similarity.
   *
   * @throws EngineError UNSUPPORTED for a model that gives none.
   */
  embed(options: EmbedOptions): Promise<EmbedAnswer>

  /** What is loaded and under way, and the memory that it takes. Never starts a worker. */
  status(): Promise<EngineStatus>

  /** Frees one model, or all; calls that use it fail with ABORTED. Gives the names of those that were loaded. */
  unloadModel(model?: string): Promise<string[]>

  /** The models that can be loaded without a download. */
  models(): Promise<ModelOnDisk[]>

  /** Ends the worker; calls in flight fail with DISPOSED. Waits until the process is gone. */
  dispose(): Promise<void>
}
