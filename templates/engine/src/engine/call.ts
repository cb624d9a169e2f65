import type { EngineError } from './errors.ts'
import type { EventOf, WorkerEvent } from './protocol.ts'

/** What one request to the worker leads to; it ends once, with a last event or an error. */
export interface Call {
  onEvent: (event: WorkerEvent) => void
  /** The text of a step, split from the others' so that a call sees only its own. */
  onText?: (text: string) => void
  onError: (error: EngineError) => void
}

type Item = { text: string } | { done: EventOf<'done'> } | { error: EngineError }

/**
 * The answers to one call, from the worker that pushes to the reader that pulls. Text that was not read yet is
 * joined, so that a slow reader costs no more than the text itself.
 */
export class TextQueue implements Call {
  /** `performance.now()` of the first token. */
  firstTokenAt: number | undefined
  #text = ''
  #end: Item | undefined
  #wake: () => void = () => undefined

  onText(text: string): void {
    this.firstTokenAt ??= performance.now()
    this.#text += text
    this.#wake()
  }

  onEvent(event: WorkerEvent): void {
    if (event.type !== 'done') return
    this.firstTokenAt ??= performance.now()
    this.#finish({ done: event })
  }

  onError(error: EngineError): void {
    this.#finish({ error })
  }

  /** The next piece of text, or the end. Reading on after the end gives the end again. */
  async next(): Promise<Item> {
    while (this.#text === '' && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#text !== '') {
      const text = this.#text
      this.#text = ''
      return { text }
    }
    return this.#end ?? { text: '' }
  }

  #finish(end: Item): void {
    this.#end ??= end
    this.#wake()
  }
}
