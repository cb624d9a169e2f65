import type { EngineError } from '../errors.ts'
import type { LoadProgress, PromptProgress } from '../options.ts'
import type { AnswerTo, EventOf, RequestType } from '../protocol.ts'
import type { Chunk } from '../results.ts'

type Piece = EventOf<'tokens'>['pieces'][number]
type Done = EventOf<'done'>

/** Receives what the worker sends for one request before its answer. */
export interface CallListener {
  onLoadProgress?: ((progress: LoadProgress) => void) | undefined
  onPromptProgress?: ((progress: PromptProgress) => void) | undefined
  /** Receives what one step of the model added to this call. */
  onPiece?: (piece: Piece) => void
  /** Ends the call. */
  onError: (error: EngineError) => void
}

/** Receives everything that the worker sends for one request. The call ends once, with its last answer or an error. */
export interface Call<Type extends RequestType> extends CallListener {
  onAnswer: (event: AnswerTo<Type>) => void
  /** The number of answers; 1 by default. */
  answerCount?: number
}

/** Pieces of one sequence that the reader hasn't pulled yet, joined. */
interface Unread {
  text: string
  reasoning: string
  logprobs: Piece['logprobs']
  toolCalls: Piece['toolCalls']
  toolErrors: Piece['toolErrors']
  done: Done | undefined
}

/** What the reader pulls. `ends` comes with the very last chunk and says how each sequence ended. */
type Item = { chunk: Chunk; ends?: readonly Done[] } | { error: EngineError }

/**
 * Carries the answer to one call from the worker, which pushes, to the reader, which pulls. Unread pieces are joined,
 * so a slow reader takes no more memory than the answer itself, which maxTokens bounds.
 */
export class AnswerQueue implements Call<'generate'> {
  /** `performance.now()` at the first token. */
  firstTokenAt: number | undefined
  readonly answerCount: number
  readonly onPromptProgress: ((progress: PromptProgress) => void) | undefined
  readonly #unread = new Map<number, Unread>()
  readonly #ends: Done[] = []
  #error: EngineError | undefined
  #wake: () => void = () => undefined

  constructor(sequenceCount: number, onPromptProgress?: (progress: PromptProgress) => void) {
    this.answerCount = sequenceCount
    this.onPromptProgress = onPromptProgress
  }

  onPiece(piece: Piece): void {
    this.firstTokenAt ??= performance.now()
    const unread = this.#unreadOf(piece.index)
    unread.text += piece.text
    unread.reasoning += piece.reasoning
    unread.logprobs.push(...piece.logprobs)
    unread.toolCalls.push(...piece.toolCalls)
    unread.toolErrors.push(...piece.toolErrors)
    this.#wake()
  }

  onAnswer(done: Done): void {
    this.firstTokenAt ??= performance.now()
    this.#unreadOf(done.index).done = done
    this.#wake()
  }

  onError(error: EngineError): void {
    this.#error ??= error
    this.#wake()
  }

  /** Waits for the next piece of the answer, or the error that ended it. Must not be called again after the last one. */
  async next(): Promise<Item> {
    while (true) {
      const [entry] = this.#unread
      if (entry !== undefined) {
        const [index, unread] = entry
        this.#unread.delete(index)
        const chunk = toChunk(index, unread)
        if (unread.done === undefined) return { chunk }
        this.#ends.push(unread.done)
        return this.#ends.length < this.answerCount ? { chunk } : { chunk, ends: this.#ends }
      }
      if (this.#error !== undefined) return { error: this.#error }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #unreadOf(index: number): Unread {
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

function toChunk(index: number, unread: Unread): Chunk {
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
    ...(done === undefined || done.movedLines === 0 ? {} : { movedLines: done.movedLines }),
  }
}
