import { randomUUID } from 'node:crypto'
import type { Chunk, PromptProgress, ToolCall, Usage } from 'mlx-app'
import type { Block, MessageBody, MessageEvent, MessageUsage, StopReason } from './answer-schema.ts'

export interface WriterOptions {
  /** As the answer names it. */
  model: string
  /** What the request allowed. */
  maxTokens: number
  /** Whether blocks of thinking hold what was thought. */
  showThinking: boolean
}

/** Some clients send thinking back only if it bears a signature. This one says that there is none. */
const signature = 'unsigned'

type OpenBlock = Extract<Block, { type: 'text' | 'thinking' }>

/** Makes a message of an answer, and the events that tell it as it comes. */
export class MessageWriter {
  /** What there is so far. */
  readonly message: MessageBody
  readonly #options: WriterOptions
  #begun = false
  #open: OpenBlock | undefined

  constructor(options: WriterOptions) {
    this.#options = options
    this.message = {
      id: `msg_${randomUUID().replaceAll('-', '')}`,
      type: 'message',
      role: 'assistant',
      model: options.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: toUsage(nothing),
    }
  }

  /** The first events; none if they were given before. The first progress tells the size of the prompt. */
  *begin(progress?: PromptProgress): Generator<MessageEvent, void> {
    if (this.#begun) return
    this.#begun = true
    if (progress !== undefined) this.message.usage = toUsage({ ...nothing, ...readAtFirst(progress) })
    yield { type: 'message_start', message: { ...this.message, content: [] } }
    yield { type: 'ping' }
  }

  *write({ reasoning = '', text, toolErrors = [], toolCalls = [] }: Chunk): Generator<MessageEvent, void> {
    if (reasoning !== '') yield* this.#think(reasoning)
    // What stands where a call stands and is none is shown: the answer would seem empty.
    const shown = text + toolErrors.map(({ raw }) => raw).join('')
    if (shown !== '') yield* this.#say(shown)
    for (const call of toolCalls) yield* this.#call(call)
  }

  /** The last events. */
  *end(last: Chunk): Generator<MessageEvent, void> {
    yield* this.#close()
    const { message } = this
    if (last.usage !== undefined) message.usage = toUsage(last.usage)
    message.stop_reason = this.#reasonOf(last)
    message.stop_sequence = last.stopString ?? null
    const { stop_reason, stop_sequence, stop_details, container, usage } = message
    yield { type: 'message_delta', delta: { stop_reason, stop_sequence, stop_details, container }, usage }
    yield { type: 'message_stop' }
  }

  *#think(thinking: string): Generator<MessageEvent, void> {
    if (this.#open?.type !== 'thinking') {
      yield* this.#close()
      yield* this.#start({ type: 'thinking', thinking: '', signature: '' })
    }
    if (!this.#options.showThinking || this.#open?.type !== 'thinking') return
    this.#open.thinking += thinking
    yield { type: 'content_block_delta', index: this.#index, delta: { type: 'thinking_delta', thinking } }
  }

  *#say(text: string): Generator<MessageEvent, void> {
    if (this.#open?.type !== 'text') {
      yield* this.#close()
      yield* this.#start({ type: 'text', text: '', citations: null })
    }
    if (this.#open?.type !== 'text') return
    this.#open.text += text
    yield { type: 'content_block_delta', index: this.#index, delta: { type: 'text_delta', text } }
  }

  *#call({ id, name, arguments: input }: ToolCall): Generator<MessageEvent, void> {
    yield* this.#close()
    const block = { type: 'tool_use', id, name, input, caller: { type: 'direct' } } as const
    this.message.content.push(block)
    const index = this.#index
    yield { type: 'content_block_start', index, content_block: { ...block, input: {} } }
    const partial_json = JSON.stringify(input)
    yield { type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } }
    yield { type: 'content_block_stop', index }
  }

  *#start(block: OpenBlock): Generator<MessageEvent, void> {
    this.#open = block
    this.message.content.push(block)
    yield { type: 'content_block_start', index: this.#index, content_block: { ...block } }
  }

  *#close(): Generator<MessageEvent, void> {
    const block = this.#open
    if (block === undefined) return
    this.#open = undefined
    const index = this.#index
    if (block.type === 'thinking') {
      block.signature = signature
      yield { type: 'content_block_delta', index, delta: { type: 'signature_delta', signature } }
    }
    yield { type: 'content_block_stop', index }
  }

  /** Of the newest block. */
  get #index(): number {
    return this.message.content.length - 1
  }

  #reasonOf({ finishReason, stopString, usage }: Chunk): StopReason {
    if (stopString !== undefined) return 'stop_sequence'
    if (finishReason === 'tool_calls') return 'tool_use'
    if (finishReason === 'content_filter') return 'refusal'
    if (finishReason !== 'length') return 'end_turn'
    // Another server may tell no usage.
    const written = usage?.completionTokens || this.#options.maxTokens
    return written < this.#options.maxTokens ? 'model_context_window_exceeded' : 'max_tokens'
  }
}

const nothing: Usage = {
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  draftTokens: 0,
}

/** What a prompt's first progress has read came from the cache. Of a prompt that is all there, the last token is read anew. */
function readAtFirst({ processedTokens, totalTokens }: PromptProgress) {
  return { promptTokens: totalTokens, cachedTokens: Math.min(processedTokens, totalTokens - 1) }
}

/** Tokens from the cache are no part of `input_tokens`, as Anthropic counts them. */
function toUsage(usage: Usage): MessageUsage {
  return {
    input_tokens: usage.promptTokens - usage.cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: usage.cachedTokens,
    output_tokens: usage.completionTokens,
    output_tokens_details: { thinking_tokens: usage.reasoningTokens },
  }
}
