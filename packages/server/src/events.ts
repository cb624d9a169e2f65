import type { Context } from 'hono'
import type { ApiEnv } from './context.ts'
import { type ApiError, toApiError } from './errors.ts'
import { getNodeBindings } from './http/node-bindings.ts'
import { withTimeout } from './with-timeout.ts'

/** One event of a stream, before it is written. */
export interface ServerEvent {
  event?: string
  /** Written as JSON unless it is a string. */
  data: unknown
}

/** When a stream does something by itself. */
export interface StreamTimings {
  /** The status and the headers go out after so long without a first event: until then an error has a status of its own. */
  headAfterMs: number
  /** Balancers and clients cut connections that are silent for long: a comment is sent after at most twice so long. */
  heartbeatMs: number
  /** A client that takes nothing for so long is cut, or it would hold its place for good. */
  stalledMs: number
}

const defaultTimings: StreamTimings = { headAfterMs: 5000, heartbeatMs: 5000, stalledMs: 60_000 }
const heartbeat = ': still here\n\n'

/**
 * A response of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Nothing is taken
 * from `events` faster than the client reads; when it leaves, they are ended.
 *
 * @param asErrorEvents how a failure after the first event is told; the stream then ends.
 * @throws what `events` throws before their first one.
 */
export async function serverSentEvents(
  c: Context<ApiEnv>,
  events: AsyncIterable<ServerEvent>,
  asErrorEvents: (error: ApiError) => ServerEvent[],
  { headAfterMs, heartbeatMs, stalledMs }: StreamTimings = defaultTimings,
): Promise<Response> {
  const iterator = events[Symbol.asyncIterator]()
  let first: Promise<IteratorResult<ServerEvent>> | undefined = iterator.next()
  await withTimeout(first, headAfterMs)
  const encoder = new TextEncoder()
  // One timer for all of a stream: a race for each event would cost as much as the event.
  let timer: NodeJS.Timeout | undefined
  let waiting = false
  let left = false
  let quietMs = 0
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        timer = setInterval(() => {
          quietMs += heartbeatMs
          if (waiting && quietMs > heartbeatMs) controller.enqueue(encoder.encode(heartbeat))
          if (waiting || quietMs <= stalledMs) return
          const node = getNodeBindings(c)
          // The end of its connection reaches `cancel`.
          if (node !== undefined) return void node.outgoing.destroy()
          clearInterval(timer)
          left = true
          controller.error(new Error('The client took nothing for too long.'))
          void iterator.return?.()
        }, heartbeatMs)
      },
      async pull(controller) {
        const say = (event: ServerEvent) => controller.enqueue(encoder.encode(formatEvent(event)))
        const end = () => {
          clearInterval(timer)
          controller.close()
        }
        waiting = true
        quietMs = 0
        try {
          const item = await (first ?? iterator.next())
          if (left) return
          if (item.done === true) end()
          else say(item.value)
        } catch (cause) {
          const error = toApiError(cause)
          if (left) return
          if (error.status !== 499) {
            c.var.log.warn({ err: error.cause ?? error, code: error.code }, 'a stream failed')
            for (const event of asErrorEvents(error)) say(event)
          }
          end()
        }
        first = undefined
        waiting = false
        quietMs = 0
      },
      async cancel() {
        left = true
        clearInterval(timer)
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
  return c.body(body, 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Asks nginx to pass events on as they come.
    'x-accel-buffering': 'no',
  })
}

function formatEvent({ event, data }: ServerEvent): string {
  const name = event === undefined ? '' : `event: ${event}\n`
  return `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}
