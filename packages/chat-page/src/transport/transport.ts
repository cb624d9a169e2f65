/** The connection of the page to what answers it: an HTTP server (`http-transport.ts`), or an app around the page. */
export interface Transport {
  /** Returns the state of the server. */
  status(signal?: AbortSignal): Promise<ServerStatus>

  /** Lists the models that requests can name. */
  models(signal?: AbortSignal): Promise<Model[]>

  /** Loads a model into memory. */
  load(model: string, onProgress: (progress: LoadProgress) => void, signal: AbortSignal): Promise<void>

  /** Lists the MCP servers whose tools requests can use. This may start them. */
  mcpServers(signal?: AbortSignal): Promise<McpServer[]>

  /**
   * Streams an answer. The last event is `end`. A stream without it throws.
   *
   * @throws TransportError during the iteration. Earlier events stay valid.
   */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent>

  /** Sets the key for requests, after the server responded with 401. */
  giveKey(key: string): void

  /** The start of the model, if the user can stop it and try again. A server loads its model by itself. */
  readonly start?: StartControl
}

/** Controls how the configured model is loaded when an app starts. */
export interface StartControl {
  /** Stops loading, or downloading, the model. The part that was downloaded is kept. */
  stop(): Promise<void>
  /** Loads the model again, after it failed or was stopped. */
  retry(): Promise<void>
}

/** The states of a server. In `stalled`, it takes requests, but its model has had work for some seconds without a step. */
export const serverStates = [
  'starting',
  'loading',
  'ready',
  'stalled',
  'restarting',
  'failed',
  'stopping',
] as const

export type ServerState = (typeof serverStates)[number]

export interface ServerStatus {
  state: ServerState
  /** The model that answers requests without a model. */
  model?: string | undefined
  /** The progress, while a model is loading. */
  progress?: LoadProgress | undefined
  /** An explanation of the state. */
  message?: string | undefined
  /** Whether the model could not be loaded at the start, so that `StartControl.retry` may help. */
  startFailed?: boolean | undefined
}

/** The bytes that were downloaded or loaded into memory. `totalBytes` is 0 while it is unknown. */
export interface LoadProgress {
  stage: string
  loadedBytes: number
  totalBytes: number
}

export interface Model {
  id: string
  loaded: boolean
  /** The capabilities, such as `images` or `reasoning`. */
  capabilities: readonly string[]
  /** What requests get that leave an option out, as far as it is known. */
  defaults?: SamplingDefaults | undefined
}

export type SamplingDefaults = Pick<ChatRequest, 'temperature' | 'topP' | 'maxTokens' | 'seed'>

/** An MCP server. */
export interface McpServer {
  name: string
  tools: readonly { name: string; description: string }[]
  /** Why its tools cannot be used. */
  problem?: string | undefined
}

/** A tool call that ran for an answer. */
export interface ToolCall {
  id: string
  /** The name of the MCP server, or an empty string if the tool does not exist. */
  server: string
  name: string
  arguments: Record<string, unknown>
  /** The result that the model received. */
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
  /** Sampling options. The server defines the defaults. */
  temperature?: number | undefined
  topP?: number | undefined
  maxTokens?: number | undefined
  seed?: number | undefined
  /** The MCP servers whose tools the model can call. */
  mcpServers?: readonly string[] | undefined
}

export type ChatEvent =
  | { type: 'text'; text: string }
  /** Reasoning of the model. */
  | { type: 'reasoning'; text: string }
  /** Tool calls that ran before the answer continues. */
  | { type: 'calls'; calls: readonly ToolCall[] }
  /** The progress of the prefill. */
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

/** An error with a message for the user. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  /** The HTTP status, or 0 if there was no complete response. */
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
