import { randomUUID } from 'node:crypto'
import type { Chunk, PromptProgress, ToolCall, Usage } from 'mlx-app'
import { visibleText } from '../visible-text.ts'
import type { Block, MessageBody, MessageEvent, MessageUsage, StopReason } from './answer-schema.ts'

export interface WriterOptions {
  /** The model name for the response. */
  model: string
  /** The token limit of the request. */
  maxTokens: number
  /** Whether thinking blocks include the text. */
  showThinking: boolean
}

/** A placeholder, because some clients send thinking back only if it has a signature. */
const signature = 'unsigned'

type OpenBlock = Extract<Block, { type: 'text' | 'thinking' }>

/** Builds a message from the chunks of an answer, and the events of its stream. */
export class MessageWriter {
  /** The message so far. */
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

  /** Yields the first events, once. The first progress has the size of the prompt. */
  *begin(progress?: PromptProgress): Generator<MessageEvent, void> {
    if (this.#begun) return
    this.#begun = true
    if (progress !== undefined) this.message.usage = toUsage({ ...nothing, ...initialUsage(progress) })
    yield { type: 'message_start', message: { ...this.message, content: [] } }
    yield { type: 'ping' }
  }

  *write(chunk: Chunk): Generator<MessageEvent, void> {
    const { reasoning = '', toolCalls = [] } = chunk
    if (reasoning !== '') yield* this.#think(reasoning)
    const text = visibleText(chunk)
    if (text !== '') yield* this.#say(text)
    for (const call of toolCalls) yield* this.#call(call)
  }

  /** Yields the last events. */
  *end(last: Chunk): Generator<MessageEvent, void> {
    yield* this.#close()
    const { message } = this
    if (last.usage !== undefined) message.usage = toUsage(last.usage)
    message.stop_reason = this.#toStopReason(last)
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
      yield* this.#start({ type: 'text', text: '' })
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

  /** The index of the last block. */
  get #index(): number {
    return this.message.content.length - 1
  }

  #toStopReason({ finishReason, stopString, usage }: Chunk): StopReason {
    if (stopString !== undefined) return 'stop_sequence'
    if (finishReason === 'tool_calls') return 'tool_use'
    if (finishReason === 'content_filter') return 'refusal'
    if (finishReason !== 'length') return 'end_turn'
    // A remote server may not report usage.
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

/**
 * Returns the usage after the first progress of the prefill. What was processed by then came from the prefix cache,
 * except for the last token, which is always computed.
 */
function initialUsage({ processedTokens, totalTokens }: PromptProgress) {
  return { promptTokens: totalTokens, cachedTokens: Math.min(processedTokens, totalTokens - 1) }
}

/** Converts the usage. Anthropic does not count cached tokens in `input_tokens`. */
function toUsage(usage: Usage): MessageUsage {
  return {
    input_tokens: usage.promptTokens - usage.cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: usage.cachedTokens,
    output_tokens: usage.completionTokens,
    output_tokens_details: { thinking_tokens: usage.reasoningTokens },
  }
}
