import type { EngineError } from '../errors.ts'
import type { PromptProgress } from '../options.ts'
import type { EventOf, WorkerEvent } from '../protocol.ts'
import type { Chunk } from '../results.ts'

type Piece = EventOf<'tokens'>['pieces'][number]
type Done = EventOf<'done'>

/** What one request to the worker leads to; it ends once, with a last event or an error. */
export interface Call {
  onEvent: (event: WorkerEvent) => void
  /** What a step brought for this call, split from the others' so that a call sees only its own. */
  onPiece?: (piece: Piece) => void
  /** Whether the call ends with this event; where it is not there, any answer is the last. */
  isLast?: (event: WorkerEvent) => boolean
  onError: (error: EngineError) => void
}

/** Several pieces of one sequence, joined. */
interface Unread {
  text: string
  reasoning: string
  logprobs: Piece['logprobs']
  toolCalls: Piece['toolCalls']
  toolErrors: Piece['toolErrors']
  done: Done | undefined
}

/** `ends` comes with the last piece of all: how each sequence ended. */
type Item = { chunk: Chunk; ends?: readonly Done[] } | { error: EngineError }

/**
 * The answers to one call, from the worker that pushes to the reader that pulls. What was not read yet is joined,
 * so that a slow reader costs no more than the answer itself, which maxTokens bounds.
 */
export class AnswerQueue implements Call {
  /** `performance.now()` of the first token. */
  firstTokenAt: number | undefined
  readonly #sequences: number
  readonly #onProgress: ((progress: PromptProgress) => void) | undefined
  readonly #unread = new Map<number, Unread>()
  readonly #ends: Done[] = []
  #ended = 0
  #error: EngineError | undefined
  #wake: () => void = () => undefined

  constructor(sequences: number, onProgress?: (progress: PromptProgress) => void) {
    this.#sequences = sequences
    this.#onProgress = onProgress
  }

  onPiece(piece: Piece): void {
    this.firstTokenAt ??= performance.now()
    const unread = this.#of(piece.index)
    unread.text += piece.text
    unread.reasoning += piece.reasoning
    unread.logprobs.push(...piece.logprobs)
    unread.toolCalls.push(...piece.toolCalls)
    unread.toolErrors.push(...piece.toolErrors)
    this.#wake()
  }

  onEvent(event: WorkerEvent): void {
    if (event.type === 'promptProgress') {
      const { processedTokens, totalTokens } = event
      this.#onProgress?.({ processedTokens, totalTokens })
    }
    if (event.type !== 'done') return
    this.firstTokenAt ??= performance.now()
    this.#ended += 1
    this.#of(event.index).done = event
    this.#wake()
  }

  onError(error: EngineError): void {
    this.#error ??= error
    this.#wake()
  }

  isLast(): boolean {
    return this.#ended + 1 === this.#sequences
  }

  /** The next piece of the answer, or why there is none. Not to be called again after the last one. */
  async next(): Promise<Item> {
    while (true) {
      const [entry] = this.#unread
      if (entry !== undefined) {
        const [index, unread] = entry
        this.#unread.delete(index)
        const chunk = asChunk(index, unread)
        if (unread.done === undefined) return { chunk }
        this.#ends.push(unread.done)
        return this.#ends.length < this.#sequences ? { chunk } : { chunk, ends: this.#ends }
      }
      if (this.#error !== undefined) return { error: this.#error }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #of(index: number): Unread {
    const found = this.#unread.get(index)
    if (found !== undefined) return found
    const unread = {
      text: '',
      reasoning: '',
      logprobs: [],
      toolCalls: [],
      toolErrors: [],
      done: undefined,
    }
    this.#unread.set(index, unread)
    return unread
  }
}

function asChunk(index: number, unread: Unread): Chunk {
  const { text, reasoning, logprobs, toolCalls, toolErrors, done } = unread
  return {
    text,
    index,
    ...(reasoning === '' ? {} : { reasoning }),
    ...(logprobs.length === 0 ? {} : { logprobs }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
    ...(toolErrors.length === 0 ? {} : { toolErrors }),
    ...(done === undefined ? {} : { finishReason: done.finishReason }),
    ...(done === undefined || done.stopString === null ? {} : { stopString: done.stopString }),
  }
}
