import type * as z from 'zod'
import type {
  CleanOptions,
  CountOptions,
  DescribeOptions,
  DownloadOptions,
  EmbedOptions,
  GenerateOptions,
  LoadOptions,
  TokeniseOptions,
  VerifyOptions,
} from './options.ts'
import type {
  Answer,
  Chunk,
  CleanedModels,
  DownloadedModel,
  EmbedAnswer,
  EngineStatus,
  LoadedModel,
  ModelDescription,
  ModelOnDisk,
  ObjectAnswer,
  RemovedModel,
  VerifiedModel,
} from './results.ts'

/** Language models on MLX: any number of calls at once, decoded together in one worker process. */
export interface Engine extends AsyncDisposable {
  /**
   * Brings a model into memory, downloading it if it is not on disk; a download that broke off goes on. Where room
   * is needed, models that were idle longest go.
   *
   * @throws EngineError MODEL_NOT_FOUND, MODEL_GATED, MODEL_CORRUPT, UNSUPPORTED, DOWNLOAD_FAILED, DISK_FULL,
   * OUT_OF_MEMORY (before the download, where the hub tells that the weights can't fit), ABORTED.
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

  /**
   * Gets the files of a model without loading it, and checks their hashes. One that broke off goes on where it was;
   * a model that is here is only looked at.
   *
   * @throws EngineError MODEL_NOT_FOUND, MODEL_GATED, MODEL_CORRUPT (a file came with another hash), DOWNLOAD_FAILED,
   * ACCESS_DENIED, UNSUPPORTED (no weights for MLX), DISK_FULL before a byte is loaded, INVALID_REQUEST for an `output`
   * that holds other things, ABORTED.
   */
  downloadModel(options?: DownloadOptions): Promise<DownloadedModel>

  /**
   * Compares the files of a model with the hashes that the hub has: those that the disk tells, else by asking it.
   *
   * @throws EngineError MODEL_NOT_FOUND, ABORTED.
   */
  verifyModel(options?: VerifyOptions): Promise<VerifiedModel>

  /**
   * Deletes a model from the shared cache or from the project's folder of models; one that is loaded is unloaded first.
   * Never a path elsewhere, never the hello model.
   *
   * @throws EngineError MODEL_NOT_FOUND; INVALID_REQUEST for a path, and while calls or a download use it.
   */
  removeModel(model: string): Promise<RemovedModel>

  /**
   * Deletes what broken-off downloads left in the shared cache, and files there that no model refers to; with `dryRun`
   * it only tells what that would be.
   */
  cleanModels(options?: CleanOptions): Promise<CleanedModels>

  /**
   * Asks the hub for a model's size, licence and commit, and tells how much of it is missing here. Downloads nothing.
   *
   * @throws EngineError MODEL_NOT_FOUND, MODEL_GATED, ACCESS_DENIED, DOWNLOAD_FAILED, UNSUPPORTED (no weights for
   * MLX), ABORTED; INVALID_REQUEST for a model that is not
   * one of the hub.
   */
  describeModel(options?: DescribeOptions): Promise<ModelDescription>

  /** Ends the worker; calls in flight fail with DISPOSED. Waits until the process is gone. */
  dispose(): Promise<void>
}
