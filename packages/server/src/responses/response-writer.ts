import type { Chunk, TokenLogprob, ToolCall } from 'mlx-app'
import { toCustomInput } from '../requests/custom-tools.ts'
import { writeArguments } from '../requests/tools.ts'
import { visibleText } from '../visible-text.ts'
import type { ResponseEvent, UnnumberedEvent } from './event-schemas.ts'
import { newId } from './ids.ts'
import { currentSeconds, toResponseUsage } from './response-object.ts'
import type { Logprob, OutputItem, ResponseObject } from './response-schemas.ts'
import type { ToolNames } from './tool-names.ts'

type ItemStatus = OutputItem['status']

/** The open item, which the next chunk may extend. Both types have a single part. */
interface OpenItem {
  type: 'message' | 'reasoning'
  id: string
  text: string
  logprobs: Logprob[]
}

/** Builds a response from the chunks of an answer, and the events of its stream. */
export class ResponseWriter {
  #response: ResponseObject
  readonly #names: ToolNames
  #sequence = 0
  #open: OpenItem | undefined
  /** White space that is in no item yet. Models write some between reasoning, calls and text. */
  #space = ''
  /** The log probabilities of tokens whose text has not arrived yet. */
  #logprobs: Logprob[] = []

  /** @param response the result of `createResponseObject`. */
  constructor(response: ResponseObject, names: ToolNames) {
    this.#response = response
    this.#names = names
  }

  /** The response so far. */
  get response(): ResponseObject {
    return this.#response
  }

  /** Whether any event was sent. */
  get begun(): boolean {
    return this.#sequence > 0
  }

  *begin(): Generator<ResponseEvent, void> {
    yield this.#event({ type: 'response.created', response: this.#response })
    yield this.#event({ type: 'response.in_progress', response: this.#response })
  }

  /** Yields the events of a heartbeat: the first ones, or the last of them again. */
  *beat(): Generator<ResponseEvent, void> {
    if (!this.begun) yield* this.begin()
    else yield this.#event({ type: 'response.in_progress', response: this.#response })
  }

  *write(chunk: Chunk): Generator<ResponseEvent, void> {
    if (chunk.reasoning) yield* this.#append('reasoning', chunk.reasoning)
    else this.#logprobs.push(...(chunk.logprobs ?? []).map(toLogprob))
    yield* this.#writeText(visibleText(chunk))
    for (const call of chunk.toolCalls ?? []) yield* this.#writeCall(call)
  }

