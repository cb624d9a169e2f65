import type * as z from 'zod'
import { collect, objectOptions, parseObject } from './collect.ts'
import type { GenerateOptions } from './options.ts'
import type { Answer, Chunk, ObjectAnswer } from './results.ts'

/** The methods that every engine builds on its own stream of chunks. */
export abstract class BaseEngine implements AsyncDisposable {
  generate(options: GenerateOptions): AsyncIterable<Chunk> {
    return { [Symbol.asyncIterator]: () => this.stream(options) }
  }

  complete(options: GenerateOptions): Promise<Answer> {
    return collect(this.generate(options))
  }

  async generateObject<Schema extends z.ZodType>(
    options: Omit<GenerateOptions, 'responseFormat'> & { schema: Schema },
  ): Promise<ObjectAnswer<z.output<Schema>>> {
    return parseObject(await this.complete(objectOptions(options)), options.schema)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }

  abstract dispose(): Promise<void>

  /** Starts a call. It ends with the iteration, however that ends. */
  protected abstract stream(options: GenerateOptions): AsyncGenerator<Chunk, void, undefined>
}

/** The counts and bytes of a status while nothing runs on this machine. */
export const emptyStatus = {
  models: [],
  active: 0,
  queued: 0,
  memoryBytes: 0,
  cacheBytes: 0,
  peakMemoryBytes: 0,
  memoryLimitBytes: 0,
  promptCacheBytes: 0,
  steps: 0,
  lastStepAt: null,
}
