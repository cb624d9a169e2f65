import type { Chunk, TokenLogprob, ToolCall } from 'mlx-app'
import { writeArguments } from '../requests/tools.ts'
import type { ResponseEvent, UnnumberedEvent } from './event-schemas.ts'
import { newId } from './ids.ts'
import { secondsNow, usageOf } from './response-object.ts'
import type { Logprob, OutputItem, ResponseObject } from './response-schemas.ts'
import type { ToolNames } from './tool-names.ts'

type ItemStatus = OutputItem['status']

/** The item that the next piece may belong to; both kinds have one part. */
interface OpenItem {
  type: 'message' | 'reasoning'
  id: string
  text: string
  logprobs: Logprob[]
}

/** Makes the pieces of an answer the items of a response, and tells each step as an event. */
export class ResponseWriter {
  #response: ResponseObject
  readonly #names: ToolNames
  #sequence = 0
  #open: OpenItem | undefined
  /** White space that no item holds yet: models write some between thoughts, calls and words. */
  #space = ''
  /** Of tokens whose text has not come yet. */
  #logprobs: Logprob[] = []

  /** @param response as `newResponse` makes it */
  constructor(response: ResponseObject, names: ToolNames) {
    this.#response = response
    this.#names = names
  }

  /** As far as it is written. */
  get response(): ResponseObject {
    return this.#response
  }

  /** Whether anything was told. */
  get begun(): boolean {
    return this.#sequence > 0
  }

  *begin(): Generator<ResponseEvent, void> {
    yield this.#event({ type: 'response.created', response: this.#response })
    yield this.#event({ type: 'response.in_progress', response: this.#response })
  }

  *write(chunk: Chunk): Generator<ResponseEvent, void> {
    if (chunk.reasoning) yield* this.#append('reasoning', chunk.reasoning)
    else this.#logprobs.push(...(chunk.logprobs ?? []).map(toLogprob))
    const raw = (chunk.toolErrors ?? []).map((error) => error.raw).join('')
    // What should have been a call and is none is shown as the model wrote it.
    yield* this.#writeText(chunk.text + raw)
    for (const call of chunk.toolCalls ?? []) yield* this.#writeCall(call)
  }

  /** The end of the items; then the response is whole. */
  *end({ finishReason, usage }: Chunk): Generator<ResponseEvent, void> {
    const reason = incompleteReason(finishReason)
    const status = reason === undefined ? 'completed' : 'incomplete'
    // An answer without a word is a message all the same.
    if (this.#response.output.length === 0 && this.#open === undefined) {
      yield* this.#append('message', this.#space)
    }
    yield* this.#close(status)
    this.#response = {
      ...this.#response,
      status,
      completed_at: reason === undefined ? secondsNow() : null,
      incomplete_details: reason === undefined ? null : { reason },
      usage: usage === undefined ? null : usageOf(usage),
    }
  }

  /** The last event of a response that came to its end. */
  finished(): ResponseEvent {
    const response = this.#response
    const type = response.status === 'incomplete' ? 'response.incomplete' : 'response.completed'
    return this.#event({ type, response })
  }

  /** The last event of one that failed. */
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
      const item = itemOf(this.#open, 'in_progress')
      const part = partOf(this.#open)
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

  /** With the log-probabilities that were told since the last one. */
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
      // The token that ends an answer has no text, and may come by itself.
      if (this.#logprobs.length > 0) yield this.#textDelta(open, '')
      yield this.#event({ type: 'response.output_text.done', ...place, text, logprobs: open.logprobs })
    }
    yield this.#event({ type: 'response.content_part.done', ...place, part: partOf(open) })
    this.#open = undefined
    yield this.#add(itemOf(open, status))
  }

  /** Calls come whole, so their arguments are one piece. */
  *#writeCall(call: ToolCall): Generator<ResponseEvent, void> {
    yield* this.#close('completed')
    this.#space = ''
    // They told of the tokens of the call.
    this.#logprobs = []
    const id = newId('fc')
    const output_index = this.#index
    const { name, namespace } = this.#names.fromModel(call.name)
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

  #add(item: OutputItem): ResponseEvent {
    const output_index = this.#index
    this.#response = { ...this.#response, output: [...this.#response.output, item] }
    return this.#event({ type: 'response.output_item.done', output_index, item })
  }

  /** Of the item that is open, or comes next. */
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

function itemOf(open: OpenItem, status: ItemStatus) {
  const { type, id, text } = open
  if (type === 'reasoning') {
    return { type, id, status, summary: [], content: [{ type: 'reasoning_text' as const, text }] }
  }
  return { type, id, status, role: 'assistant' as const, content: [textPartOf(open)] }
}

function partOf(open: OpenItem) {
  return open.type === 'reasoning' ? { type: 'reasoning_text' as const, text: open.text } : textPartOf(open)
}

function textPartOf({ text, logprobs }: OpenItem) {
  return { type: 'output_text' as const, text, annotations: [], logprobs }
}

function toLogprob({ token, logprob, top }: TokenLogprob): Logprob {
  return {
    ...alternative(token, logprob),
    top_logprobs: top.map((each) => alternative(each.token, each.logprob)),
  }
}

function alternative(token: string, logprob: number) {
  // U+FFFD stands for bytes that are no character by themselves.
  return { token, bytes: token.includes('\ufffd') ? [] : [...Buffer.from(token)], logprob }
}

/** Returns why a response is incomplete, or undefined for a complete one. */
function incompleteReason(finishReason: Chunk['finishReason']) {
  if (finishReason === 'length') return 'max_output_tokens'
  return finishReason === 'content_filter' ? 'content_filter' : undefined
}
