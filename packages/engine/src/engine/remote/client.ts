import { createParser } from 'eventsource-parser'
import * as z from 'zod'
import { EngineError } from '../errors.ts'
import { limits } from '../limits.ts'
import { keepLoopbackDirect } from '../project/index.ts'
import { badAnswer, boundedText, connectionFailure, failureOf, redact, told } from './failures.ts'
import type { Remote } from './options.ts'
import { Flight } from './pending-request.ts'

/** What a stream brings: an event's data, or a comment, which servers send to keep the connection. */
export type StreamItem = { data: string } | { comment: string }

/** The HTTP side of a remote engine. */
export class Client {
  readonly remote: Remote
  readonly #flights = new Set<Flight>()
  #disposed = false

  constructor(remote: Remote) {
    this.remote = remote
    keepLoopbackDirect()
  }

  /** Calls that wait for an answer, or read one. */
  get active(): number {
    return this.#flights.size
  }

  /** Ends the calls in flight and those to come with DISPOSED. */
  dispose(): void {
    this.#disposed = true
    for (const flight of this.#flights) flight.end(disposed())
  }

  /**
   * A JSON answer.
   *
   * @throws EngineError ACCESS_DENIED, MODEL_NOT_FOUND, QUEUE_FULL, REMOTE_FAILED, ABORTED, DISPOSED, ...
   */
  async json<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    options: { body?: unknown; signal?: AbortSignal | undefined } = {},
  ): Promise<z.output<Schema>> {
    const flight = this.#open(options.signal)
    try {
      const response = await this.#send(path, options.body, flight)
      const text = await boundedText(response).catch((error) => this.#broken(flight, error))
      return this.read(text, schema)
    } finally {
      this.#close(flight)
    }
  }

  /**
   * The events of a streamed answer; leaving the loop ends the request. They end where the server ends them, whole
   * or not.
   *
   * @throws EngineError as `json`, and DEADLINE_EXCEEDED.
   */
  async *stream(
    path: string,
    body: unknown,
    options: { signal?: AbortSignal | undefined; deadlineMs?: number | undefined },
  ): AsyncGenerator<StreamItem, void, undefined> {
    const flight = this.#open(options.signal, options.deadlineMs)
    try {
      const response = await this.#send(path, body, flight)
      await this.#expectStream(response, flight)
      const items: StreamItem[] = []
      const parser = createParser({
        onEvent: ({ data }) => items.push({ data }),
        onComment: (comment) => items.push({ comment }),
        onError: ({ type }) => {
          if (type !== 'max-buffer-size-exceeded') return
          throw badAnswer(this.remote, 'sends an event without an end.')
        },
        maxBufferSize: limits.lineBytes,
      })
      const decoder = new TextDecoder()
      const reader = response.body?.getReader()
      while (reader !== undefined) {
        const part = await reader.read().catch((error) => this.#broken(flight, error))
        if (part.done) break
        parser.feed(decoder.decode(part.value, { stream: true }))
        for (const item of items.splice(0)) {
          yield item
          if (flight.reason !== undefined) throw flight.reason
        }
      }
    } finally {
      this.#close(flight)
    }
  }

  /** @throws EngineError REMOTE_FAILED for text that is no JSON, or JSON of another shape. */
  read<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (cause) {
      throw badAnswer(this.remote, `sent what is no JSON: ${redact(this.remote, text.slice(0, 100))}`, cause)
    }
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    throw badAnswer(this.remote, `sent an answer of an unknown shape: ${z.prettifyError(parsed.error)}`)
  }

  #open(signal: AbortSignal | undefined, deadlineMs?: number): Flight {
    if (this.#disposed) throw disposed()
    const flight = new Flight(signal, deadlineMs)
    this.#flights.add(flight)
    return flight
  }

  #close(flight: Flight): void {
    flight.close()
    this.#flights.delete(flight)
  }

  async #send(path: string, body: unknown, flight: Flight): Promise<Response> {
    if (flight.reason !== undefined) throw flight.reason
    const { baseUrl, apiKey } = this.remote
    const response = await fetch(`${baseUrl}${path}`, {
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: flight.signal,
    }).catch((error) => this.#broken(flight, error))
    if (response.ok) return response
    const failure = await failureOf(this.remote, response)
    throw flight.reason ?? failure
  }

  async #expectStream(response: Response, flight: Flight): Promise<void> {
    const type = response.headers.get('content-type') ?? 'no type'
    if (type.startsWith('text/event-stream')) return
    const text = await boundedText(response).catch((error) => this.#broken(flight, error))
    const words = redact(this.remote, told(text).message)
    throw badAnswer(this.remote, `answered with ${type} in place of a stream${words && `: ${words}`}`)
  }

  #broken(flight: Flight, error: unknown): never {
    throw flight.reason ?? connectionFailure(this.remote, error)
  }
}

function disposed(): EngineError {
  return new EngineError('DISPOSED', 'The engine was disposed.')
}
