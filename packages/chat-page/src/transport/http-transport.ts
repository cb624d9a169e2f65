import type * as z from 'zod/mini'
import { chatEvents, parseEventData } from './chat-events.ts'
import { eventStream } from './event-stream.ts'
import {
  type ChatEvent,
  type ChatRequest,
  type LoadProgress,
  type McpServer,
  type Model,
  type ServerStatus,
  type Transport,
  TransportError,
} from './transport.ts'
import { chatBody, errorSchema, mcpSchema, modelsSchema, progressSchema, statusSchema } from './wire.ts'

/** The storage of the server's key, `sessionStorage` in the browser. */
export interface KeyStorage {
  getItem(name: string): string | null
  setItem(name: string, value: string): void
}

const keyName = 'server-key'

/** Connects to the server over HTTP, or to a server in the same process. */
export class HttpTransport implements Transport {
  readonly #base: string
  readonly #keys: KeyStorage
  readonly #fetch: (url: URL, init: RequestInit) => Response | Promise<Response>

  /**
   * @param base the base URL of the paths, with a trailing slash.
   * @param send sends a request. Default: over the network.
   */
  constructor(
    base: string,
    keys: KeyStorage,
    send: (url: URL, init: RequestInit) => Response | Promise<Response> = (url, init) => fetch(url, init),
  ) {
    this.#base = base
    this.#keys = keys
    this.#fetch = send
  }

  async status(signal?: AbortSignal): Promise<ServerStatus> {
    const { state, model, progress, message } = await this.#get('api/status', statusSchema, signal)
    return {
      state,
      model: model ?? undefined,
      progress: progress ? toProgress(progress) : undefined,
      message: message ?? undefined,
    }
  }

  async models(signal?: AbortSignal): Promise<Model[]> {
    const { data } = await this.#get('v1/models', modelsSchema, signal)
    return data.map(({ id, loaded, capabilities, defaults }) => ({
      id,
      loaded: loaded ?? false,
      capabilities: capabilities ?? [],
      defaults: defaults
        ? { temperature: defaults.temperature?.value, topP: defaults.top_p?.value }
        : undefined,
    }))
  }

  async load(
    model: string,
    onProgress: (progress: LoadProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const body = await this.#stream('api/load', { model }, signal)
    for await (const { event, data } of eventStream(body)) {
      const value = parseEventData(data)
      if (event === 'loaded') return
      const progress = progressSchema.safeParse(value)
      if (progress.success) onProgress(toProgress(progress.data))
    }
    throw new TransportError(`The connection was lost before ${model} was loaded.`)
  }

  async mcpServers(signal?: AbortSignal): Promise<McpServer[]> {
    try {
      const { servers } = await this.#get('api/mcp', mcpSchema, signal)
      return servers.map(({ name, tools, error }) => ({
        name,
        tools: tools.map((tool) => ({ name: tool.name, description: tool.description ?? '' })),
        problem: error ?? undefined,
      }))
    } catch (error) {
      // The server does not support MCP.
      if (error instanceof TransportError && error.status === 404) return []
      throw error
    }
  }

  async *chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const body = await this.#stream('v1/chat/completions', chatBody(request), signal)
    yield* chatEvents(eventStream(body))
  }

  giveKey(key: string): void {
    this.#keys.setItem(keyName, key)
  }

  async #get<Schema extends z.ZodMiniType>(
    path: string,
    schema: Schema,
    signal: AbortSignal | undefined,
  ): Promise<z.output<Schema>> {
    const response = await this.#send(path, signal ? { signal } : {})
    const value: unknown = await response.json().catch(() => undefined)
    const parsed = schema.safeParse(value)
    if (!parsed.success) {
      throw new TransportError(`The server sent an unexpected response for ${path}.`, { cause: parsed.error })
    }
    return parsed.data
  }

  async #stream(path: string, body: unknown, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#send(path, { method: 'POST', body: JSON.stringify(body), signal })
    if (response.body === null) throw new TransportError('The server sent an empty response.')
    return response.body
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers()
    const key = this.#keys.getItem(keyName)
    if (key !== null) headers.set('authorization', `Bearer ${key}`)
    if (init.body !== undefined) headers.set('content-type', 'application/json')
    let response: Response
    try {
      response = await this.#fetch(new URL(path, this.#base), { ...init, headers })
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'AbortError') throw cause
      throw new TransportError('The server cannot be reached.', { cause })
    }
    if (!response.ok) throw await toTransportError(response)
    return response
  }
}

/** Converts an error response. `retry-after` is supported in seconds, but not as a date. */
async function toTransportError(response: Response): Promise<TransportError> {
  const value: unknown = await response.json().catch(() => undefined)
  const body = errorSchema.safeParse(value)
  const retryAfter = Number.parseInt(response.headers.get('retry-after') ?? '', 10)
  const message = body.success
    ? body.data.error.message
    : `The server responded with status ${response.status}.`
  return new TransportError(message, {
    status: response.status,
    retryAfterSeconds: Number.isNaN(retryAfter) ? undefined : retryAfter,
  })
}

function toProgress(progress: z.infer<typeof progressSchema>): LoadProgress {
  return { stage: progress.stage, loadedBytes: progress.loaded_bytes, totalBytes: progress.total_bytes }
}
