import type { WebContents } from 'electron'

/** The calls with a stream that are running, by window. They are cancelled when their page is closed or reloaded. */
export class RunningCalls {
  readonly #calls = new Map<WebContents, Map<number, AbortController>>()

  /**
   * Adds a call. Returns a signal that is aborted when the call is cancelled.
   *
   * @throws Error if the page already uses the ID.
   */
  add(sender: WebContents, id: number): AbortSignal {
    const calls = this.#calls.get(sender) ?? this.#watch(sender)
    if (calls.has(id)) throw new Error(`The call ${id} is already running.`)
    const controller = new AbortController()
    calls.set(id, controller)
    return controller.signal
  }

  /** Cancels a call, if it is still running. */
  cancel(sender: WebContents, id: number): void {
    this.#calls.get(sender)?.get(id)?.abort()
  }

  /** Removes a call that has ended. */
  remove(sender: WebContents, id: number): void {
    this.#calls.get(sender)?.delete(id)
  }

  /** Cancels the calls of a page when it goes away. */
  #watch(sender: WebContents): Map<number, AbortController> {
    const calls = new Map<number, AbortController>()
    this.#calls.set(sender, calls)
    const cancelAll = () => {
      for (const controller of calls.values()) controller.abort()
      // A reloaded page counts from 1 again.
      calls.clear()
    }
    sender.on('did-navigate', cancelAll)
    sender.on('render-process-gone', cancelAll)
    sender.once('destroyed', () => {
      cancelAll()
      this.#calls.delete(sender)
    })
    return calls
  }
}
