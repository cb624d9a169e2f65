import type { Chunk } from 'mlx-app'

/** The functions that write the two parts of an answer. */
export interface AnswerTargets {
  text: (text: string) => void
  reasoning: (text: string) => void
}

/** Shows an answer as it is streamed: the reasoning first, and the answer in a separate paragraph below it. */
export class AnswerView {
  readonly #targets: AnswerTargets
  /** The text that was written last, and the part it belongs to. */
  #last = { part: 'text' as keyof AnswerTargets, text: '' }

  constructor(targets: AnswerTargets) {
    this.#targets = targets
  }

  show({ reasoning = '', text }: Pick<Chunk, 'reasoning' | 'text'>): void {
    this.#write('reasoning', reasoning)
    this.#write('text', text)
  }

  /** Ends the current line. */
  end(): void {
    const { part, text } = this.#last
    if (text !== '' && !text.endsWith('\n')) this.#targets[part]('\n')
  }

  #write(part: keyof AnswerTargets, text: string): void {
    if (text === '') return
    if (this.#last.text !== '' && part !== this.#last.part) {
      this.end()
      this.#targets[this.#last.part]('\n')
    }
    this.#targets[part](text)
    this.#last = { part, text }
  }
}
