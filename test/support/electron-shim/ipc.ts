/** `ipcMain`, and the delivery of what a preload sends. Only JSON values arrive. */
import { EventEmitter } from 'node:events'

export interface Frame {
  url: string
  origin: string
  parent: null
  send(channel: string, ...args: readonly unknown[]): void
}

/** A webContents, to those who answer it. */
export interface Sender {
  readonly id: number
  readonly mainFrame: Frame
  send(channel: string, ...args: readonly unknown[]): void
}

export interface IpcEvent {
  sender: Sender
  senderFrame: Frame
  processId: number
  frameId: number
}

/** What `shimPost` of the preload's world sends. */
export interface Posted {
  /** Set if the preload waits for a reply. */
  id?: number
  channel: string
  args: readonly unknown[]
}

export type Reply = { id: number; value: unknown } | { id: number; error: string }

type Handler = (event: IpcEvent, ...args: readonly unknown[]) => unknown

class IpcMain extends EventEmitter {
  readonly #handlers = new Map<string, Handler>()

  handle(channel: string, handler: Handler): void {
    if (this.#handlers.has(channel))
      throw new Error(`Attempted to register a second handler for '${channel}'`)
    this.#handlers.set(channel, handler)
  }

  handleOnce(channel: string, handler: Handler): void {
    this.handle(channel, (event, ...args) => {
      this.removeHandler(channel)
      return handler(event, ...args)
    })
  }

  removeHandler(channel: string): void {
    this.#handlers.delete(channel)
  }

  /** Delivers a message. Returns the reply if the preload waits for one. */
  async deliver(event: IpcEvent, { id, channel, args }: Posted): Promise<Reply | undefined> {
    if (id === undefined) {
      this.emit(channel, event, ...args)
      return undefined
    }
    try {
      const handler = this.#handlers.get(channel)
      if (handler === undefined) throw new Error(`No handler registered for '${channel}'`)
      // structuredClone refuses what Electron refuses to send.
      return { id, value: structuredClone(await handler(event, ...args)) }
    } catch (error) {
      return { id, error: `Error invoking remote method '${channel}': ${error}` }
    }
  }
}

export const ipcMain = new IpcMain()
