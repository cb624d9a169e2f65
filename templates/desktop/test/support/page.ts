import { once } from 'node:events'
import type { Failure, Reply, StreamMessage } from '../../src/shared/desktop-api.ts'
import { streamMessageChannel } from '../../src/shared/desktop-api.ts'
import { ipcMain, WebContents } from './electron.ts'

/** A page that calls the main process like the preload script does. */
export class Page extends WebContents {
  #lastId = 0

  constructor(url?: string) {
    super(url)
    // A test may wait for many calls at once.
    this.setMaxListeners(0)
  }

  /** Calls a channel with one reply. @throws Error if the call is refused. */
  async call(channel: string, ...values: unknown[]): Promise<Reply<unknown>> {
    return (await ipcMain.invoke(this, channel, values)) as Reply<unknown>
  }

  /** Starts a call with a stream. Returns its ID. @throws Error if the call is refused. */
  async start(channel: string, argument: unknown): Promise<number> {
    this.#lastId += 1
    await ipcMain.invoke(this, channel, [this.#lastId, argument])
    return this.#lastId
  }

  /** Returns the messages that a call has sent so far. */
  messages(id: number): StreamMessage<{ type: string; text?: string }>[] {
    return this.received
      .filter(({ channel, values }) => channel === streamMessageChannel && values[0] === id)
      .map(({ values }) => values[1] as StreamMessage<{ type: string; text?: string }>)
  }

  /** Waits until a call has ended. Returns its text, and its failure if it failed. */
  async result(id: number): Promise<{ text: string; failure?: Failure }> {
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
