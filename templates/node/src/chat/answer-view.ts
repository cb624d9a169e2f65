import type { Chunk } from 'mlx-app'

/** Where the two parts of an answer go. */
export interface AnswerTargets {
  text: (text: string) => void
  reasoning: (text: string) => void
}

/** Shows one answer as it comes: what the model thinks first, and the answer in a paragraph of its own below it. */
export class AnswerView {
  readonly #targets: AnswerTargets
  /** What was written last, and the part that it belongs to. */
  #last = { part: 'text' as keyof AnswerTargets, text: '' }

  constructor(targets: AnswerTargets) {
    this.#targets = targets
  }

  show({ reasoning = '', text }: Pick<Chunk, 'reasoning' | 'text'>): void {
    this.#write('reasoning', reasoning)
    this.#write('text', text)
  }

  /** Ends the line that is open. */
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
