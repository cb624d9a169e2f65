import type { ChatEvent, ChatRequest, ToolCall, Transport } from '../transport/transport.ts'
import { TransportError } from '../transport/transport.ts'
import { type AnswerTurn, createAnswer, withTurn } from './conversation.ts'
import type { Library } from './library.ts'
import { Observable } from './observable.ts'

/** An answer that is being streamed. */
export interface LiveAnswer {
  text: string
  reasoning: string
  calls: readonly ToolCall[]
  /** The progress of the prefill, 0 to 1, or undefined before and after it. */
  prefill?: number | undefined
}

const nothing: LiveAnswer = { text: '', reasoning: '', calls: [] }

interface Running {
  live: Observable<LiveAnswer | undefined>
  controller: AbortController
}

/** How often an answer is saved while it is streamed, so that little is lost if the page is closed. */
const saveEveryMs = 1000

/** The running answers, at most one per conversation. They continue while another conversation is shown. */
export class Answers extends Observable<ReadonlyMap<string, Running>> {
  readonly #transport: Transport
  readonly #library: Library
  readonly #onFailure: (error: unknown) => void

  /** @param onFailure called for each answer that fails. The turn shows the error too. */
  constructor(transport: Transport, library: Library, onFailure: (error: unknown) => void) {
    super(new Map())
    this.#transport = transport
    this.#library = library
    this.#onFailure = onFailure
  }

  /** Adds an answer to a conversation of the library. Does nothing while another answer is running. */
  async ask(conversationId: string, request: ChatRequest): Promise<void> {
    if (this.get().has(conversationId)) return
    const live = new Observable<LiveAnswer | undefined>(nothing)
    const running = { live, controller: new AbortController() }
    const answer = createAnswer(request.model)
    this.#save(conversationId, answer)
    this.set(new Map(this.get()).set(conversationId, running))
    const ended = await this.#streamAnswer(conversationId, answer, request, running)
    const rest = new Map(this.get())
    rest.delete(conversationId)
    this.set(rest)
    this.#save(conversationId, ended)
  }

  /** Stops the answer of a conversation. The text so far is kept. */
  stop(conversationId: string): void {
    this.get().get(conversationId)?.controller.abort()
  }

  /** Streams an answer and resolves with its final state, complete or failed. */
  async #streamAnswer(
    conversationId: string,
    answer: AnswerTurn,
    request: ChatRequest,
    { live, controller }: Running,
  ): Promise<AnswerTurn> {
    let current = nothing
    let savedAt = performance.now()
    const frame = throttleToFrames(() => live.set(current))
    const soFar = () => withContent(answer, current)
    try {
      for await (const event of this.#transport.chat(request, controller.signal)) {
        if (event.type === 'end') return { ...soFar(), ...toEnding(event) }
        current = applyEvent(current, event)
        frame.ask()
        if (performance.now() - savedAt < saveEveryMs) continue
        savedAt = performance.now()
        this.#save(conversationId, soFar())
      }
      throw new TransportError('The answer was interrupted.')
    } catch (error) {
      if (controller.signal.aborted) return { ...soFar(), ending: 'stopped' }
      this.#onFailure(error)
      return { ...soFar(), ending: 'failed', problem: describeError(error) }
    } finally {
      frame.cancel()
    }
  }

  /** Saves an answer, unless its conversation was deleted. */
  #save(conversationId: string, answer: AnswerTurn): void {
    const conversation = this.#library.find(conversationId)
    if (conversation === undefined) this.stop(conversationId)
    else this.#library.put(withTurn(conversation, answer))
  }
}

function applyEvent(live: LiveAnswer, event: Exclude<ChatEvent, { type: 'end' }>): LiveAnswer {
  const { text, reasoning, calls } = live
  switch (event.type) {
    case 'text':
      return { text: text + event.text, reasoning, calls }
    case 'reasoning':
      return { text, reasoning: reasoning + event.text, calls }
    case 'calls':
      return { text: asParagraph(text), reasoning: asParagraph(reasoning), calls: [...calls, ...event.calls] }
    case 'prompt':
      return { ...live, prefill: event.processedTokens / Math.max(1, event.totalTokens) }
  }
}

/** Ends a paragraph, because text after a tool call is not part of the sentence before it. */
function asParagraph(text: string): string {
  return text.trim() === '' ? '' : `${text.trimEnd()}\n\n`
}

function withContent(answer: AnswerTurn, { text, reasoning, calls }: LiveAnswer): AnswerTurn {
  return { ...answer, text, reasoning, ...(calls.length > 0 && { calls: [...calls] }) }
}

function toEnding(event: Extract<ChatEvent, { type: 'end' }>): Pick<AnswerTurn, 'ending' | 'figures'> {
  const { finishReason, usage, timings } = event
  if (usage === undefined || timings === undefined) return { ending: finishReason }
  const { ttftMs, tokensPerSecond } = timings
  return { ending: finishReason, figures: { tokens: usage.completionTokens, ttftMs, tokensPerSecond } }
}

function describeError(error: unknown): string {
  if (!(error instanceof TransportError)) return `An error occurred in the page: ${String(error)}`
  if (error.retryAfterSeconds === undefined) return error.message
  return `${error.message} Try again in ${error.retryAfterSeconds} s.`
}

/** Limits calls to one per animation frame, so that tokens in between cost nothing. */
function throttleToFrames(draw: () => void): { ask: () => void; cancel: () => void } {
  let asked = 0
  const drawn = () => {
    asked = 0
    draw()
  }
  return {
    ask: () => {
      if (asked === 0) asked = requestAnimationFrame(drawn)
    },
    cancel: () => cancelAnimationFrame(asked),
  }
}
