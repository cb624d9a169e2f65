import { createParser } from 'eventsource-parser'
import * as z from 'zod'
import { disposedError } from '../errors.ts'
import { limits } from '../limits.ts'
import { keepLoopbackDirect } from '../project/index.ts'
import {
  connectionError,
  invalidResponse,
  parseErrorBody,
  readBoundedText,
  redact,
  responseError,
} from './failures.ts'
import type { Remote } from './options.ts'
import { PendingRequest } from './pending-request.ts'

/** The data of an event, or a comment, which servers send to keep the connection open. */
export type StreamItem = { data: string } | { comment: string }

/** The HTTP side of a remote engine. */
export class Client {
  readonly remote: Remote
  readonly #pending = new Set<PendingRequest>()
  #disposed = false

  constructor(remote: Remote) {
    this.remote = remote
    keepLoopbackDirect()
  }

  /** The number of requests in progress. */
  get active(): number {
    return this.#pending.size
  }

  /** Makes requests in progress and all later ones fail with DISPOSED. */
  dispose(): void {
    this.#disposed = true
    for (const pending of this.#pending) pending.end(disposedError())
  }

  /**
   * Sends a request and returns its JSON answer.
   *
   * @throws EngineError ACCESS_DENIED, MODEL_NOT_FOUND, QUEUE_FULL, REMOTE_FAILED, ABORTED, DISPOSED, ...
   */
  async json<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    options: { body?: unknown; signal?: AbortSignal | undefined } = {},
  ): Promise<z.output<Schema>> {
    const pending = this.#open(options.signal)
    try {
      const response = await this.#send(path, options.body, pending)
      const text = await readBoundedText(response).catch((error) => this.#fail(pending, error))
      return this.parse(text, schema)
    } finally {
      this.#close(pending)
    }
  }

  /**
   * Sends a request and streams the events of its answer. Leaving the loop ends the request. The stream ends when the
   * server ends it, even if the answer is incomplete.
   *
   * @throws EngineError as `json`, and DEADLINE_EXCEEDED.
   */
  async *stream(
    path: string,
    body: unknown,
    options: { signal?: AbortSignal | undefined; deadlineMs?: number | undefined },
  ): AsyncGenerator<StreamItem, void, undefined> {
    const pending = this.#open(options.signal, options.deadlineMs)
    try {
      const response = await this.#send(path, body, pending)
      await this.#expectStream(response, pending)
      const items: StreamItem[] = []
      const parser = createParser({
        onEvent: ({ data }) => items.push({ data }),
        onComment: (comment) => items.push({ comment }),
        onError: ({ type }) => {
          if (type !== 'max-buffer-size-exceeded') return
          throw invalidResponse(this.remote, 'sent an event without an end.')
        },
        maxBufferSize: limits.lineBytes,
      })
      const decoder = new TextDecoder()
      const reader = response.body?.getReader()
      while (reader !== undefined) {
        const part = await reader.read().catch((error) => this.#fail(pending, error))
        if (part.done) break
        parser.feed(decoder.decode(part.value, { stream: true }))
        for (const item of items.splice(0)) {
          yield item
          if (pending.reason !== undefined) throw pending.reason
        }
      }
    } finally {
      this.#close(pending)
    }
  }

  /** @throws EngineError REMOTE_FAILED for text that is not valid JSON or doesn't match the schema. */
  parse<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (cause) {
      throw invalidResponse(
        this.remote,
        `sent invalid JSON: ${redact(this.remote, text.slice(0, 100))}`,
        cause,
      )
    }
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    throw invalidResponse(this.remote, `sent an unexpected answer: ${z.prettifyError(parsed.error)}`)
  }

  #open(signal: AbortSignal | undefined, deadlineMs?: number): PendingRequest {
    if (this.#disposed) throw disposedError()
    const pending = new PendingRequest(signal, deadlineMs)
    this.#pending.add(pending)
    return pending
  }

  #close(pending: PendingRequest): void {
    pending.close()
    this.#pending.delete(pending)
  }

  async #send(path: string, body: unknown, pending: PendingRequest): Promise<Response> {
    if (pending.reason !== undefined) throw pending.reason
    const { baseUrl, apiKey } = this.remote
    const response = await fetch(`${baseUrl}${path}`, {
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: pending.signal,
    }).catch((error) => this.#fail(pending, error))
    if (response.ok) return response
    const failure = await responseError(this.remote, response)
    throw pending.reason ?? failure
  }

  async #expectStream(response: Response, pending: PendingRequest): Promise<void> {
    const type = response.headers.get('content-type') ?? 'no type'
    if (type.startsWith('text/event-stream')) return
    const text = await readBoundedText(response).catch((error) => this.#fail(pending, error))
    const words = redact(this.remote, parseErrorBody(text).message)
    throw invalidResponse(this.remote, `answered with ${type} instead of a stream${words && `: ${words}`}`)
  }

  #fail(pending: PendingRequest, error: unknown): never {
    throw pending.reason ?? connectionError(this.remote, error)
  }
}
