import { once } from 'node:events'
import { z } from 'zod'
import { streamMessageChannel } from '../../src/shared/desktop-api.ts'
import { ipcMain, WebContents } from './electron.ts'

const messageSchema = z.union([
  z.strictObject({ event: z.looseObject({ type: z.string().optional(), text: z.string().optional() }) }),
  z.strictObject({ end: z.literal(true) }),
  z.strictObject({
    failure: z.object({
      message: z.string(),
      status: z.number(),
      retryAfterSeconds: z.number().optional(),
    }),
  }),
])

type Message = z.infer<typeof messageSchema>

/** How a call with a stream ended. */
interface Result {
  text: string
  failure?: { message: string; status: number }
}

/** A page that calls the main process like the preload script does. */
export class Page extends WebContents {
  #lastId = 0

  constructor(url?: string) {
    super(url)
    // A test may wait for many calls at once.
    this.setMaxListeners(0)
  }

  /** Calls a channel with one reply. @throws Error if the call is refused. */
  call(channel: string, ...values: unknown[]): Promise<unknown> {
    return ipcMain.invoke(this, channel, values)
  }

  /** Starts a call with a stream. Returns its ID. @throws Error if the call is refused. */
  async start(channel: string, argument: unknown): Promise<number> {
    this.#lastId += 1
    await ipcMain.invoke(this, channel, [this.#lastId, argument])
    return this.#lastId
  }

  /** Returns the messages that a call has sent so far. */
  messages(id: number): Message[] {
    return this.received
      .filter(({ channel, values }) => channel === streamMessageChannel && values[0] === id)
      .map(({ values }) => messageSchema.parse(values[1]))
  }

  /** Waits until a call has ended. Returns its text, and its failure if it failed. */
  async result(id: number): Promise<Result> {
    while (true) {
      const messages = this.messages(id)
      const last = messages.at(-1)
      if (last !== undefined && !('event' in last)) {
        const text = messages
          .map((message) => ('event' in message ? (message.event.text ?? '') : ''))
          .join('')
        return 'failure' in last ? { text, failure: last.failure } : { text }
      }
      await once(this, 'received')
    }
  }

  /** Waits for the first text of an answer. */
  async firstText(id: number): Promise<void> {
    while (!this.messages(id).some((message) => 'event' in message && message.event.type === 'text')) {
      await once(this, 'received')
    }
  }
}
