/** Starts Chromium and talks to it in the Chrome DevTools Protocol (CDP), through a pipe that ends with this process. */
import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { CDPSession } from 'playwright-core'

interface Message {
  id?: number
  sessionId?: string
  result?: unknown
  error?: { message: string }
  method?: string
  params?: unknown
}

type Post = (method: string, params: object) => Promise<unknown>

/** A connection to a target of Chromium, or to the browser itself. Playwright knows the types of the protocol. */
export class Session {
  readonly #events = new EventEmitter()
  /** Sends a command. Its promise is rejected with Chromium's explanation. */
  readonly send: CDPSession['send']
  readonly on: CDPSession['on']

  constructor(post: Post) {
    this.send = ((method: string, params: object = {}) => post(method, params)) as CDPSession['send']
    this.on = this.#events.on.bind(this.#events) as unknown as CDPSession['on']
  }

  emit(event: string, params: unknown): void {
    this.#events.emit(event, params)
  }
}

/** A running Chromium. */
export class Chromium {
  /** Ends when Chromium does. */
  readonly ended: Promise<void>
  readonly browser: Session
  readonly #sessions = new Map<string, Session>()
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  readonly #pipe: Writable
  #lastId = 0

  /** Starts the program that CHROMIUM_PATH names, without a window. Its messages go to the standard error of this process. */
  constructor(flags: readonly string[]) {
    const program = process.env.CHROMIUM_PATH ?? 'chromium'
    const child = spawn(program, ['--remote-debugging-pipe', ...flags], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
    })
    this.#pipe = child.stdio[3] as Writable
    // Chromium may end while a command is on its way.
    this.#pipe.on('error', () => {})
    this.browser = new Session((method, params) => this.#post(method, params))
    readMessages(child.stdio[4] as Readable, (message) => this.#receive(message))
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', () => {
        for (const { reject } of this.#waiting.values()) reject(new Error('Chromium has ended.'))
        this.#waiting.clear()
        resolve()
      })
    })
  }

  /** Connects to a target. */
  async attach(targetId: string): Promise<Session> {
    const { sessionId } = await this.browser.send('Target.attachToTarget', { targetId, flatten: true })
    return this.session(sessionId)
  }

  /** Returns the session with this ID. */
  session(sessionId: string): Session {
    const known = this.#sessions.get(sessionId)
    if (known !== undefined) return known
    const session = new Session((method, params) => this.#post(method, params, sessionId))
    this.#sessions.set(sessionId, session)
    return session
  }

  #post(method: string, params: object, sessionId?: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      this.#waiting.set(id, { resolve, reject })
      this.#pipe.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  }

  #receive({ id, sessionId, result, error, method, params }: Message): void {
    if (id !== undefined) {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(result)
      else waiting?.reject(new Error(error.message))
    } else if (method !== undefined) {
      const session = sessionId === undefined ? this.browser : this.session(sessionId)
      session.emit(method, params)
    }
  }
}

/** Reads messages that end in a zero byte. */
function readMessages(stream: Readable, receive: (message: Message) => void): void {
  let unread = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const parts = (unread + text).split('\0')
    unread = parts.pop() ?? ''
    for (const part of parts) receive(JSON.parse(part))
  })
}
