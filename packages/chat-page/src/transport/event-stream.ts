import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { TransportError } from './transport.ts'

/**
 * The events of a response. An event that the connection cut off before its empty line is not among them.
 *
 * @throws TransportError when the connection breaks; an AbortError when the request was aborted.
 */
export async function* eventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<EventSourceMessage> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const events: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => events.push(event) })
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      yield* events.splice(0)
    }
  } catch (cause) {
    if (cause instanceof TransportError || (cause instanceof Error && cause.name === 'AbortError'))
      throw cause
    throw new TransportError('The connection to the server was lost.', { cause })
  } finally {
    // Ends the request where the answer is left early; a stream that failed has nothing to cancel.
    await reader.cancel().catch(() => undefined)
  }
}
