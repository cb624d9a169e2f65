import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { TransportError } from './transport.ts'

/**
 * Reads the events of a response. An event that is cut off by a lost connection is ignored.
 *
 * @throws TransportError if the connection is lost, or an AbortError if the request was aborted.
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
    // Cancels the request if the consumer stops early. A failed stream needs no cancelling.
    await reader.cancel().catch(() => undefined)
  }
}
