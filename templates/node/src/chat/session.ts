import type { Chunk, Engine, LoadOptions } from 'mlx-app'
import type { ChatArguments } from './arguments.ts'
import type { OpenEngine } from './open-engine.ts'

/** What one side said, as the terminal knows it: text alone. */
export interface Turn {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** One chat: what was said, and how to go on with it. */
export class Session {
  readonly engine: Engine
  readonly #sampling: ChatArguments['sampling']
  #model: string
  #system: string | undefined
  #messages: Turn[] = []
  #last: Chunk | undefined

  constructor(
    { engine, model }: OpenEngine,
    { system, sampling }: Pick<ChatArguments, 'system' | 'sampling'>,
  ) {
    this.engine = engine
    this.#model = model
    this.#system = system
    this.#sampling = sampling
  }

  get model(): string {
    return this.#model
  }

  get system(): string | undefined {
    return this.#system
  }

  /** Holds from the next question on; undefined takes it away. */
  set system(text: string | undefined) {
    this.#system = text
  }

  /** All that the model is shown, the system message first. */
  get messages(): Turn[] {
    const { system } = this
    return [
      ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
      ...this.#messages,
    ]
  }

  /** The last piece of the last whole answer: it has usage and timings. */
  get last(): Chunk | undefined {
    return this.#last
  }

  /**
   * Streams the answer. Question and answer join the history as far as the answer came; a question without any
   * answer does not, and what the model thought never does: it is of no use in later turns.
   *
   * @throws EngineError as `generate` does.
   */
  async *ask(question: string, signal: AbortSignal): AsyncGenerator<Chunk, void, undefined> {
    const asked: Turn = { role: 'user', content: question }
    const { model } = this
    let answer = ''
    try {
      for await (const chunk of this.engine.generate({
        ...this.#sampling,
        model,
        messages: [...this.messages, asked],
        signal,
      })) {
        answer += chunk.text
        if (chunk.finishReason !== undefined) this.#last = chunk
        yield chunk
      }
    } finally {
      if (answer !== '') this.#messages.push(asked, { role: 'assistant', content: answer })
    }
  }

  /** Forgets what was said. */
  clear(): void {
    this.#messages = []
  }

  /**
   * Goes on with another model. The one before is freed first, so that two never have to fit in memory; if the
   * other can't be loaded, the next question brings the first one back.
   *
   * @throws EngineError as `loadModel` does.
   */
  async changeModel(
    model: string,
    options: Pick<LoadOptions, 'download' | 'onProgress' | 'signal'>,
  ): Promise<void> {
    await this.engine.unloadModel(this.#model)
    this.#model = (await this.engine.loadModel({ ...options, model })).model
  }
}
