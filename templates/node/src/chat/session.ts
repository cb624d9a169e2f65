import type { Chunk, Engine, GenerateOptions, LoadOptions } from 'mlx-app'
import type { ChatArguments } from './arguments.ts'
import type { OpenEngine } from './open-engine.ts'

/** One message of the chat. */
export interface Turn {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** A chat with its history, model and sampling options. */
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

  /** Sets the system message from the next question on. Undefined removes it. */
  set system(text: string | undefined) {
    this.#system = text
  }

  /** The messages that the model sees, with the system message first. */
  get messages(): Turn[] {
    const { system } = this
    return [
      ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
      ...this.#messages,
    ]
  }

  /** The final chunk of the last complete answer, which has its usage and timings. */
  get last(): Chunk | undefined {
    return this.#last
  }

  /**
   * Streams the answer to a question and adds both to the history. A partial answer is kept, but a question without any
   * answer is dropped. Reasoning is never kept, because it is of no use in later turns.
   *
   * @throws EngineError if the call fails.
   */
  async *ask(
    question: string,
    options: Pick<GenerateOptions, 'signal' | 'onPromptProgress'>,
  ): AsyncGenerator<Chunk, void, undefined> {
    const userTurn: Turn = { role: 'user', content: question }
    const { model } = this
    let answer = ''
    try {
      for await (const chunk of this.engine.generate({
        ...this.#sampling,
        model,
        messages: [...this.messages, userTurn],
        ...options,
      })) {
        answer += chunk.text
        if (chunk.finishReason !== undefined) this.#last = chunk
        yield chunk
      }
    } finally {
      if (answer !== '') this.#messages.push(userTurn, { role: 'assistant', content: answer })
    }
  }

  /** Removes all messages except the system message. */
  clear(): void {
    this.#messages = []
  }

  /**
   * Switches to another model. The current model is unloaded first, so that both never have to fit in memory. If the new
   * model can't be loaded, the next question loads the old one again.
   *
   * @throws EngineError if the model can't be loaded.
   */
  async changeModel(
    model: string,
    options: Pick<LoadOptions, 'download' | 'onProgress' | 'signal'>,
  ): Promise<void> {
    await this.engine.unloadModel(this.#model)
    this.#model = (await this.engine.loadModel({ ...options, model })).model
  }
}
