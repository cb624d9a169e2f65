import type {
  ChatEvent,
  ChatRequest,
  LoadProgress,
  McpServer,
  Model,
  ServerStatus,
} from '../chat-page/transport/transport.ts'

declare global {
  interface Window {
    /** What the preload script gives the page. */
    readonly desktop: DesktopApi
  }
}

/** The functions that the preload script gives the page. There are no others. */
export interface DesktopApi {
  status(): Promise<Reply<ServerStatus>>
  models(): Promise<Reply<Model[]>>
  /** Lists the MCP servers whose tools requests can use. */
  mcpServers(): Promise<Reply<McpServer[]>>
  /** Stops loading the configured model. */
  stopStart(): Promise<Reply<void>>
  /** Loads the configured model again. */
  retryStart(): Promise<Reply<void>>
  /** Loads a model into memory. Returns a function that cancels it. */
  load(model: string, listener: (message: StreamMessage<LoadProgress>) => void): () => void
  /** Streams an answer. Returns a function that cancels it. */
  chat(request: ChatRequest, listener: (message: StreamMessage<ChatEvent>) => void): () => void
  /** Calls a listener when the state of the engine changes. */
  onStateChange(listener: () => void): void
  /** Calls a listener when the menu asks for a new conversation. */
  onNewConversation(listener: () => void): void
}

/** The result of a call. Errors that cross processes as exceptions would lose their fields. */
export type Reply<Value> = { value: Value } | { failure: Failure }

/** A message of a stream. `end` and `failure` are the last one. */
export type StreamMessage<Event> = { event: Event } | { end: true } | { failure: Failure }

/** The fields of a `TransportError`. */
export interface Failure {
  message: string
  status: number
  retryAfterSeconds?: number | undefined
}

/** The channels of calls with one reply. */
export const callChannels = {
  status: 'status',
  models: 'models',
  mcpServers: 'mcp-servers',
  stopStart: 'stop-start',
  retryStart: 'retry-start',
} as const

/** The channels of calls with a stream. */
export const streamChannels = { load: 'load', chat: 'chat' } as const

/** Carries the messages of all streams to the page, with the ID of the call. */
export const streamMessageChannel = 'stream-message'
/** Cancels a call by its ID. */
export const cancelChannel = 'cancel'
export const stateChangeChannel = 'state-change'
export const newConversationChannel = 'new-conversation'