  /** Yields the last events of the items and completes the response. */
  *end({ finishReason, usage }: Chunk): Generator<ResponseEvent, void> {
    const reason = incompleteReason(finishReason)
    const status = reason === undefined ? 'completed' : 'incomplete'
    // An empty answer still has a message.
    if (this.#response.output.length === 0 && this.#open === undefined) {
      yield* this.#append('message', this.#space)
    }
    yield* this.#close(status)
    this.#response = {
      ...this.#response,
      status,
      completed_at: reason === undefined ? currentSeconds() : null,
      incomplete_details: reason === undefined ? null : { reason },
      usage: usage === undefined ? null : toResponseUsage(usage),
    }
  }

  /** Returns the last event of a complete or incomplete response. */
  finished(): ResponseEvent {
    const response = this.#response
    const type = response.status === 'incomplete' ? 'response.incomplete' : 'response.completed'
    return this.#event({ type, response })
  }

  /** Returns the last event of a failed response. */
  failed(error: { code: string; message: string; param: string | null }): ResponseEvent {
    if (!this.begun) return this.#event({ type: 'error', ...error })
    const { code, message } = error
    this.#response = { ...this.#response, status: 'failed', error: { code, message } }
    return this.#event({ type: 'response.failed', response: this.#response })
  }

  *#writeText(text: string): Generator<ResponseEvent, void> {
    if (text === '') return
    const inMessage = this.#open?.type === 'message'
    if (!inMessage && (this.#space + text).trim() === '') {
      this.#space += text
      return
    }
    yield* this.#append('message', this.#space + text)
  }

  *#append(type: OpenItem['type'], text: string): Generator<ResponseEvent, void> {
    if (this.#open?.type !== type) {
      yield* this.#close('completed')
      this.#open = { type, id: newId(type === 'message' ? 'msg' : 'rs'), text: '', logprobs: [] }
      const item = toOutputItem(this.#open, 'in_progress')
      const part = toContentPart(this.#open)
      yield this.#event({
        type: 'response.output_item.added',
        output_index: this.#index,
        item: { ...item, content: [] },
      })
      yield this.#event({ type: 'response.content_part.added', ...this.#place(this.#open), part })
    }
    this.#space = ''
    if (text === '') return
    const open = this.#open
    open.text += text
    if (type === 'reasoning') {
      yield this.#event({ type: 'response.reasoning_text.delta', ...this.#place(open), delta: text })
      return
    }
    yield this.#textDelta(open, text)
  }

  /** Creates a text delta with the log probabilities since the last one. */
  #textDelta(open: OpenItem, delta: string): ResponseEvent {
    const logprobs = this.#logprobs.splice(0)
    open.logprobs.push(...logprobs)
    return this.#event({ type: 'response.output_text.delta', ...this.#place(open), delta, logprobs })
  }

  *#close(status: ItemStatus): Generator<ResponseEvent, void> {
    const open = this.#open
    if (open === undefined) return
    const place = this.#place(open)
    const { text } = open
    if (open.type === 'reasoning') {
      yield this.#event({ type: 'response.reasoning_text.done', ...place, text })
    } else {
      // The token that ends an answer has no text and may arrive separately.
      if (this.#logprobs.length > 0) yield this.#textDelta(open, '')
      yield this.#event({ type: 'response.output_text.done', ...place, text, logprobs: open.logprobs })
    }
    yield this.#event({ type: 'response.content_part.done', ...place, part: toContentPart(open) })
    this.#open = undefined
    yield this.#add(toOutputItem(open, status))
  }

  /** Writes a tool call. Calls arrive complete, so there is a single delta with the arguments. */
  *#writeCall(call: ToolCall): Generator<ResponseEvent, void> {
    yield* this.#close('completed')
    this.#space = ''
    // They belong to the tokens of the call.
    this.#logprobs = []
    const output_index = this.#index
    const { name, namespace, custom } = this.#names.fromModel(call.name)
    if (custom === true) {
      yield* this.#writeCustomCall(call, { name, ...(namespace != null && { namespace }) })
      return
    }
    const id = newId('fc')
    const words = writeArguments(call.arguments)
    const item = {
      type: 'function_call' as const,
      id,
      call_id: call.id,
      name,
      ...(namespace != null && { namespace }),
    }
    yield this.#event({
      type: 'response.output_item.added',
      output_index,
      item: { ...item, status: 'in_progress', arguments: '' },
    })
    const place = { item_id: id, output_index }
    yield this.#event({ type: 'response.function_call_arguments.delta', ...place, delta: words })
    yield this.#event({ type: 'response.function_call_arguments.done', ...place, name, arguments: words })
    yield this.#add({ ...item, status: 'completed', arguments: words })
  }

  /** Writes a call of a custom tool, whose text is complete as well. */
  *#writeCustomCall(
    call: ToolCall,
    named: { name: string; namespace?: string },
  ): Generator<ResponseEvent, void> {
    const place = { item_id: newId('ctc'), output_index: this.#index }
    const input = toCustomInput(call.arguments)
    const item = { type: 'custom_tool_call' as const, id: place.item_id, call_id: call.id, ...named }
    yield this.#event({
      type: 'response.output_item.added',
      output_index: place.output_index,
      item: { ...item, status: 'in_progress', input: '' },
    })
    yield this.#event({ type: 'response.custom_tool_call_input.delta', ...place, delta: input })
    yield this.#event({ type: 'response.custom_tool_call_input.done', ...place, input })
    yield this.#add({ ...item, status: 'completed', input })
  }

  #add(item: OutputItem): ResponseEvent {
    const output_index = this.#index
    this.#response = { ...this.#response, output: [...this.#response.output, item] }
    return this.#event({ type: 'response.output_item.done', output_index, item })
  }

  /** The index of the open item, or of the next one. */
  get #index(): number {
    return this.#response.output.length
  }

  #place({ id }: OpenItem) {
    return { item_id: id, output_index: this.#index, content_index: 0 }
  }

  #event(event: UnnumberedEvent): ResponseEvent {
    return { ...event, sequence_number: this.#sequence++ }
  }
}

function toOutputItem(open: OpenItem, status: ItemStatus) {
  const { type, id, text } = open
  if (type === 'reasoning') {
    return { type, id, status, summary: [], content: [{ type: 'reasoning_text' as const, text }] }
  }
  return { type, id, status, role: 'assistant' as const, content: [toTextPart(open)] }
}

function toContentPart(open: OpenItem) {
  return open.type === 'reasoning' ? { type: 'reasoning_text' as const, text: open.text } : toTextPart(open)
}

function toTextPart({ text, logprobs }: OpenItem) {
  return { type: 'output_text' as const, text, annotations: [], logprobs }
}

function toLogprob({ top, ...sampled }: TokenLogprob): Logprob {
  return { ...alternative(sampled), top_logprobs: top.map(alternative) }
}

function alternative({ token, bytes, logprob }: Omit<TokenLogprob, 'top'>) {
  return { token, bytes, logprob }
}

/** Returns why a response is incomplete, or undefined for a complete one. */
function incompleteReason(finishReason: Chunk['finishReason']) {
  if (finishReason === 'length') return 'max_output_tokens'
  return finishReason === 'content_filter' ? 'content_filter' : undefined
}
