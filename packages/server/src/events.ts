import type { Context } from 'hono'
import type { ApiEnv } from './context.ts'
import { type ApiError, toApiError } from './errors.ts'
import { getNodeBindings } from './http/node-bindings.ts'
import type { Settings } from './settings.ts'
import { withTimeout } from './with-timeout.ts'

/** A server-sent event before it is serialised. */
export interface ServerEvent {
  event?: string
  /** Serialised as JSON, unless it is a string. */
  data: unknown
}

/** The timeouts and intervals of a stream. */
export interface StreamTimings {
  /** How long to wait for the first event before the headers are sent. Until then, an error sets the status. */
  headAfterMs: number
  /**
   * How often a silent stream is checked. A heartbeat is sent after at most twice this time, because load balancers
   * and clients close silent connections.
   */
  heartbeatMs: number
  /** How long a client can read nothing before it is disconnected. */
  stalledMs: number
}

/** Returns the timings of the streams of a server. */
export function streamTimings({ heartbeatMs }: Pick<Settings, 'heartbeatMs'>): StreamTimings {
  return { headAfterMs: Math.min(5000, heartbeatMs), heartbeatMs, stalledMs: 60_000 }
}

const comment = ': still here\n\n'

/**
 * Creates a response of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). It
 * reads `events` only as fast as the client does, and stops them when the client disconnects.
 *
 * @param toErrorEvents returns the events to send for an error after the first event. The stream then ends.
 * @param beat returns the events of a heartbeat, which follow a comment. Clients may only count events as activity.
 * @throws the error that `events` throws before the first event.
 */
export async function serverSentEvents(
  c: Context<ApiEnv>,
  events: AsyncIterable<ServerEvent>,
  toErrorEvents: (error: ApiError) => ServerEvent[],
  { headAfterMs, heartbeatMs, stalledMs }: StreamTimings,
  beat: () => ServerEvent[] = () => [],
): Promise<Response> {
  const iterator = events[Symbol.asyncIterator]()
  let first: Promise<IteratorResult<ServerEvent>> | undefined = iterator.next()
  await withTimeout(first, headAfterMs)
  const encoder = new TextEncoder()
  // One timer per stream, because a race per event would cost as much as the event itself.
  let timer: NodeJS.Timeout | undefined
  let waiting = false
  let cancelled = false
  let quietMs = 0
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        timer = setInterval(() => {
          quietMs += heartbeatMs
          if (waiting && quietMs > heartbeatMs) {
            controller.enqueue(encoder.encode(comment + beat().map(formatEvent).join('')))
          }
          if (waiting || quietMs <= stalledMs) return
          const node = getNodeBindings(c)
          // Closing the connection calls `cancel`.
          if (node !== undefined) return void node.outgoing.destroy()
          clearInterval(timer)
          cancelled = true
          controller.error(new Error('The client stopped reading.'))
          void iterator.return?.()
        }, heartbeatMs)
      },
      async pull(controller) {
        const send = (event: ServerEvent) => controller.enqueue(encoder.encode(formatEvent(event)))
        const end = () => {
          clearInterval(timer)
          controller.close()
        }
        waiting = true
        quietMs = 0
        try {
          const item = await (first ?? iterator.next())
          if (cancelled) return
          if (item.done === true) end()
          else send(item.value)
        } catch (cause) {
          const error = toApiError(cause)
          if (cancelled) return
          if (error.status !== 499) {
            c.var.log.warn({ err: error.cause ?? error, code: error.code }, 'a stream failed')
            for (const event of toErrorEvents(error)) send(event)
          }
          end()
        }
        first = undefined
        waiting = false
        quietMs = 0
      },
      async cancel() {
        cancelled = true
        clearInterval(timer)
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
  return c.body(body, 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Tells nginx not to buffer the events.
    'x-accel-buffering': 'no',
  })
}

function formatEvent({ event, data }: ServerEvent): string {
  const name = event === undefined ? '' : `event: ${event}\n`
  return `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}
