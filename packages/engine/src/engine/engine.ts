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

/** Runs language models on MLX. It takes any number of calls at once and decodes them together in one worker process. */
export interface Engine extends AsyncDisposable {
  /**
   * Loads a model into memory, and downloads it first if it is not on disk. An interrupted download is resumed. If
   * there is no room, the models that have been idle longest are unloaded.
   *
   * @throws EngineError MODEL_NOT_FOUND, MODEL_GATED, MODEL_CORRUPT, UNSUPPORTED, DOWNLOAD_FAILED, DISK_FULL,
   * OUT_OF_MEMORY (before the download, if the hub's sizes show that the weights can't fit), ABORTED.
   */
  loadModel(options?: LoadOptions): Promise<LoadedModel>

  /**
   * Streams an answer. The call starts when you iterate over the result. Leaving the loop cancels it, and so does
   * `signal`; both take effect within one step of the model.
   *
   * @throws EngineError from the iteration, once: INVALID_REQUEST, MODEL_NOT_FOUND, CONTEXT_LENGTH_EXCEEDED,
   * QUEUE_FULL, OUT_OF_MEMORY, DEADLINE_EXCEEDED, UNSUPPORTED, ABORTED, WORKER_EXITED, ...
   * @example
   * for await (const chunk of engine.generate({ prompt: 'Hello!' })) process.stdout.write(chunk.text)
   */
  generate(options: GenerateOptions): AsyncIterable<Chunk>

  /**
   * Returns the whole answer of `generate`.
   *
   * @throws EngineError as `generate`.
   */
  complete(options: GenerateOptions): Promise<Answer>

  /**
   * Returns an answer that is a value of a zod schema. Only tokens that fit the schema are sampled.
   *
   * @throws EngineError INVALID_OUTPUT if the answer was cut off (by maxTokens, or by the content filter of another
   * server), the model called a tool instead, or a refinement of the schema rejects it; otherwise as `generate`.
   * @example
   * const { object } = await engine.generateObject({ prompt: 'A cat.', schema: z.object({ name: z.string() }) })
   */
  generateObject<Schema extends z.ZodType>(
    options: Omit<GenerateOptions, 'responseFormat'> & { schema: Schema },
  ): Promise<ObjectAnswer<z.output<Schema>>>

  /** Counts the tokens of a prompt or chat, as `usage.promptTokens` does. */
  countTokens(options: CountOptions): Promise<number>

  /** Returns the token ids of a text, without the ones that a model expects at the start of a prompt. */
  tokenise(text: string, options?: TokeniseOptions): Promise<number[]>

  /** Returns the text of token ids. It is the inverse of `tokenise`. */
  detokenise(tokens: readonly number[], options?: TokeniseOptions): Promise<string>

  /**
   * Returns vectors for comparing texts: the dot product of two vectors is the cosine similarity of their texts.
   *
   * @throws EngineError UNSUPPORTED for a model that has no embeddings.
   */
  embed(options: EmbedOptions): Promise<EmbedAnswer>

  /** Returns the loaded models, the calls in progress and the memory in use. It never starts a worker. */
  status(): Promise<EngineStatus>

  /** Unloads one model, or all of them. Calls that use it fail with ABORTED. Returns the names of the unloaded models. */
  unloadModel(model?: string): Promise<string[]>

  /** Lists the models that can be loaded without a download. */
  models(): Promise<ModelOnDisk[]>

  /**
   * Downloads the files of a model without loading it, and checks their hashes. An interrupted download is resumed. A
   * model that is on disk is only checked.
   *
   * @throws EngineError MODEL_NOT_FOUND, MODEL_GATED, MODEL_CORRUPT (a downloaded file has the wrong hash),
   * DOWNLOAD_FAILED, ACCESS_DENIED, UNSUPPORTED (no weights for MLX), DISK_FULL (before the download starts),
   * INVALID_REQUEST (`output` has other files in it), ABORTED.
   */
  downloadModel(options?: DownloadOptions): Promise<DownloadedModel>

  /**
   * Compares the files of a model with the hub's hashes. It asks the hub only for hashes that are not on disk.
   *
   * @throws EngineError MODEL_NOT_FOUND, ABORTED.
   */
  verifyModel(options?: VerifyOptions): Promise<VerifiedModel>

  /**
   * Deletes a model from the shared cache or the project's folder of models, and unloads it first if necessary. It
   * never deletes any other path, nor the hello model.
   *
   * @throws EngineError MODEL_NOT_FOUND; INVALID_REQUEST for a path, or while calls or a download use the model.
   */
  removeModel(model: string): Promise<RemovedModel>

  /**
   * Deletes the remains of interrupted downloads from the shared cache, and the files there that no model refers to.
   * With `dryRun`, it only lists them.
   */
  cleanModels(options?: CleanOptions): Promise<CleanedModels>

  /**
   * Asks the hub for a model's size, licence and commit, and checks how much of it is missing on disk. It downloads
   * nothing.
   *
   * @throws EngineError MODEL_NOT_FOUND, MODEL_GATED, ACCESS_DENIED, DOWNLOAD_FAILED, UNSUPPORTED (no weights for
   * MLX), INVALID_REQUEST (the model is not from the hub), ABORTED.
   */
  describeModel(options?: DescribeOptions): Promise<ModelDescription>

  /** Ends the worker and waits until its process is gone. Calls in progress fail with DISPOSED. */
  dispose(): Promise<void>
}
