import {
  type ChatEvent,
  type ChatRequest,
  type LoadProgress,
  type McpServer,
  type Model,
  type ServerStatus,
  type StartControl,
  type Transport,
  TransportError,
} from '../chat-page/transport/transport.ts'
import type { DesktopApi, Failure, Reply, StreamMessage } from '../shared/desktop-api.ts'

/** Connects the page to the engine in the main process. */
export class IpcTransport implements Transport {
  readonly #api: DesktopApi
  readonly start: StartControl

  constructor(api: DesktopApi) {
    this.#api = api
    this.start = {
      stop: async () => unwrap(await api.stopStart()),
      retry: async () => unwrap(await api.retryStart()),
    }
  }

  async status(): Promise<ServerStatus> {
    return unwrap(await this.#api.status())
  }

  async models(): Promise<Model[]> {
    return unwrap(await this.#api.models())
  }

  async mcpServers(): Promise<McpServer[]> {
    return unwrap(await this.#api.mcpServers())
  }

  async load(
    model: string,
    onProgress: (progress: LoadProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const progress = readStream<LoadProgress>((listener) => this.#api.load(model, listener), signal)
    for await (const event of progress) onProgress(event)
  }

  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent> {
    return readStream<ChatEvent>(
      (listener) => this.#api.chat(request, listener),
      signal,
      ({ type }) => type === 'end',
    )
  }

  giveKey(): void {
    // The page is part of the app and needs no key.
  }
}

/**
 * Reads the events of a call. Leaving the loop or aborting the signal cancels the call.
 *
 * @param isLast whether an event is the last one, after which nothing is left to cancel.
 * @throws TransportError if the call fails, or the signal's reason if it was aborted.
 */
async function* readStream<Event>(
  open: (listener: (message: StreamMessage<Event>) => void) => () => void,
  signal: AbortSignal,
  isLast: (event: Event) => boolean = () => false,
): AsyncGenerator<Event> {
  signal.throwIfAborted()
  const messages: StreamMessage<Event>[] = []
  let wake = () => {}
  const cancel = open((message) => {
    messages.push(message)
    wake()
  })
  const onAbort = () => wake()
  signal.addEventListener('abort', onAbort)
  let isOver = false
  try {
    while (true) {
      signal.throwIfAborted()
      const message = messages.shift()
      if (message === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      if ('event' in message) {
        isOver = isLast(message.event)
        yield message.event
        continue
      }
      isOver = true
      if ('failure' in message) throw toTransportError(message.failure)
      return
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    if (!isOver) cancel()
  }
}

function unwrap<Value>(reply: Reply<Value>): Value {
  if ('failure' in reply) throw toTransportError(reply.failure)
  return reply.value
}

function toTransportError({ message, ...options }: Failure): TransportError {
  return new TransportError(message, options)
}
