import type { Context } from 'hono'
import type { ApiEnv } from './context.ts'
import { type ApiError, toApiError } from './errors.ts'

/** One event of a stream, before it is written. */
export interface ServerEvent {
  event?: string
  /** Written as JSON unless it is a string. */
  data: unknown
}

/** The status and the headers go out after so long without a first event: until then an error has a status of its own. */
const headAfterMs = 5000
/** Balancers and clients cut connections that are silent for long. */
const heartbeatMs = 10_000
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
): Promise<Response> {
  const iterator = events[Symbol.asyncIterator]()
  let next: Promise<IteratorResult<ServerEvent>> | undefined = iterator.next()
  await within(next, headAfterMs)
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const say = (text: string) => controller.enqueue(encoder.encode(text))
        try {
          next ??= iterator.next()
          const item = await within(next, heartbeatMs)
          if (item === undefined) return say(heartbeat)
          next = undefined
          if (item.done === true) return controller.close()
          say(written(item.value))
        } catch (cause) {
          const error = toApiError(cause)
          if (error.status === 499) return controller.close()
          c.var.log.warn({ err: error.cause ?? error, code: error.code }, 'a stream failed')
          for (const event of asErrorEvents(error)) say(written(event))
          controller.close()
        }
      },
      async cancel() {
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

function written({ event, data }: ServerEvent): string {
  const name = event === undefined ? '' : `event: ${event}\n`
  return `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}

/** What the promise gives if it does so in time, else undefined; the promise goes on. */
async function within<Value>(promise: Promise<Value>, milliseconds: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
