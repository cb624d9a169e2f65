/** All that the page knows of whoever answers: an HTTP server (`http-transport.ts`), or an app around the page. */
export interface Transport {
  status(signal?: AbortSignal): Promise<ServerStatus>

  /** The models that a request may name. */
  models(signal?: AbortSignal): Promise<Model[]>

  /** Brings a model into memory, downloading it where it is not on disk. */
  load(model: string, onProgress: (progress: LoadProgress) => void, signal: AbortSignal): Promise<void>

  /** The MCP servers whose tools a request may use; none where it has none. One that waits for them may start. */
  mcpServers(signal?: AbortSignal): Promise<McpServer[]>

  /**
   * Streams an answer. Its last event is an `end`; a stream without one throws.
   *
   * @throws TransportError, once, from the iteration. What came before it stays true.
   */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent>

  /** Takes the key that the server asked for with a status of 401. */
  giveKey(key: string): void
}

export const serverStates = ['starting', 'loading', 'ready', 'restarting', 'failed', 'stopping'] as const

export type ServerState = (typeof serverStates)[number]

export interface ServerStatus {
  state: ServerState
  /** The model that answers where a request names none. */
  model?: string | undefined
  /** While a model loads. */
  progress?: LoadProgress | undefined
  /** Why it failed. */
  message?: string | undefined
}

/** Bytes of a download, or of weights read into memory. `totalBytes` is 0 as long as it is unknown. */
export interface LoadProgress {
  stage: string
  loadedBytes: number
  totalBytes: number
}

export interface Model {
  id: string
  loaded: boolean
  /** What it can do, as `images` or `reasoning`. */
  capabilities: readonly string[]
}

/** A server of tools, by the Model Context Protocol. */
export interface McpServer {
  name: string
  tools: readonly { name: string; description: string }[]
  /** Why its tools can't be used now. */
  problem?: string | undefined
}

/** A call of a tool that was made for an answer. */
export interface ToolCall {
  id: string
  /** The name of the MCP server; empty where the model made the tool up. */
  server: string
  name: string
  arguments: Record<string, unknown>
  /** What the model was told. */
  result: string
  failed: boolean
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  text: string
  /** Data URLs. */
  images?: readonly string[]
}

export interface ChatRequest {
  model?: string | undefined
  messages: readonly ChatMessage[]
  /** What is not given is the server's choice. */
  temperature?: number | undefined
  topP?: number | undefined
  maxTokens?: number | undefined
  seed?: number | undefined
  /** The MCP servers whose tools the model may call. */
  mcpServers?: readonly string[] | undefined
}

export type ChatEvent =
  | { type: 'text'; text: string }
  /** What the model thinks before it answers. */
  | { type: 'reasoning'; text: string }
  /** Calls that have been made before the answer goes on. */
  | { type: 'calls'; calls: readonly ToolCall[] }
  /** How much of the prompt was read. */
  | { type: 'prompt'; processedTokens: number; totalTokens: number }
  | { type: 'end'; finishReason: string; usage?: Usage | undefined; timings?: Timings | undefined }

export interface Usage {
  promptTokens: number
  completionTokens: number
}

export interface Timings {
  /** Time to first token (TTFT), in milliseconds. */
  ttftMs: number
  tokensPerSecond: number
}

/** What went wrong, in words for the person at the page. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  /** The HTTP status; 0 where there was no answer, or it broke off. */
  readonly status: number
  readonly retryAfterSeconds: number | undefined

  constructor(
    message: string,
    options: { status?: number; retryAfterSeconds?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.status = options.status ?? 0
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}
